"""daebon against what a user would pick instead, with the same weights on the same machine.

Run `python -m benchmarks.peers --turns 10 60 200 --seeds 2`. The ways are: `ours`, the engine as it is shipped; `plain`, a LangGraph of one
node a role over HuggingFacePipeline, each with its persona as the prompt and the whole history; `script`, one request for the
whole script in the manner of the original; `robin`, agents with a system prompt each that speak in turn and are sent the whole chat, in the
manner of AutoGen's RoundRobinGroupChat, over llama.cpp through LangChain's interface. No peer has a director, cues, candidates or a guard.
Each is measured with the base weights and with the drama adapter. Pieces that are done are kept in `--work`, so `--only`,
`--ways` and `--weights` measure some of them, and a call without these prints all.
"""

"""Count what is wrong in the lines of whole takes, with nothing of the engine's guards.

Run `python -m benchmarks.scene_quality` to play every shipped scenario with five seeds (finished takes in `--work` that
the same code made are kept), or `--transcripts DIR…` to count in takes that exist. The counters are those of
`daebon.scores`; the engine is started as a command and its `transcript.json` is read as plain JSON.
"""

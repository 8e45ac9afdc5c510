"""The LangGraph state machine that stages a take: state, nodes, build, checkpoints; the only room that imports langgraph."""

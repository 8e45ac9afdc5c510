"""Language models behind one loader: a LangChain chat model that also proposes N candidates and scores a closed set."""

import os

os.environ.setdefault(
    "HF_HUB_DISABLE_TELEMETRY", "1"
)  # TRL reports every training to its makers; read when their hub is imported

from model.base import Completion, Proposal, Sampling, Scores, StageModel
from model.config import ModelConfig
from model.load import load_chat_model

__all__ = ["Completion", "ModelConfig", "Proposal", "Sampling", "Scores", "StageModel", "load_chat_model"]

"""Names of models on the command line."""

import pytest

from model import ModelConfig
from transcript.errors import UsageError


@pytest.mark.parametrize(
    ("name", "runtime", "path"),
    [
        ("embedded", "embedded", ""),
        ("gguf:/m/x.gguf", "gguf", "/m/x.gguf"),
        ("scripted:a:b.json", "scripted", "a:b.json"),
    ],
)
def test_known_names(name, runtime, path):
    config = ModelConfig.parse(name)
    assert (config.runtime, config.path, str(config)) == (runtime, path, name)
    assert config.threads >= 1


@pytest.mark.parametrize("name", ["", "gpt", "gguf:", "scripted:", "embedded:x:y", "EMBEDDED"])
def test_an_unknown_name_is_refused_with_the_known_ones(name):
    with pytest.raises(UsageError, match="use one of embedded"):
        ModelConfig.parse(name)

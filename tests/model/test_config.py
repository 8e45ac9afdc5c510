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


@pytest.mark.parametrize(
    ("name", "runtime", "path", "voices"),
    [
        ("hf:run,지은=run2", "hf", "run", {"지은": "run2"}),
        ("hf:쌍,둥이,지은=a/b@c1,닥터 김=run3", "hf", "쌍,둥이", {"지은": "a/b@c1", "닥터 김": "run3"}),
        ("server:http://h:8000/v1#drama,지은=jieun", "server", "http://h:8000/v1#drama", {"지은": "jieun"}),
        ("hf:이,름", "hf", "이,름", {}),
    ],
)
def test_a_role_may_have_an_adapter_of_its_own(name, runtime, path, voices):
    config = ModelConfig.parse(name)
    assert (config.runtime, config.path, dict(config.voices), str(config)) == (runtime, path, voices, name)
    assert ModelConfig.parse(str(config)) == config


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("hf:run,지은=", "'지은=' is no adapter of one role"),
        ("hf:run,지은=a,지은=b", "each role once"),
        ("embedded,지은=a.gguf", "only hf:, ldcc and server:"),
        ("gguf:x.gguf,지은=run", "only hf:, ldcc and server:"),
    ],
)
def test_adapters_of_roles_that_cannot_be_are_refused(name, words):
    with pytest.raises(UsageError, match=words):
        ModelConfig.parse(name)


@pytest.mark.parametrize("name", ["", "gpt", "gguf:", "scripted:", "embedded:x:y", "EMBEDDED"])
def test_an_unknown_name_is_refused_with_the_known_ones(name):
    with pytest.raises(UsageError, match="use one of embedded"):
        ModelConfig.parse(name)

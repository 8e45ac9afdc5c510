"""`daebon model list | plan | check | bench`: which models there are, what memory they take, whether and how fast they run."""

from __future__ import annotations

import re

import typer

from daebon.model_bench import bench, loaded_model
from daebon.model_plan import plan
from daebon.options import ModelName
from daebon.terminal import stdout, working
from transcript.errors import ModelError

app = typer.Typer(
    help="Look at models: which there are, what memory they take, whether they run and how fast.",
    no_args_is_help=True,
)

_NAMES = (  # name, what it is, the extra that it needs
    ("embedded", "Gemma 3 270M with the drama adapter, on any CPU; the default", ""),
    ("embedded:base", "the same without the adapter", ""),
    ("embedded:ADAPTER.gguf", "the same with an adapter that `daebon train adapter` wrote", ""),
    ("gguf:PATH", "a GGUF file, by llama.cpp", ""),
    ("ldcc", "LDCC-Instruct-Llama-2-ko-13B-v1.4 in four bits (cc-by-nc-4.0)", "hf"),
    ("hf:PATH_OR_ID", "a model of transformers in four bits, a PEFT adapter, or a run of `daebon train`", "hf"),
    ("server:URL#MODEL", "an OpenAI-compatible server: vLLM, llama.cpp's, `transformers serve`", "server"),
    ("scripted:FILE", "canned lines, for tests", ""),
)
_VOICES = "hf:, ldcc and server: give a role an adapter of its own: hf:run,지은=run2 (see docs/models.md)"
_SAID = (" 오늘은 바다가 참 잔잔하네, 그렇지?", " 네, 어젯밤엔 파도가 꽤 높았는데요.")
_ROWS = f"민수:{_SAID[0]}\n지은:{_SAID[1]}\n" * 3 + "민수:"
_HANGUL = re.compile("[가-힣]")


@app.command("list")
def list_models() -> None:
    """List the names that --model takes, what each needs, and whether that is installed.

    daebon model list
    """
    from rich.table import Table
    from rich.text import Text

    from daebon.doctor import absent, remedy

    table = Table(box=None)
    for heading in ("name", "model", "needs", "installed"):
        table.add_column(heading)
    for name, what, extra in _NAMES:
        gone = absent(extra)
        row = (name, what, f"daebon[{extra}]" if extra else "daebon", f"no: {remedy(extra, gone)}" if gone else "yes")
        table.add_row(*map(Text, row))
    stdout(200).print(table)
    print(_VOICES)


app.command()(plan)


@app.command()
def check(model: ModelName = "embedded") -> None:
    """Load a model, let it read and write Korean, and say in one line how that went.

    It draws a short line and has to tell, of two lines, the one that a script
    repeats. Exits with 0, or with 1 and what is wrong.

      daebon model check
      daebon model check hf:run && daebon play 바다 --model hf:run
    """
    from model import ModelConfig
    from model.base import Sampling

    with loaded_model(model) as (loaded, seconds), working("drawing a line"):
        cold = Sampling(temperature=0, max_tokens=32)
        loaded.propose(_ROWS, 1, seed=0, sampling=cold, stop=["\n"])
        drawn = loaded.propose(_ROWS, 1, seed=0, sampling=cold, stop=["\n"])
        line = drawn.completions[0].text.strip()
        sure = loaded.score(_ROWS, _SAID).probabilities[0]
        weights = f"{loaded.sha256[:12] or 'no sha'}, adapter {loaded.adapter_sha256[:12] or 'none'}"
        for role, adapter in ModelConfig.parse(model).voices:
            weights += f", {role}'s {loaded.voice(role).adapter_sha256[:12] or adapter}"
    if not _HANGUL.search(line) or "\ufffd" in line:
        raise ModelError(f"{model}: wrote {line!r} in a Korean script; take a model that was made for Korean")
    if sure <= 0.5:
        raise ModelError(
            f"{model}: gave a line that the script repeats {sure:.0%} only, against another; its weights or its tokenizer "
            "are not what they should be"
        )
    print(
        f"{model}: {weights}, loaded in {seconds:.1f} s, {_rate(drawn.decoded, drawn.seconds)}, Korean read and written: ok"
    )


app.command()(bench)


def _rate(tokens: int, seconds: float) -> str:
    return f"{tokens / seconds:.0f} tok/s" if seconds else "no speed told"

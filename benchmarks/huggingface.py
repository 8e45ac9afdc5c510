"""A turn over the prefix cache against the same turn through HuggingFacePipeline: `python -m benchmarks.huggingface --turns 40 120`.

The scene is 바다 with lines of the corpus, spoken in turn; each turn reads [world, history, one person's tail]. Both sides have
the same weights in four bits and decode greedily, as many tokens as the corpus's median line has, so both say the same.
The cache plays every turn; the pipeline, which keeps nothing, only the last ones before each mark. Seconds are the processor's, of all
threads, so that what else runs on the core is not counted: pin it to one core (`taskset -c 1`), and they are those of the clock when
nothing else runs.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.machine import header
from model.base import Sampling, StageModel
from model.huggingface import HuggingFaceModel
from model.weights import embedded_weights

LINE = 20  # tokens of the median spoken line of the corpus, with its newline, in the embedded vocabulary
COLD = Sampling(max_tokens=LINE, temperature=0)
_TOKENS = 32  # of a candidate, where one is compared with several
LAST = 4  # turns before a mark that are timed


def prompts(turns: int) -> Iterator[str]:
    """Yield the prompt of each turn of 바다; the history grows by a line of the corpus, whatever a model says."""
    from agents.prompts import heading, tail, world
    from scenarios import load_scenario
    from training.corpus import read_corpus
    from training.gather import CORPUS
    from transcript.turn import Cue

    scenario = load_scenario(Path("scenarios/shipped/바다.yaml"))
    lines = [line.text for scene in read_corpus(CORPUS) for line in scene.lines if line.speaker]
    heard = f"{world(scenario)}\n{heading(scenario.scenes[0], 1)}\n\n"
    for turn in range(turns):
        persona, other = (scenario.personas[(turn + after) % len(scenario.personas)] for after in (0, 1))
        cue = Cue(persona.name, (other.name,), "속마음을 숨긴다", {"슬픔": 1.0}, "해체")
        yield heard + tail(persona, cue, None, persona.voice.examples[:2])
        heard += f"{persona.name}: {lines[turn]}\n"


def endless(model: HuggingFaceModel) -> None:
    """Let no token end a candidate, so that each has all its tokens."""
    with model.active() as shared:
        shared.tokenizer.eos_token = shared.tokenizer.pad_token = shared.tokenizer.bos_token
        shared.model.generation_config.eos_token_id = None


def through_the_cache(model: HuggingFaceModel, turns: int) -> list[tuple[float, int, str]]:
    """Play all turns; return the processor's seconds, tokens prefilled and what was said for each."""
    played = []
    for prompt in prompts(turns):
        started = time.process_time()
        said = model.propose(prompt, 1, seed=0, sampling=COLD)
        played.append((time.process_time() - started, said.prefilled, said.completions[0].text.strip()))
    return played


def through_the_pipeline(model: HuggingFaceModel, turns: list[int]) -> dict[int, tuple[float, str]]:
    """Return the processor's seconds and what was said at each of `turns` (from 0), the whole history read anew."""
    from langchain_huggingface import HuggingFacePipeline
    from transformers import pipeline

    wanted, said = set(turns), {}
    options = {"max_new_tokens": LINE, "do_sample": False, "return_full_text": False}
    with model.active() as shared:
        made = pipeline("text-generation", model=shared.model, tokenizer=shared.tokenizer)
        chain = HuggingFacePipeline(pipeline=made)
        for turn, prompt in enumerate(prompts(max(turns) + 1)):
            if turn in wanted:
                started = time.process_time()
                text = chain.invoke(prompt, pipeline_kwargs=options)
                said[turn] = (time.process_time() - started, text.strip())
    return said


def fan(model: StageModel, prompt: str, candidates: int, draws: int) -> dict[int, float]:
    """Return the median seconds of the processor of one and of `candidates` candidates of 32 tokens over the same, cached prompt.

    Draws in which a candidate ended by itself are left out.
    """
    seconds: dict[int, list[float]] = {1: [], candidates: []}
    for seed in range(draws + 1):
        for n, found in seconds.items():
            started = time.process_time()
            said = model.propose(prompt, n, seed=seed, sampling=Sampling(max_tokens=_TOKENS))
            if seed and said.decoded == n * _TOKENS:
                found.append(time.process_time() - started)
    return {n: statistics.median(found) for n, found in seconds.items()}


def main() -> None:
    """Play the scene both ways and print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.huggingface", description=__doc__)
    parser.add_argument("--model", help="a folder, hub id or run (default: the embedded weights as safetensors)")
    parser.add_argument("--turns", type=int, nargs="+", default=[40, 120])
    parser.add_argument("--candidates", type=int, default=4)
    parser.add_argument("--draws", type=int, default=7)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        name = arguments.model
        if name is None:
            from training.base import converted

            name = str(converted(embedded_weights(), Path(temporary)))
        model = HuggingFaceModel.load(name)
        endless(model)
        warm = next(prompts(1))
        model.propose(warm, 1, seed=0, sampling=COLD)  # bitsandbytes packs its weights for a CPU at the first call
        marks = sorted(arguments.turns)
        played = through_the_cache(model, marks[-1])
        timed = [turn for mark in marks for turn in range(max(0, mark - LAST), mark)]
        plain = through_the_pipeline(model, timed)
        last = list(prompts(marks[0]))[-1]
        fanned = fan(model, last, arguments.candidates, arguments.draws)
    command = (
        f"python -m benchmarks.huggingface --model {arguments.model or 'embedded'} --turns {' '.join(map(str, marks))}"
    )
    same = sum(played[turn][2] == text for turn, (_, text) in plain.items())
    sys.stdout.write(f"{header(command)}, seconds of the processor\n\n")
    sys.stdout.write("| turn | prefix cache | HuggingFacePipeline | ratio | tokens prefilled |\n")
    sys.stdout.write("| --- | --- | --- | --- | --- |\n")
    for mark in marks:
        turns = range(max(0, mark - LAST), mark)
        ours, theirs = (statistics.mean(one[turn][0] for turn in turns) for one in (played, plain))
        read = statistics.mean(played[turn][1] for turn in turns)
        sys.stdout.write(f"| {mark} | {ours:.2f} s | {theirs:.2f} s | {theirs / ours:.1f} | {read:.0f} |\n")
    most = max(read for _, read, _ in played[1:])
    sys.stdout.write(
        f"\nMean of the last {LAST} turns before each. The same line was said in {same} of {len(plain)} turns. No turn but the "
        f"first prefilled more than {most} tokens.\n{arguments.candidates} candidates of 32 tokens: "
        f"{fanned[arguments.candidates]:.2f} s against {fanned[1]:.2f} s for one, "
        f"{fanned[arguments.candidates] / fanned[1]:.2f} times.\n"
    )


if __name__ == "__main__":
    main()

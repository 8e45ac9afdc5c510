"""Play one take of a batch: a lane with its model, attempts with growing pauses, and the files and scores at the end."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from daebon.batch.plan import CACHED, SHARED
from daebon.runner import opened, write_take
from daebon.scoring import scored
from transcript.errors import DaebonError, FileError, Interrupted, StoreLost, UsageError
from transcript.html import take_pieces
from transcript.record import Transcript, write_atomically
from transcript.store import Run, RunStore

if TYPE_CHECKING:
    from emotion.measure import EmotionModel
    from model.base import StageModel

ATTEMPTS = 3
PAUSE = 0.5  # seconds before the second attempt; twice as long before each further one
_SERVED = 8  # takes side by side on a server, which batches them itself

Check = Callable[[], None]
"""Called at every token and turn; raises Interrupted to stop."""


_drawing = threading.Lock()  # matplotlib's settings and font cache are of the whole process


class Unplayable(DaebonError):
    """A take cannot be played here, and another try would not mend that."""


class Busy(DaebonError):
    """Another caller of the store plays this take now: it is done when that one is, or free when that one dies."""


@dataclass(frozen=True)
class Outcome:
    """What became of one take: its scores and turns, or in one line why it failed."""

    key: str
    run: str = ""
    scores: Mapping[str, float] = field(default_factory=dict)
    turns: int = 0
    seconds: float = 0.0
    error: str = ""


class Lane:
    """Plays one take after another on a model of its own, which is loaded once; `cores` are what the model may use."""

    def __init__(self, cores: int) -> None:
        """Load nothing yet."""
        self._cores = cores
        self._name, self._used = "", False
        self._model: StageModel | None = None
        self._emotion: EmotionModel | None = None
        self._refused: dict[str, DaebonError] = {}

    @contextmanager
    def lend(self, name: str, *, fresh: bool = False) -> Iterator[StageModel]:
        """Yield the model `name`; the one before is closed. A model that cannot be loaded is not tried again.

        With `fresh` nothing is cached of earlier takes. llama.cpp's sums depend in their last bits on how a prompt is cut
        into batches, so a take that begins on a cached prefix is another one than `play` makes with the same seed.
        """
        from model import ModelConfig, load_chat_model

        config = replace(ModelConfig.parse(name), threads=self._cores)
        if config.runtime == "scripted":  # it remembers what it said, so every take has its own
            yield load_chat_model(config)
            return
        if name in self._refused:
            raise self._refused[name]
        if name != self._name or (fresh and self._used):
            self.close()
            try:
                self._model, self._name = load_chat_model(config), name
            except DaebonError as error:
                self._refused[name] = Unplayable(str(error))
                raise self._refused[name] from error
        assert self._model is not None
        self._used = True
        yield self._model

    def play(self, store: RunStore, run: Run, check: Check) -> Transcript:
        """Play a run that this process holds to its end, from its last committed turn where it has some.

        Its files and scores are not made yet.
        """
        if self._emotion is None:
            from emotion.measure import ClassifierEmotion

            self._emotion = ClassifierEmotion()
        with (
            self.lend(run.take["model"], fresh=fresh(run.take)) as model,
            opened(store, run, run.take["turns"], model, self._emotion) as take,
        ):
            take.company.on_token = lambda _piece: check()
            take.resume(run.take["seed"], [], person=False)
            for _turn in take.play():
                check()
            return take.transcript()  # type: ignore[no-any-return]

    def close(self) -> None:
        """Free the model."""
        if self._model is not None:
            self._model.close()
        self._model, self._name, self._used = None, "", False


def fresh(take: Mapping[str, Any]) -> bool:
    """Say whether a take must begin on an empty cache, so that it is the one that `play` makes."""
    return take["model"].partition(":")[0] in CACHED and take.get("prefix") != SHARED


def attempted(work: Callable[[], Any], check: Check, attempts: int = ATTEMPTS) -> Any:
    """Return what `work` returns; when it fails, try again after a pause, `attempts` in all, and raise the last error.

    What another try cannot mend is raised at once: wrong use, a wrong file, a model that cannot be loaded, a connection that
    comes back only when others let go of theirs.
    """
    for attempt in range(1, attempts + 1):
        try:
            return work()
        except (Interrupted, UsageError, FileError, Unplayable, Busy, StoreLost):
            raise
        except Exception:
            if attempt == attempts:
                raise
            until = time.monotonic() + PAUSE * 2 ** (attempt - 1)
            while time.monotonic() < until:
                check()
                time.sleep(0.05)
    raise AssertionError("unreachable")


def finish(store: RunStore, run: Run, transcript: Transcript) -> Mapping[str, float]:
    """Score a take, write its files, and only then note in the store that it is done; return the scores."""
    told = replace(transcript, scores={**transcript.scores, **scored(transcript)})
    with _drawing:
        write_take(told, run.folder)
    write_atomically(run.folder / "report.html", take_pieces(told))
    now = store.run(run.id)
    store.update(run.id, now.status, {**now.take, "scores": dict(told.scores)})
    return told.scores


def kept(store: RunStore, run: Run) -> Transcript | None:
    """Return the transcript of a take that another caller has finished, None where there is something left to play."""
    from graph.take import transcript_of

    if "scores" not in run.take:
        return None
    take = {key: value for key, value in run.take.items() if key != "scores"}
    return transcript_of(run.title, run.scenario, take, store.turns(store.here(run.id)))


def said(error: Exception) -> str:
    """Return an error in one line."""
    text = " ".join(str(error).split())
    return text if isinstance(error, DaebonError) else f"{type(error).__name__}: {text}"


def lanes_for(model: str, takes: int) -> tuple[int, int]:
    """Return how many lanes play takes of a model side by side in one process, and the cores of each.

    `python -m benchmarks.batch` measures why: on CPUs one lane per core beats slots of one context, and threads of one lane.
    """
    runtime = model.partition(":")[0]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    most = {"embedded": cores, "server": _SERVED}.get(runtime, 1)
    lanes = max(1, min(most, takes))
    return lanes, max(1, min(8, cores // lanes))

"""Play takes with the engine as a command, and keep those that the same code made."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
ROOMS = ("transcript", "scenarios", "emotion", "model", "agents", "graph", "daebon")
SEEDS = (2, 3, 4, 5, 6)  # not 1 and 101: on these the weights of the ranking were chosen


def code_version(root: Path = ROOT) -> str:
    """Return a hash of every file in the rooms that make a take, so that an edit makes another version."""
    digest = hashlib.sha256()
    for room in ROOMS:
        for path in sorted((root / room).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(f"{path.relative_to(root).as_posix()}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def play(name: str, seed: int, folder: Path, command: Sequence[str], options: Sequence[str] = ()) -> Path:
    """Play one take unless `folder` holds it, with more `options` of `play`; return its transcript.

    Raises RuntimeError with the command's last words.
    The take is made in a folder beside and renamed when it is complete, so an interrupted one is never reused.
    """
    kept = folder / f"{name}-{seed}"
    if not kept.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".playing-") as fresh:
            out = Path(fresh) / "take"
            call = [*command, "play", name, "--auto", "--seed", str(seed), "--out", str(out), "--quiet", *options]
            done = subprocess.run(call, cwd=ROOT, capture_output=True, check=False, encoding="utf-8", errors="replace")
            found = list(out.rglob("transcript.json"))
            if done.returncode or len(found) != 1:
                words = (done.stderr.strip() or done.stdout.strip() or "nothing said").splitlines()[-1]
                raise RuntimeError(f"exit code {done.returncode}, {len(found)} transcripts: {words}")
            out.rename(kept)
    return next(kept.rglob("transcript.json"))


def play_all(work: Path, command: Sequence[str] = (sys.executable, "-m", "daebon")) -> tuple[list[Path], list[str]]:
    """Play every shipped scenario with every seed, one take at a time; return the transcripts and what failed."""
    version = code_version()
    folder = work.resolve() / version
    paths, failed = [], []
    for name in sorted(path.stem for path in (ROOT / "scenarios" / "shipped").glob("*.yaml")):
        for seed in SEEDS:
            sys.stderr.write(f"{name} {seed}\n")
            try:
                paths.append(play(name, seed, folder, command))
            except RuntimeError as error:
                failed.append(f"{name} {seed}: {error}")
    if code_version() != version:
        failed.append(f"the code changed while it played; remove {folder} and play again")
    return paths, failed

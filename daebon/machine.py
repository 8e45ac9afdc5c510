"""What this machine is, and the most memory that this process had on it: for the figures of `daebon model bench`."""

from __future__ import annotations

import os
import platform
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any


def machine() -> str:
    """Return the processor, its cores, the GPUs where torch is loaded and finds some, and the version of Python."""
    info = Path("/proc/cpuinfo")
    rows = info.read_text().splitlines() if info.is_file() else []
    names = [row.split(":", 1)[1].strip() for row in rows if row.startswith("model name")]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    cards = [str(torch.cuda.get_device_name(n)) for n in range(torch.cuda.device_count())] if (torch := _cuda()) else []
    processor = names[0] if names else platform.processor() or platform.machine()
    return ", ".join(
        [
            processor,
            f"{cores} core{'s' * (cores != 1)}",
            *(cards or ["no GPU used"]),
            f"Python {platform.python_version()}",
        ]
    )


def peak() -> int:
    """Return the most bytes of RAM that this process had, 0 where the system does not tell.

    VmHWM is of this program alone; ru_maxrss would be its parent's too.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        rows = status.read_text().splitlines()
        return next((int(row.split()[1]) << 10 for row in rows if row.startswith("VmHWM")), 0)
    if find_spec("resource") is None:
        return 0
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most << 10


def gpu_peak() -> int:
    """Return the most bytes that torch held on all GPUs."""
    torch = _cuda()
    return sum(int(torch.cuda.max_memory_allocated(n)) for n in range(torch.cuda.device_count())) if torch else 0


def _cuda() -> Any:
    """Return torch where it is loaded and finds a GPU."""
    torch = sys.modules.get("torch")
    return torch if torch and torch.cuda.is_available() else None

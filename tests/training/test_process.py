"""What a run does to its process: memory that tensors free is kept, and nobody is told that somebody trains."""

import subprocess
import sys

import pytest

pytest.importorskip("torch")

FAULTS = """
import resource, sys, torch
from training.runs import keep_memory
if sys.argv[1] == "kept":
    keep_memory()
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(3):
    torch.ones(1 << 24)
before = faults()
for _ in range(20):
    torch.ones(1 << 24)
print(faults() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="mallopt is glibc's")
def test_a_tensor_takes_the_pages_of_one_that_was_freed():
    def faults(way):
        done = subprocess.run([sys.executable, "-c", FAULTS, way], check=True, capture_output=True, text=True)
        return int(done.stdout)

    kept, given_back = faults("kept"), faults("given back")
    assert 4 * kept < given_back  # 20 tensors of 64 MiB: 327,680 pages of 4 KiB, or 640 where pages are of 2 MiB


def test_no_library_reports_that_somebody_trains():
    asked = "import training.sft, trl, huggingface_hub.constants as told; print(told.HF_HUB_DISABLE_TELEMETRY)"
    done = subprocess.run([sys.executable, "-c", asked], check=True, capture_output=True, text=True)
    assert done.stdout.split()[-1] == "True"

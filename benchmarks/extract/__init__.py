"""Who is found in scripts, and how they speak to each other: `python -m benchmarks.extract`."""

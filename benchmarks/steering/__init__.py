"""Measure what the director changes: every shipped scenario with five seeds, steered and not, in one run.

Run `python -m benchmarks.steering --data DIR` (the folder of the shared data, on whose rows the second judge is trained). Finished
takes in `--work` that the same code made are kept. `--tradeoff` reads takes of other seeds, on which the weights were chosen.
"""

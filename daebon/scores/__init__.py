"""Count what is wrong in the lines of a take, with nothing of the engine's guards.

Nothing of `agents`, `graph` or `model` is imported and a transcript is read as plain JSON, so a guard that is blind to a
fault cannot hide it here. `daebon.scoring` and `benchmarks.scene_quality` make figures of the counts.
"""

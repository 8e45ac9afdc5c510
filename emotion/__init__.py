"""Emotion labels, the rated lexicon, the measure of a line, and arcs over turns."""

"""Turns, transcripts, the run store, and one module per export format; imports nothing else of ours."""

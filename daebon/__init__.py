"""The command line, the terminal console and the runner of takes; the only room that prints."""

__version__ = "0.1.0"

"""The studio: a person plays with the company in the terminal, line by line; every command is in `commands.py`."""

"""`python -m daebon` is `daebon`."""

from daebon.cli import main

if __name__ == "__main__":
    main()

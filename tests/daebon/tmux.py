"""A real terminal for tests: daebon in a pane of a tmux server of its own, typed into and looked at."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
_ASKS = re.compile(r"(?:(?:beat|비트) \d.*|:|\S › .*|left with \d+)\Z")  # toolbar, question, line to edit, the end
_PATIENCE = 180.0  # seconds until a screen that does not come is a failure


class Pane:
    """One pane of `columns` by `rows`, in which `daebon ARGUMENTS` runs; `close` ends it."""

    def __init__(self, folder, columns, rows, *arguments, language="en_US.UTF-8"):
        self._server = ["tmux", "-L", f"daebon-test-{folder.name}-{columns}", "-f", "/dev/null", "-u"]
        environment = {
            "PYTHONPATH": str(ROOT),
            "XDG_STATE_HOME": str(folder / "state"),
            "PYTHONUTF8": "1",
            "LANG": language,
            "LC_ALL": "",
            "LC_MESSAGES": "",
        }
        settings = " ".join(f"{key}={shlex.quote(value)}" for key, value in environment.items())
        command = " ".join(map(shlex.quote, [sys.executable, "-m", "daebon", *map(str, arguments)]))
        self._run(
            "new-session", "-d", "-x", str(columns), "-y", str(rows), "-c", str(folder),
            f"env -u COLUMNS -u LINES {settings} {command}; echo left with $?; exec sleep 600",
        )  # fmt: skip

    def type(self, text, enter=True):
        """Type text, wait until it stands on the screen, and press Enter."""
        before = self.screen()
        if text:
            self._run("send-keys", "-l", "--", text)
            self.until(lambda screen: screen != before)
        if enter:
            before = self.still(re.compile(""))
            self.press("Enter")
            self.until(lambda screen: screen != before)
            self.still()

    def press(self, *keys):
        """Press keys by tmux's names."""
        self._run("send-keys", *keys)

    def screen(self):
        """Return what the pane shows, without spaces at the ends of its rows."""
        shown = self._run("capture-pane", "-p").stdout
        return "\n".join(row.rstrip() for row in shown.splitlines()).rstrip("\n") + "\n"

    def wait(self, pattern):
        """Wait until `pattern` is found on the screen; return the screen."""
        return self.until(lambda screen: re.search(pattern, screen) is not None)

    def until(self, found):
        """Wait until `found(screen)`; return the screen."""
        end = time.monotonic() + _PATIENCE
        while not found(screen := self.screen()):
            assert time.monotonic() < end, screen
            time.sleep(0.03)
        return screen

    def still(self, asks=_ASKS):
        """Wait until the screen ends with `asks` and doesn't change any more; return it."""
        last, since = self.screen(), time.monotonic()
        end = since + _PATIENCE
        while time.monotonic() - since < 0.1:
            time.sleep(0.02)
            screen = self.screen()
            if screen != last or not asks.search(screen.rstrip()):
                last, since = screen, time.monotonic()
            assert time.monotonic() < end, screen
        return last

    def pid(self):
        """Return the process id of daebon in the pane."""
        shell = self._run("display-message", "-p", "#{pane_pid}").stdout.strip()
        return int(subprocess.run(["pgrep", "-P", shell], capture_output=True, text=True, check=True).stdout.split()[0])

    def close(self):
        """End the server, as a closed window does: what runs in it gets SIGHUP, and is waited for."""
        shell = subprocess.run([*self._server, "display-message", "-p", "#{pane_pid}"], capture_output=True, text=True)
        if not shell.stdout.strip():  # closed already
            return
        children = subprocess.run(["pgrep", "-P", shell.stdout.strip()], capture_output=True, text=True)
        subprocess.run([*self._server, "kill-server"], capture_output=True)
        for process in children.stdout.split():
            end = time.monotonic() + _PATIENCE
            while Path(f"/proc/{process}").exists():
                assert time.monotonic() < end, f"process {process} outlives its terminal"
                time.sleep(0.05)

    def _run(self, *command):
        return subprocess.run([*self._server, *command], capture_output=True, text=True, check=True, encoding="utf-8")


def missing():
    """Say why a test with a terminal cannot run here, "" where it can."""
    return "" if shutil.which("tmux") else "tmux is not installed"

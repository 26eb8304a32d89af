"""Progress for people: one moving line per stage on a terminal, plain lines in a log."""

import sys
import threading
import time


class Progress:
    """Prints what stages do. `stream` is a terminal or a file; times are seconds since the start."""

    def __init__(self, stream=None):
        self.stream = stream or sys.stderr
        self.live = self.stream.isatty()
        self.started = time.monotonic()
        self._lock = threading.Lock()
        self._active: dict[str, str] = {}
        self._drawn = 0

    def say(self, text: str) -> None:
        """One plain line, above the moving ones."""
        with self._lock:
            self._erase()
            print(text, file=self.stream, flush=True)
            self._draw()

    def update(self, stage: str, done: int, total: int, started: float) -> None:
        """The moving line of a stage: cells done, seconds so far. A log gets none of these."""
        with self._lock:
            self._active[stage] = f"  {stage:<22} cell {done:>2}/{total:<2} {time.monotonic() - started:5.1f} s"
            if self.live:
                self._erase()
                self._draw()

    def retried(self, stage: str, why: str) -> None:
        """A stage begins anew."""
        self.say(f"  {stage:<22} once more: {why}")

    def done(self, stage: str, text: str) -> None:
        """The last line of a stage."""
        with self._lock:
            self._active.pop(stage, None)
        self.say(f"  {stage:<22} {text}")

    def _erase(self) -> None:
        if self.live and self._drawn:
            self.stream.write(f"\x1b[{self._drawn}F\x1b[J")
        self._drawn = 0

    def _draw(self) -> None:
        if self.live:
            for line in self._active.values():
                print(line, file=self.stream)
            self._drawn = len(self._active)
            self.stream.flush()

"""Measures what a user at a terminal sees: time from a key to the final picture, and bytes sent for it.

The program runs on a pseudo terminal. Output is stamped while it is read and parsed (by pyte)
only after it has settled, so parsing blurs no clock. The picture is final with the last chunk after which
the parsed screen differs.
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import statistics
import struct
import termios
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyte


class Screen(pyte.Screen):
    """pyte's screen, deaf to the private sequences that it would misread."""

    def select_graphic_rendition(self, *attrs: int, private: bool = False) -> None:
        """Set attributes; `CSI > ... m` is a keyboard setting."""
        if not private:
            super().select_graphic_rendition(*attrs)

    def report_device_status(self, mode: int, **kwargs: Any) -> None:
        """Say nothing: `CSI ? n` asks for other things."""


@dataclass(frozen=True, slots=True)
class Key:
    """What one key did."""

    milliseconds: float | None
    """To the final picture; None when the picture stayed."""
    size: int
    """Bytes sent."""


class Terminal:
    """A program on a pseudo terminal.

    Args:
        arguments: Program and arguments.
        settle: Seconds of silence after which output counts as finished.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        columns: int = 100,
        rows: int = 30,
        settle: float = 0.06,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.settle = settle
        self.screen = Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self._env = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "LINES", "COLUMNS", "TMUX")}
        self._env |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8", **(environment or {})}
        self.started = time.perf_counter()
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            os.execvpe(arguments[0], list(arguments), self._env)
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def picture(self) -> tuple[tuple[Any, ...], ...]:
        """Return all cells with their attributes."""
        buffer = self.screen.buffer
        return tuple(tuple(buffer[y][x] for x in range(self.screen.columns)) for y in range(self.screen.lines))

    def read(self, *, settle: float | None = None, timeout: float = 10.0) -> list[tuple[float, bytes]]:
        """Return stamped chunks until there is silence."""
        chunks: list[tuple[float, bytes]] = []
        silence = self.settle if settle is None else settle
        end = time.perf_counter() + timeout
        while time.perf_counter() < end:
            if not select.select([self._fd], [], [], silence)[0]:
                break
            try:
                data = os.read(self._fd, 1 << 16)
            except OSError:
                break
            if not data:
                break
            chunks.append((time.perf_counter(), data))
        return chunks

    def parse(self, chunks: Sequence[tuple[float, bytes]]) -> float | None:
        """Feed chunks to the screen and return when the picture changed last."""
        last = None
        before = self.picture()
        for stamp, data in chunks:
            self._stream.feed(data)
            after = self.picture()
            if after != before:
                last, before = stamp, after
        return last

    def start(self, ready: str, *, timeout: float = 30.0) -> float:
        """Wait until a text is on screen and the picture is stable; return milliseconds since the start."""
        last = self.started
        while time.perf_counter() - self.started < timeout:
            last = self.parse(self.read(settle=0.2, timeout=timeout)) or last
            if any(ready in line for line in self.screen.display):
                return (last - self.started) * 1000
        raise TimeoutError(f"{ready!r} did not appear:\n" + "\n".join(self.screen.display))

    def write(self, data: bytes) -> None:
        """Press keys, and wait for nothing."""
        os.write(self._fd, data)

    def key(self, data: bytes, *, timeout: float = 10.0) -> Key:
        """Press a key."""
        pressed = time.perf_counter()
        self.write(data)
        chunks = self.read(timeout=timeout) or self.read(settle=3.0, timeout=timeout)
        changed = self.parse(chunks)
        milliseconds = None if changed is None else (changed - pressed) * 1000
        return Key(milliseconds, sum(len(data) for _, data in chunks))

    def close(self) -> None:
        """End the program, with force if it does not listen."""
        for signal_number in (signal.SIGTERM, signal.SIGKILL):
            os.kill(self.pid, signal_number)
            end = time.perf_counter() + 1
            while time.perf_counter() < end:
                self.read(settle=0.02, timeout=0.1)
                if os.waitpid(self.pid, os.WNOHANG)[0]:
                    os.close(self._fd)
                    return


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which that share of the values lies, between neighbours in proportion."""
    ordered = sorted(values)
    place = (len(ordered) - 1) * share
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def summary(keys: Sequence[Key]) -> dict[str, Any]:
    """Return medians and tails of a series of keys."""
    times = [key.milliseconds for key in keys if key.milliseconds is not None]
    sizes = [float(key.size) for key in keys]
    found: dict[str, Any] = {"keys": len(keys), "unchanged": len(keys) - len(times)}
    if times:
        found["ms"] = {"p50": round(statistics.median(times), 2), "p95": round(percentile(times, 0.95), 2)}
        found["ms"]["max"] = round(max(times), 2)
    found["bytes"] = {"p50": statistics.median(sizes), "p95": round(percentile(sizes, 0.95), 1), "max": max(sizes)}
    return found

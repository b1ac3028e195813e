"""A user's script in a process of its own, seen from ours: commands with a time limit, and errors in plain words."""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from tui_annotate.errors import LearnError
from tui_annotate.learn.engines import custom_child
from tui_annotate.learn.engines.base import Progress, no_progress

_FORWARDED = 1 << 20
"""Bytes of what a script prints that go to the log; then only the end is kept."""
_KEPT = 32 << 10
_SLICE = 0.1
"""Seconds after which the process itself is looked at: it may have ended with its line held open by a fork."""
_LINE_LIMIT = 1 << 20


@dataclass
class Output:
    """What a script printed: the beginning and the end of it."""

    head: bytearray = field(default_factory=bytearray)
    tail: bytearray = field(default_factory=bytearray)
    total: int = 0

    def add(self, data: bytes) -> None:
        """Take in what was printed; all but beginning and end is dropped."""
        room = max(0, _KEPT - len(self.head))
        self.head += data[:room]
        self.tail += data[room:]
        if len(self.tail) > 2 * _KEPT:
            del self.tail[:-_KEPT]
        self.total += len(data)

    @property
    def text(self) -> str:
        """Beginning and end, with how much is missing between."""
        kept = bytes(self.tail[-_KEPT:])
        missing = self.total - len(self.head) - len(kept)
        between = f"\n... {missing:,} bytes left out ...\n" if missing else ""
        return bytes(self.head).decode("utf-8", "replace") + between + kept.decode("utf-8", "replace")


class ScriptProcess:
    """A running script; ended, with all that it started, when it is closed or forgotten."""

    def __init__(self, script: Path, files: Path, *, memory: float, held: Path | None = None) -> None:
        """Start the process; the script itself is run by the first command.

        Args:
            script: The Python file.
            files: Folder that the script keeps its model in.
            memory: Gigabytes that it may have.
            held: A folder of ours that is to go when we are killed.
        """
        self.output = Output()
        life, self._life = os.pipe()
        commands, self._commands = os.pipe()
        self._answers, answers = os.pipe()
        self._work = Path(mkdtemp(prefix="tui-annotate-script-"))
        options = {
            "held": [str(folder) for folder in (self._work, held) if folder is not None],
            "script": str(script),
            "files": str(files),
            "memory": int(memory * (1 << 30)),
            "life": life,
            "commands": commands,
            "answers": answers,
        }
        self._process = subprocess.Popen(
            [sys.executable, "-P", custom_child.__file__, json.dumps(options)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=(life, commands, answers),
            start_new_session=True,
            cwd=self._work,
        )
        for end in (life, commands, answers):
            os.close(end)
        self._held = b""
        self._pump = threading.Thread(target=_pump, args=(self._process.stdout, self.output), daemon=True)
        self._pump.start()
        self.close = weakref.finalize(
            self, _end, self._process, self._life, (self._commands, self._answers), self._work, self._pump
        )

    @property
    def alive(self) -> bool:
        """Say whether it still runs."""
        return bool(self.close.alive) and self._process.poll() is None

    def train(
        self,
        examples: Sequence[Mapping[str, Any]],
        parameters: Mapping[str, Any],
        *,
        seconds: float,
        progress: Progress,
    ) -> None:
        """Have the script train; raises LearnError."""
        request = self._write("train.json", {"examples": examples, "parameters": parameters})
        self._do({"do": "train", "request": request}, "training", seconds, progress)

    def load(self, *, seconds: float) -> None:
        """Have the script load its model; raises LearnError."""
        self._do({"do": "load"}, "loading its model", seconds, no_progress)

    def predict(self, arguments: Sequence[Any], *, seconds: float) -> list[Any]:
        """Return what the script's model answers, as it answered; raises LearnError."""
        request = self._write("predict.json", {"arguments": arguments})
        response = self._work / "answer.json"
        self._do({"do": "predict", "request": request, "response": str(response)}, "predicting", seconds, no_progress)
        try:
            found = json.loads(response.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise LearnError(f"The script's answer cannot be read: {error}.") from error
        return found if isinstance(found, list) else []

    def _write(self, name: str, request: object) -> str:
        path = self._work / name
        path.write_text(json.dumps(request), "utf-8")
        return str(path)

    def _do(self, command: Mapping[str, Any], doing: str, seconds: float, progress: Progress) -> None:
        """Send a command and wait for its end; a script that does not come to one is ended."""
        deadline = time.monotonic() + seconds
        try:
            os.write(self._commands, json.dumps(command).encode() + b"\n")
            while True:
                answer = self._answer(deadline)
                if "share" in answer:
                    progress(
                        min(max(float(answer["share"]), 0.0), 1.0), str(answer.get("message") or "the script works")
                    )
                elif "failed" in answer:
                    raise _failure(answer, doing)
                else:
                    return
        except TimeoutError as error:
            self.close()
            raise LearnError(
                f"The script was still {doing} after {_said(seconds)} and was ended.",
                hint="Raise time_limit (minutes), or look for a loop that does not end.",
            ) from error
        except (_Ended, OSError, ValueError) as error:
            raise self._ended(doing) from error

    def _answer(self, deadline: float) -> dict[str, Any]:
        """Return the next line; raises TimeoutError, or _Ended when there will be none."""
        while b"\n" not in self._held:
            ended = self._process.poll() is not None
            if select.select([self._answers], [], [], 0 if ended else _SLICE)[0]:
                data = os.read(self._answers, 1 << 16)
                if not data or len(self._held) > _LINE_LIMIT:
                    raise _Ended
                self._held += data
            elif ended:
                raise _Ended
            elif time.monotonic() > deadline:
                raise TimeoutError
        line, _, self._held = self._held.partition(b"\n")
        found = json.loads(line)
        if not isinstance(found, dict):
            raise _Ended
        return found

    def _ended(self, doing: str) -> LearnError:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1)
        code = self._process.poll()
        self.close()
        lines = self.output.text.strip().splitlines()
        last = f" It said last: {lines[-1][:200]}" if lines else ""
        if code is not None and code > 128:
            how = f"was ended by {_signal(code - 128)} while {doing}"
        elif code is None:
            how = f"wrote into or closed the pipe that its answers come by while {doing}, and was ended"
        else:
            how = f"ended the process by itself while {doing} (exit code {code})"
        memory = code == 128 + signal.SIGKILL
        hint = "It may have asked for too much memory." if memory else "A script is to return or to raise, not to exit."
        return LearnError(f"The script {how}.{last}", hint=hint)


class _Ended(Exception):
    """The process has ended or closed its line."""


def _failure(answer: Mapping[str, Any], doing: str) -> LearnError:
    if answer.get("memory"):
        return LearnError(
            f"The script ran out of memory while {doing}.",
            hint="Raise memory_limit (GB), or have it take less at once.",
        )
    error = LearnError(
        f"The script failed while {doing}: {answer['failed']}", hint="The log of the run has the whole traceback."
    )
    error.add_note(str(answer.get("trace", "")))
    return error


def _pump(stream: Any, output: Output) -> None:
    """Pass on to the log what is printed, until nobody can print any more."""
    with contextlib.suppress(OSError, ValueError):
        while data := os.read(stream.fileno(), 1 << 16):
            if output.total < _FORWARDED:
                sys.stderr.write(data.decode("utf-8", "replace"))
            output.add(data)


def _end(process: subprocess.Popen[bytes], life: int, ends: Sequence[int], work: Path, pump: threading.Thread) -> None:
    """End the process: the watcher in it sees its line of life break, and ends all that the script started."""
    with contextlib.suppress(OSError):
        os.write(life, b".")
    for end in (life, *ends):
        with contextlib.suppress(OSError):
            os.close(end)
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    pump.join(1)
    if process.stdout is not None:
        process.stdout.close()
    shutil.rmtree(work, ignore_errors=True)


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _said(seconds: float) -> str:
    return f"{seconds:g} seconds" if seconds < 120 else f"{seconds / 60:g} minutes"

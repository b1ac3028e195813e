"""The process that runs a user's script, and a watcher beside it. Started as a file, it imports nothing of ours.

The watcher never runs the script's code: it waits for the script's end, and for the end of the program that started
it, and then ends everything that the script may have left behind. So a script that hangs, crashes, forks or eats
memory takes nobody with it.

Commands come as lines of JSON that name files; what the script prints goes to the log, not among the answers.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import sys
import traceback
from contextlib import suppress
from importlib.util import module_from_spec, spec_from_file_location
from typing import Any, NoReturn

_TRACE = 8_000
"""Characters of a traceback that are passed on: its end, where the error stands."""


def main() -> NoReturn:
    """Fork: the child runs the script, in a group of processes of its own, and the parent watches."""
    options = json.loads(sys.argv[1])
    script = os.fork()
    if script == 0:
        os.setpgid(0, 0)
        os.close(options["life"])
        serve(options)
    with suppress(OSError):
        os.setpgid(script, script)
    os.close(options["commands"])
    os.close(options["answers"])
    watch(script, options["life"], options["held"])


def watch(script: int, life: int, held: list[str]) -> NoReturn:
    """Wait until the script has ended, or who wanted it; then end whatever is left of its group.

    Who wanted it says a word when it is done with the script. Without one it was killed, and cannot clear away the
    folders that it held.
    """
    handle = os.pidfd_open(script) if hasattr(os, "pidfd_open") else -1
    waited = [life, handle] if handle >= 0 else [life]
    while True:
        ready, _, _ = select.select(waited, [], [], None if handle >= 0 else 0.2)
        over = os.waitid(os.P_PID, script, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
        if over or life in ready:
            # Not waited for yet, so its number is still its own.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(script, signal.SIGKILL)
            code = os.waitstatus_to_exitcode(os.waitpid(script, 0)[1])
            if life in ready and not os.read(life, 1):
                for folder in held:
                    shutil.rmtree(folder, ignore_errors=True)
            os._exit(code if code >= 0 else 128 - code)


def serve(options: dict[str, Any]) -> NoReturn:
    """Carry out commands until there are no more."""
    own = os.getpid()
    limit(options["memory"])
    answers = os.fdopen(options["answers"], "wb", buffering=0)
    script = Script(options["script"], options["files"], answers)
    with os.fdopen(options["commands"], "rb") as commands:
        for line in commands:
            answer = script.answer(json.loads(line))
            if os.getpid() != own:
                os._exit(0)  # a fork of the script's own came back here
            answers.write(json.dumps(answer).encode() + b"\n")
    os._exit(0)


def limit(memory: int) -> None:
    """Let the process have no more memory than so many bytes, where the system can see to that."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ImportError, ValueError, OSError):
        print("The memory limit cannot be set on this system.", file=sys.stderr)  # noqa: T201 - the log


class Script:
    """The user's module, and the model that it loaded."""

    def __init__(self, path: str, folder: str, answers: Any) -> None:
        self.path = path
        self.folder = folder
        self._answers = answers
        self._module: Any = None
        self._model: Any = None

    def answer(self, command: dict[str, Any]) -> dict[str, Any]:
        """Carry out one command; whatever the script raises is an answer too."""
        try:
            if self._module is None:
                self._module = self._import()
            getattr(self, f"_{command['do']}")(command)
        except BaseException as error:  # noqa: BLE001 - the rim to the user's code, which may even call sys.exit
            traceback.print_exc()
            sys.stderr.flush()
            told = "".join(traceback.format_exception(error))[-_TRACE:]
            return {"failed": said(error, self.path), "memory": isinstance(error, MemoryError), "trace": told}
        return {"done": command["do"]}

    def _import(self) -> Any:
        spec = spec_from_file_location("script", self.path)
        assert spec is not None
        assert spec.loader is not None
        module = module_from_spec(spec)
        sys.modules["script"] = module
        spec.loader.exec_module(module)
        return module

    def _train(self, command: dict[str, Any]) -> None:
        with open(command["request"], encoding="utf-8") as file:
            request = json.load(file)
        self._module.train(request["examples"], request["parameters"], self.folder, self._progress)

    def _load(self, command: dict[str, Any]) -> None:
        self._model = self._module.load(self.folder)

    def _predict(self, command: dict[str, Any]) -> None:
        with open(command["request"], encoding="utf-8") as file:
            request = json.load(file)
        found = self._model.predict(*request["arguments"])
        with open(command["response"], "w", encoding="utf-8") as file:
            json.dump(plain(list(found)), file)

    def _progress(self, share: float, message: str = "") -> None:
        """Given to the script, to say how far it is: a share from 0 to 1, and what it does."""
        told = {"share": float(share), "message": str(message)[:500]}
        self._answers.write(json.dumps(told).encode() + b"\n")


def plain(value: Any) -> Any:
    """Return what a script gave as JSON can say it: numbers and arrays of numpy become Python's."""
    if isinstance(value, dict):
        return {str(key).lower() if isinstance(key, bool) else str(key): plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [plain(one) for one in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    return float(value)


def said(error: BaseException, script: str) -> str:
    """Return an error in a line, with the line of the script that it comes from."""
    if isinstance(error, SystemExit):
        return f"it ended itself with sys.exit({error.code!r})"
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == script]
    where = f" (line {frames[-1].lineno})" if frames else ""
    return " ".join(f"{type(error).__name__}: {error}".split())[:500] + where


if __name__ == "__main__":
    main()

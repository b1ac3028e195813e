"""The rim of the command line: whatever happens inside becomes one clear line and an exit code, never a traceback."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from tui_annotate.cli.commands import COMMANDS
from tui_annotate.errors import EXIT_FAILURE, EXIT_INTERRUPTED, EXIT_OK, AnnotateError, QueryError


def run(arguments: Sequence[str]) -> int:
    """Run the program with these arguments and return its exit code."""
    return guarded(lambda: _dispatch(list(arguments)), doing=" ".join(arguments))


def guarded(work: Callable[[], int], *, doing: str = "") -> int:
    """Run something and turn what it raises into a message on stderr and an exit code."""
    try:
        code = work()
        if sys.stdout is not None:
            sys.stdout.flush()
    except QueryError as error:
        from tui_annotate.domain.query_pointing import pointed

        query, caret = pointed(error)
        _say(f"query, column {error.column}: {error.message}\n  {query}\n  {caret}", error.hint)
        return error.exit_code
    except AnnotateError as error:
        _say(error.message, error.hint)
        return error.exit_code
    except KeyboardInterrupt:
        _say("interrupted.")
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader of a pipe left; keep the interpreter from complaining when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAILURE
    except (MemoryError, OSError) as error:
        _say(_system_message(error))
        _log(error, doing)
        return EXIT_FAILURE
    except Exception as error:  # noqa: BLE001  the rim of the program
        log = _log(error, doing)
        where = f" The details are in {log}." if log else ""
        _say(f"unexpected {type(error).__name__}: {_one_line(error)}.{where}", "Your corpus is as it was last saved.")
        return EXIT_FAILURE
    return code


def _dispatch(arguments: list[str]) -> int:
    # Opening a corpus is what people wait for: it skips the command line library (30 to 60 ms).
    named = arguments[1:] if arguments[:1] == ["open"] else arguments
    is_plain = len(named) == 1 and not named[0].startswith("-")
    if not named or (is_plain and (named is not arguments or _is_corpus(named[0]))):
        from tui_annotate.cli.starting import open_app

        return open_app(Path(named[0]) if named else None)
    from tui_annotate.cli.root import invoke

    return invoke(arguments)


def _is_corpus(argument: str) -> bool:
    return argument not in COMMANDS and (Path(argument).suffix != "" or os.sep in argument or Path(argument).exists())


def _say(message: str, hint: str = "") -> None:
    from tui_annotate.cli.output import say

    try:
        say(f"tui-annotate: {message}" + (f"\n{hint}" if hint else ""))
    except OSError:
        return  # stderr is gone as well: nobody is left to be told


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300] or "no message"


def _system_message(error: BaseException) -> str:
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror or error}."
    if isinstance(error, MemoryError):
        return "out of memory. Close other programs, or work on a smaller part."
    return f"{getattr(error, 'strerror', None) or _one_line(error)}."


def _log(error: BaseException, doing: str) -> Path | None:
    """Append the traceback to the log; returns where, or None when nothing can be written."""
    from tui_annotate import __version__, config

    path = config.state_folder() / "errors.log"
    stamp = datetime.now(UTC).isoformat(timespec="seconds")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as log:
            log.write(f"== {stamp} tui-annotate {__version__} {doing}\n")
            log.writelines(traceback.format_exception(error))
    except OSError:
        return None
    return path


def log_fault(error: BaseException, doing: str) -> Path | None:
    """Append a traceback to the log, for who goes on all the same; returns where, None when nothing can be written."""
    return _log(error, doing)


__all__ = ["EXIT_OK", "guarded", "log_fault", "run"]

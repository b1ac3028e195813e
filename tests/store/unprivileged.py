"""Running a check as a user who owns nothing: root may write anywhere, so permissions cannot be tested as root."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

NOBODY = 65534


def as_nobody(check: Callable[[], str], folder: Path) -> str:
    """Return what `check` returns in a child process without privileges; its failure fails the test."""
    if os.getuid() == 0:
        for parent in folder.parents:
            if parent.owner() == "root" and not parent.stat().st_mode & 0o001:
                parent.chmod(parent.stat().st_mode | 0o011)
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        answer = "!the check did not end"
        try:
            if os.getuid() == 0:
                os.setgid(NOBODY)
                os.setuid(NOBODY)
            answer = check()
        except BaseException as error:  # noqa: BLE001 (the rim of a process)
            answer = f"!{type(error).__name__}: {error}"
        finally:
            os.write(write, answer.encode())
            os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    assert not answer.startswith("!"), answer
    return answer

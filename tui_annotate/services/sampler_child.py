"""Runs a user's sampler. Started as a file, it imports nothing of ours.

Documents come as lines of JSON on standard input; the ids that the script chose leave on standard output, a line of
JSON each. What the script prints goes to standard error.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from typing import Any


def main() -> int:
    """Call `sample(documents)` of the script that is named, and write down what it returns."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:
        os.dup2(2, 1)
        try:
            for chosen in load(sys.argv[1]).sample(documents()):
                answers.write(json.dumps(chosen["id"] if isinstance(chosen, dict) else str(chosen)) + "\n")
        except BaseException as error:  # noqa: BLE001 - the rim to the user's code
            traceback.print_exc()
            frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == sys.argv[1]]
            where = f" (line {frames[-1].lineno})" if frames else ""
            answers.write(json.dumps({"failed": f"{type(error).__name__}: {error}{where}"[:500]}) + "\n")
            return 1
    return 0


def documents() -> Iterator[dict[str, Any]]:
    """Yield what nobody labelled yet."""
    for line in sys.stdin.buffer:
        yield json.loads(line)


def load(path: str) -> Any:
    """Import the script."""
    spec = spec_from_file_location("sampler", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules["sampler"] = module
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    sys.exit(main())

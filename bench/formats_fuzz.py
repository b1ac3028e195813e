"""Damaged input to every reader, to the readers of schemes and to the parser of searches; JSON on standard output.

    python -m bench.formats_fuzz [--inputs 100000] [--only NAME...]

Each target runs in a process of its own, so that its memory is its own and a crash or an endless loop is seen: the
process notes which input it is at, and is started again behind the one that killed it. What is wrong: anything that
is raised, a document that points outside its text, more than a second, more than 512 MB.
"""

from __future__ import annotations

import argparse
import json
import resource
import struct
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any

from bench.mutations import Mutator

SECONDS = 1.0
MEGABYTES = 512
_ENDLESS = 30.0
"""Seconds without going on, after which a process is killed."""
_MOST_DEATHS = 20
_MOST_SHOWN = 10
_MEMORY = 4 << 30
"""Bytes of address space, so that a reader that takes all does not take the machine."""


def fuzz(name: str, first: int, last: int, progress: Path) -> dict[str, Any]:
    """Run one target over its inputs, in this process."""
    from bench.fuzz_targets import target

    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    one = target(name)
    mutator = Mutator(name, is_packed=one.is_packed)
    one.run(dict(one.seeds[0]))
    before = _peak()
    failures: list[dict[str, Any]] = []
    failed, slowest, slowest_at = 0, 0.0, -1
    with progress.open("r+b", buffering=0) as note:
        for number in range(first, last):
            note.seek(0)
            note.write(struct.pack("<q", number))
            files = mutator.mutated(one.seeds, number)
            began = time.perf_counter()
            try:
                one.run(files)
            except (Exception, RecursionError, MemoryError) as error:  # noqa: BLE001 - whatever it is, it is a finding
                failed += 1
                if len(failures) < _MOST_SHOWN:
                    failures.append({"input": number, "what": repr(error)[:200], "where": _where(error)})
            took = time.perf_counter() - began
            if took > slowest:
                slowest, slowest_at = took, number
    return {
        "inputs": last - first,
        "failed": failed,
        "failures": failures,
        "slowest_seconds": round(slowest, 3),
        "slowest_input": slowest_at,
        "peak_mb": round(_peak()),
        "peak_mb_before": round(before),
    }


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _where(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames[-5:]))


def watch(name: str, inputs: int) -> dict[str, Any]:
    """Run one target in processes, as many as it takes."""
    began = time.perf_counter()
    found: dict[str, Any] = {"target": name, "inputs": 0, "failed": 0, "failures": [], "deaths": []}
    first = 0
    with tempfile.TemporaryDirectory() as folder:
        progress = Path(folder, "progress")
        while first < inputs and len(found["deaths"]) < _MOST_DEATHS:
            progress.write_bytes(struct.pack("<q", first))
            call = [sys.executable, "-m", "bench.formats_fuzz", "--child", name, str(first), str(inputs), str(progress)]
            out = Path(folder, "out")
            with out.open("wb") as stream:
                process = subprocess.Popen(call, stdout=stream, stderr=subprocess.PIPE)
                ended = _wait(process, progress)
            at = int(struct.unpack("<q", progress.read_bytes())[0])
            if process.returncode == 0:
                _join(found, json.loads(out.read_bytes()))
                break
            errors = process.stderr.read().decode("utf-8", "replace")[-300:] if process.stderr else ""
            found["deaths"].append({"input": at, "how": ended or f"exit {process.returncode}", "said": errors})
            found["inputs"] += at - first
            first = at + 1
    found["wrong"] = (
        found["failed"]
        + len(found["deaths"])
        + (found.get("slowest_seconds", 0) > SECONDS)
        + (found.get("peak_mb", 0) > MEGABYTES)
    )
    found["seconds"] = round(time.perf_counter() - began, 1)
    return found


def _wait(process: subprocess.Popen[bytes], progress: Path) -> str:
    """Wait for a process; kill one that does not go on and say so."""
    seen, since = b"", time.perf_counter()
    while process.poll() is None:
        try:
            process.wait(1.0)
        except subprocess.TimeoutExpired:
            now = progress.read_bytes()
            if now != seen:
                seen, since = now, time.perf_counter()
            elif time.perf_counter() - since > _ENDLESS:
                process.kill()
                process.wait()
                return f"did not go on for {_ENDLESS:.0f} s"
    return ""


def _join(found: dict[str, Any], more: dict[str, Any]) -> None:
    found["inputs"] += more.pop("inputs")
    found["failed"] += more.pop("failed")
    found["failures"] += more.pop("failures")
    found |= more


def main() -> int:
    """Run all targets, or those that were named."""
    if sys.argv[1:2] == ["--child"]:
        name, first, last, progress = sys.argv[2:6]
        print(json.dumps(fuzz(name, int(first), int(last), Path(progress))))
        return 0
    from bench.fuzz_targets import names

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--only", nargs="*", choices=names(), default=names())
    given = parser.parse_args()
    found = []
    for name in given.only:
        found.append(watch(name, given.inputs))
        print(json.dumps(found[-1]), file=sys.stderr, flush=True)
    print(json.dumps({"formats_fuzz": found}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())

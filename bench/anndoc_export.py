"""The anndoc export, read back and compared: documents a second and peak memory at growing sizes; JSON.

    python -m bench.anndoc_export [--documents 10000 100000 1000000] [--where FOLDER]

Short documents (100 characters, every other one with two entities), imported once for each size. Each export runs in a
process of its own; memory is flat when the peak does not follow the size.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.formats_speed import make


def step(name: str, source: Path, folder: Path) -> dict[str, object]:
    """Run a step of `formats_speed` in a child and return what it measured."""
    call = [sys.executable, "-m", "bench.formats_speed", "--step", name, "--files", str(source), str(folder)]
    answer: dict[str, object] = json.loads(subprocess.run(call, check=True, capture_output=True).stdout)
    return answer


def main() -> None:
    """Measure all sizes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, nargs="*", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--where", type=Path, help="a folder with room, by default the system's temporary one")
    given = parser.parse_args()
    found = []
    for count in given.documents:
        with tempfile.TemporaryDirectory(dir=given.where) as name:
            folder = Path(name)
            make(folder / "in.jsonl", count, 100)
            step("import jsonl", folder / "in.jsonl", folder)
            found.append(step("export anndoc zip", folder / "in.jsonl", folder))
            print(f"{count}: {found[-1]}", file=sys.stderr)
    peaks = [float(str(one["peak_mb"])) for one in found]
    grown = (peaks[-1] - peaks[0]) * 1024 / max(given.documents[-1] - given.documents[0], 1)
    print(json.dumps({"anndoc_export": found, "kb_a_document": round(grown, 3)}, indent=1))


if __name__ == "__main__":
    main()

"""What holds for all tests: one thread for linear algebra, temporary files in memory, the same examples each time."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from hypothesis import settings

from tests.properties import PROFILE
from tui_annotate.learn.launching import THREADS

_MEMORY = Path("/dev/shm")
_ROOM = 2 << 30

# Before anything imports numpy: on matrices as small as these, more threads only wait for one another.
os.environ.update(dict.fromkeys(THREADS, "1"))

# A corpus waits for the disk at each decision; a file system in memory does not let it wait.
if "TMPDIR" not in os.environ and os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _ROOM:
    os.environ["TMPDIR"] = str(_MEMORY)
    tempfile.tempdir = None

settings.register_profile("default", deadline=None, derandomize=True)
settings.register_profile("thorough", deadline=None, max_examples=1000)
settings.load_profile(PROFILE)

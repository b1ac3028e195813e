"""Making files and folders durable: what was fsynced and renamed survives a power cut; what was left half is swept."""

from __future__ import annotations

import os
import shutil
import time
from contextlib import suppress
from pathlib import Path

LEFT_BEHIND = 3600.0
"""Seconds after which something half-written is what a killed process left."""


def sync_file(path: Path) -> None:
    """Force a file's content to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(path: Path) -> None:
    """Force a folder's names to the disk; systems that cannot open folders do it by themselves."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except PermissionError:
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_tree(path: Path) -> None:
    """Force a folder and everything below it to the disk."""
    for folder, _, names in os.walk(path, topdown=False):
        for name in names:
            sync_file(Path(folder) / name)
        sync_folder(Path(folder))


def sweep(folder: Path, pattern: str) -> None:
    """Remove half-written files and folders of these names that nobody is at any more."""
    for left in folder.glob(pattern):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > LEFT_BEHIND:
                shutil.rmtree(left) if left.is_dir() else left.unlink()

"""Reads CRFsuite's model file without CRFsuite: every offset is checked, so a damaged file is refused and cannot crash.

Format: `lCRF` header of 48 bytes, a chunk of features (type, source, target,
weight), then two CQDB tables that name labels and attributes. Little endian.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tui_annotate.errors import LearnError
from tui_annotate.learn.engines.base import Floats
from tui_annotate.learn.engines.files import HINT

_HEADER = struct.Struct("<4sI4s9I")
_CHUNK = struct.Struct("<4sII")
_TABLE = struct.Struct("<4s5I")
_RECORD = np.dtype([("type", "<u4"), ("source", "<u4"), ("target", "<u4"), ("weight", "<f8")])
_BYTE_ORDER = 0x62445371
_STATE, _TRANSITION = 0, 1


@dataclass(frozen=True, slots=True)
class Weights:
    """What a first-order linear chain has learned."""

    labels: tuple[str, ...]
    attributes: dict[str, int]
    """Row of each attribute in `states`."""
    states: Floats
    """Attributes x labels."""
    transitions: Floats
    """From label x to label."""


def read(path: Path) -> Weights:
    """Read a model file; raises LearnError."""
    try:
        return parse(path.read_bytes())
    except OSError as error:
        raise LearnError(f"{path}: the file cannot be read: {error.strerror}.", hint=HINT) from error
    except (struct.error, ValueError, IndexError, UnicodeDecodeError) as error:
        raise LearnError(f"{path}: this is no CRFsuite model, or it is damaged: {error}.", hint=HINT) from error


def parse(data: bytes) -> Weights:
    """Read the bytes of a model file.

    Raises:
        ValueError, struct.error, IndexError, UnicodeDecodeError: They are none.
    """
    magic, size, kind, version, _, labels, attributes, features_at, labels_at, attributes_at, _, _ = (
        _HEADER.unpack_from(data)
    )
    if magic != b"lCRF" or kind != b"FOMC" or version != 100:
        raise ValueError("it does not begin like one")
    if size > len(data):
        raise ValueError(f"it is cut off, {len(data):,} bytes of {size:,}")
    label_names = _names(data, labels_at, labels)
    attribute_names = _names(data, attributes_at, attributes)
    records = _features(data, features_at)
    states = np.zeros((len(attribute_names), len(label_names)))
    transitions = np.zeros((len(label_names), len(label_names)))
    for kind_of, matrix in ((_STATE, states), (_TRANSITION, transitions)):
        chosen = records[records["type"] == kind_of]
        rows, columns = chosen["source"], chosen["target"]
        if len(chosen) and (rows.max() >= matrix.shape[0] or columns.max() >= matrix.shape[1]):
            raise ValueError("a weight of something that it does not name")
        matrix[rows, columns] = chosen["weight"]
    if not (np.isfinite(states).all() and np.isfinite(transitions).all()):
        raise ValueError("weights that are no numbers")
    return Weights(tuple(label_names), {name: row for row, name in enumerate(attribute_names)}, states, transitions)


def _features(data: bytes, at: int) -> np.ndarray:
    tag, _, count = _CHUNK.unpack_from(data, at)
    start = at + _CHUNK.size
    if tag != b"FEAT" or start + count * _RECORD.itemsize > len(data):
        raise ValueError("its features are missing or cut off")
    return np.frombuffer(data, dtype=_RECORD, count=count, offset=start)


def _names(data: bytes, at: int, count: int) -> list[str]:
    tag, size, _, order, backward, backward_at = _TABLE.unpack_from(data, at)
    if tag != b"CQDB" or order != _BYTE_ORDER or at + size > len(data) or backward < count:
        raise ValueError("its names are missing or cut off")
    offsets = np.frombuffer(data, dtype="<u4", count=count, offset=at + backward_at)
    names = []
    for offset in offsets.tolist():
        _, length = struct.unpack_from("<II", data, at + offset)
        start = at + offset + 8
        if not 1 <= length <= len(data) - start:
            raise ValueError("a name that is cut off")
        names.append(data[start : start + length - 1].decode("utf-8", "surrogatepass"))
    return names

"""The hashes by which Prodigy knows inputs and questions, computed as it does.

`_input_hash` is MurmurHash3 (32 bits, seed 0, signed) of `text=` and the text as a JSON string, `_task_hash` of the
input hash in decimals and then `key=value` of what makes the question, or, where nothing does, the whole task.
JSON there is ASCII, without blanks, keys sorted. Found by comparing with hashes in data sets that people have
published; a question of two keys at once (a label and options) was in none, and its hash is ours alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_QUESTION = ("spans", "label", "options", "arcs")
_MASK = 0xFFFFFFFF


def input_hash(text: str) -> int:
    """Return the hash of a text: the same for all questions about it."""
    return _signed(murmur(f"text={json.dumps(text)}".encode()))


def task_hash(input_hash: int, text: str, question: Mapping[str, Any]) -> int:
    """Return the hash of a question about a text, e.g. `{"label": "SPAM"}`; empty for "mark what is there"."""
    asked = "".join(f"{key}={_json(question[key])}" for key in _QUESTION if key in question)
    return _signed(murmur(f"{input_hash}{asked or _json({'_input_hash': input_hash, 'text': text})}".encode()))


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _signed(value: int) -> int:
    return value - (1 << 32) if value >> 31 else value


def murmur(data: bytes) -> int:
    """Return MurmurHash3_x86_32 with seed 0 (Austin Appleby, public domain)."""
    value = 0
    whole = len(data) & ~3
    for at in range(0, whole, 4):
        value ^= _mixed(int.from_bytes(data[at : at + 4], "little"))
        value = ((value << 13 | value >> 19) * 5 + 0xE6546B64) & _MASK
    if whole < len(data):
        value ^= _mixed(int.from_bytes(data[whole:], "little"))
    value ^= len(data)
    value = (value ^ value >> 16) * 0x85EBCA6B & _MASK
    value = (value ^ value >> 13) * 0xC2B2AE35 & _MASK
    return value ^ value >> 16


def _mixed(block: int) -> int:
    block = block * 0xCC9E2D51 & _MASK
    return (block << 15 | block >> 17) * 0x1B873593 & _MASK

"""Sets of documents as whole numbers, a bit each: a million documents are joined or taken apart in microseconds."""

from __future__ import annotations

import array
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import compress, islice, repeat

BLOCK = 4096
"""Documents of one block of the index."""
_BYTES = BLOCK // 8
_SPARSE = 40
"""Members of a block that are written one by one; more take longer to read."""
_SPREAD = 16
"""Numbers to a member from which looking for the next is quicker than looking at all."""
_DIGIT = ord("1")
_FLAGS = bytes.maketrans(b"01", b"\x00\x01")


def of(members: Iterable[int], size: int) -> int:
    """Return the set of some numbers below `size`."""
    digits = bytearray(b"0") * max(size, 1)
    deque(map(digits.__setitem__, members, repeat(_DIGIT)), maxlen=0)  # a third of the time of a loop
    return int(digits[::-1], 2)


def flags(bits: int) -> bytes:
    """Return a byte for each number up to the largest member: 1 where it is one."""
    return bin(bits)[:1:-1].encode().translate(_FLAGS)


def members(bits: int, start: int = 0, stop: int | None = None) -> Iterator[int]:
    """Yield the members in order, from the `start`-th to before the `stop`-th."""
    held = flags(bits)
    if bits.bit_count() * _SPREAD < len(held):
        return islice(_far_apart(held), start, stop)
    return islice(compress(range(len(held)), held), start, stop)


def _far_apart(held: bytes) -> Iterator[int]:
    at = held.find(1)
    while at >= 0:
        yield at
        at = held.find(1, at + 1)


def pack(bits: int) -> bytes:
    """Return the members of a block for a row: a bit each, or two bytes for each where they are few."""
    if bits.bit_count() > _SPARSE:
        return bits.to_bytes(_BYTES, "little")
    found = array.array("H", members(bits))
    if sys.byteorder == "big":
        found.byteswap()
    return found.tobytes()


def unpack(body: bytes) -> int:
    """Return what `pack` packed."""
    if len(body) == _BYTES:
        return int.from_bytes(body, "little")
    bits = 0
    for at in range(0, len(body), 2):
        bits |= 1 << (body[at] | body[at + 1] << 8)
    return bits


def assemble(blocks: Iterable[tuple[int, bytes]], count: int) -> int:
    """Return the set that rows of blocks hold together, `count` blocks at most; blocks may come several times."""
    whole = bytearray(count * _BYTES)
    seen: set[int] = set()
    for block, body in blocks:
        if len(body) == _BYTES:
            begin = block * _BYTES
            if block in seen:
                old = int.from_bytes(whole[begin : begin + _BYTES], "little")
                body = (old | int.from_bytes(body, "little")).to_bytes(_BYTES, "little")
            whole[begin : begin + _BYTES] = body
            seen.add(block)
            continue
        seen.add(block)
        for at in range(0, len(body), 2):
            member = body[at] | body[at + 1] << 8
            whole[block * _BYTES + (member >> 3)] |= 1 << (member & 7)
    return int.from_bytes(whole, "little")

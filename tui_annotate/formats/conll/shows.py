"""Whether a file is columns of tokens and tags, told by its first lines alone: such files are called anything.

`eng.testa` and `train.txt` are the usual names. Doubt is for plain text: a line that does not end with a tag
is enough.
"""

from __future__ import annotations

import re

from tui_annotate.formats.conll.rows import DOCSTART

_TAG = re.compile(r"O|[BIESLUM]-\S+")
_FEWEST = 4
"""Rows that show it where no document is marked."""


def shows(head: bytes, whole: bool) -> bool:
    """Say whether the first bytes of a file are rows of a token, maybe more, and a tag."""
    lines = head.decode("utf-8", "replace").removeprefix("\ufeff").split("\n")
    rows = [line.split() for line in (lines if whole else lines[:-1]) if line.strip() and not line.startswith("# ")]
    tagged = [row for row in rows if row[0] != DOCSTART]
    is_marked = len(tagged) < len(rows)
    if len({len(row) for row in tagged}) != 1 or len(tagged) < (1 if is_marked else _FEWEST):
        return False
    tags = [row[-1] for row in tagged if len(row) > 1]
    is_tagged = len(tags) == len(tagged) and all(map(_TAG.fullmatch, tags))
    return is_tagged and (is_marked or any(tag != "O" for tag in tags))

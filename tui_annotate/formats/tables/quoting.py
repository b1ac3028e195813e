"""Whether quotes around the cells of a tab-separated file are marks or text: told by what stands in them.

Most such files know no quotes, and a text may begin with one. Spreadsheets and Python's csv put quotes around a cell
only where it holds a quote, a tab or a line end (Excel also: a comma), others around all. A quote that is
closed anywhere but at the end of its cell is text, and then all are.
"""

from __future__ import annotations

import io
import re

_QUOTED = re.compile(r'"([^"]*(?:""[^"]*)*)"(?=[\t\r\n]|\Z)')
_BARE = re.compile(r"[^\t\r\n]*")
_NUMBER = re.compile(r"[-+]?[0-9]*(?:[.,][0-9]+)?(?:[eE][-+]?[0-9]+)?")
_ENOUGH = 2
"""Quoted cells from which a table in which all texts are quoted shows that they are."""


def tabs_are_quoted(sample: str, *, whole: bool) -> bool:
    """Say whether quotes are marks in the beginning of a tab-separated file; `whole` says that it is all of it."""
    found = _cells(sample, whole=whole)
    if found is None:
        return False
    quoted, bare = found
    if any('""' in cell and "\n" not in cell for cell in quoted):
        return True
    if any(mark in cell for cell in quoted for mark in "\t\r\n"):
        # Cells cut in two show in the number of columns, unless two texts just begin and end with a quote.
        return not _is_even(sample, whole=whole)
    return len(quoted) >= _ENOUGH and all(map(_NUMBER.fullmatch, bare))


def _cells(sample: str, *, whole: bool) -> tuple[list[str], list[str]] | None:
    """Return what stands in quotes, and the cells without any below the first row; None where a quote is just text."""
    quoted: list[str] = []
    bare: list[str] = []
    at = row = 0
    while at < len(sample):
        if sample[at] == '"':
            match = _QUOTED.match(sample, at)
            if match is None:
                is_cut = not whole and '"' not in sample[at + 1 :].replace('""', "")
                return (quoted, bare) if is_cut else None
            quoted.append(match.group(1))
        else:
            match = _BARE.match(sample, at)
            assert match is not None
            if row:
                bare.append(match.group())
        at = match.end()
        row += sample[at : at + 1] in ("\r", "\n")
        at += 1
    return quoted, bare


def _is_even(sample: str, *, whole: bool) -> bool:
    """Say whether all lines have the same number of columns as they stand."""
    lines = [line for line in io.StringIO(sample) if line.strip("\r\n")]
    return len({line.count("\t") for line in (lines if whole else lines[:-1])}) < 2

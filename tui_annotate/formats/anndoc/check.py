"""anndoc files checked by themselves: every offset text cut out of its part again, every file with its twin.

It counts on nothing that the reader does: parts as the HTML parser gives them, offsets in UTF-16 bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from tui_annotate.domain.interchange import Problem
from tui_annotate.errors import DataError
from tui_annotate.formats.anndoc import format as anndoc
from tui_annotate.formats.anndoc import html as anndoc_html
from tui_annotate.formats.anndoc.pairs import Pair, Placed, pair, place, roots_of
from tui_annotate.formats.files import open_trees
from tui_annotate.formats.source import JSON_ERRORS, SourceFile, decode

_MOST = 1000


@dataclass(slots=True)
class Checked:
    """What a check of anndoc files found."""

    files: int = 0
    """Texts and annotations."""
    documents: int = 0
    versions: int = 0
    offsets: int = 0
    """Offsets whose text was compared."""
    disagreeing: int = 0
    unpaired: list[str] = field(default_factory=list)
    """Files without a twin of the same name."""
    odd: bool = False
    """An odd number of files was given, where each text comes with one file of annotations."""
    problems: list[Problem] = field(default_factory=list)
    """What does not agree: the first thousand; `more_problems` counts the rest."""
    more_problems: int = 0

    @property
    def sound(self) -> bool:
        """Say whether all agrees."""
        return not (self.problems or self.more_problems)

    def note(self, problem: Problem) -> None:
        """Keep a problem, or count it."""
        if len(self.problems) < _MOST:
            self.problems.append(problem)
        else:
            self.more_problems += 1


def check(paths: Sequence[Path | str]) -> Checked:
    """Check files, folders and zips.

    In a project (a folder `plain.html` and its like) a text may do without annotations; files that are named one by
    one, or lie beside each other, come in pairs.

    Raises:
        UsageError: A path does not exist.
    """
    checked = Checked()
    for tree in open_trees(paths):
        for problem in tree.problems:
            if problem.severity == "refused":
                checked.note(problem)
        _check_tree(tree.files, checked)
    return checked


def _check_tree(files: Sequence[SourceFile], checked: Checked) -> None:
    roots = roots_of(files)
    placed = [one for file in files if not anndoc.is_side_file(file) and (one := place(file, roots)) is not None]
    loose = not roots and not any(_is_in_project(one) for one in placed)
    checked.files += len(placed)
    checked.odd = checked.odd or (loose and len(placed) % 2 == 1)
    for found in pair(placed):
        if isinstance(found, Problem):
            if found.severity == "refused":
                checked.unpaired.append(found.where)
                checked.note(found)
            continue
        checked.documents += 1
        if loose and not found.versions:
            where = found.html.file.where
            checked.unpaired.append(where)
            checked.note(Problem("refused", where, "", f"no annotations for it: {found.html.base}.ann.json is missing"))
        _check_pair(found, checked)
    if checked.odd:
        reason = f"{len(placed)} files; each text comes with its annotations, so their number is even"
        checked.note(Problem("refused", "", "", reason))


def _is_in_project(one: Placed) -> bool:
    return any(piece in ("plain.html", "plain_html", "ann.json", "ann_json") for piece in one.file.folder.split("/"))


def _check_pair(found: Pair, checked: Checked) -> None:
    try:
        text = anndoc_html.read(found.html.file.read())
    except DataError as error:
        checked.note(Problem("refused", found.html.file.where, "", str(error)))
        return
    parts = {part.id: text.shown.get(part.id, part.text).encode("utf-16-le", "surrogatepass") for part in text.parts}
    for one in found.versions.values():
        checked.versions += 1
        for field_name, reason in _faults(one.file, parts, checked):
            checked.note(Problem("refused", one.file.where, field_name, reason))


def _faults(file: SourceFile, parts: dict[str, bytes], checked: Checked) -> Iterator[tuple[str, str]]:
    try:
        given = msgspec.json.decode(decode(file.read()).text)
    except (*JSON_ERRORS, DataError) as error:
        yield "", f"is no JSON: {error}"
        return
    rows = given.get("entities") if isinstance(given, dict) else None
    for at, row in enumerate(rows if isinstance(rows, list) else ()):
        offsets = row.get("offsets") if isinstance(row, dict) else None
        part = row.get("part") if isinstance(row, dict) else None
        if not isinstance(offsets, list) or not offsets:
            yield f"entities[{at}]", "has no offsets"
            continue
        if not isinstance(part, str) or part not in parts:
            yield f"entities[{at}]", f"stands in part {part!r}, which the text lacks"
            continue
        for offset in offsets:
            checked.offsets += 1
            reason = _disagreement(offset, parts[part])
            if reason:
                checked.disagreeing += 1
                yield f"entities[{at}].offsets", f"{reason} in part {part}"


def _disagreement(offset: Any, part: bytes) -> str:
    start, text = (offset.get("start"), offset.get("text")) if isinstance(offset, dict) else (None, None)
    if type(start) is not int or type(text) is not str or not text or start < 0:
        return "has no start, or no text,"
    wanted = text.encode("utf-16-le", "surrogatepass")
    there = part[2 * start : 2 * start + len(wanted)]
    if there == wanted:
        return ""
    return f"at {start} stands {there.decode('utf-16-le', 'replace')[:60]!r}, not {text[:60]!r},"

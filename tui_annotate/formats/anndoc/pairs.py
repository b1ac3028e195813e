"""Which files of a tree belong to one anndoc document: by project, base name, and place in the layout."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from tui_annotate.domain.interchange import MASTER, Problem
from tui_annotate.formats.schemes import legend as anndoc_legend
from tui_annotate.formats.source import SourceFile

_HTML_ENDS = (".plain.html", ".plain.xhtml", ".html", ".xhtml", ".htm")
_ANN_END = ".ann.json"
_HTML_FOLDERS = frozenset(("plain.html", "plain_html"))
_ANN_FOLDERS = frozenset(("ann.json", "ann_json"))


@dataclass(frozen=True, slots=True)
class Placed:
    """A file of a pair, and what its name and folders say of it."""

    file: SourceFile
    kind: Literal["html", "ann"]
    root: str
    base: str
    folder: str
    """Below the pool."""
    annotator: str = MASTER


@dataclass(slots=True)
class Pair:
    """One document: its text, and a file per version."""

    html: Placed
    versions: dict[str, Placed] = field(default_factory=dict)

    def take(self, one: Placed) -> Iterator[Problem]:
        """Take a version; of two by the same annotator the last in path order stays, the other is reported."""
        other = self.versions.get(one.annotator)
        if other is None:
            self.versions[one.annotator] = one
            return
        gone, stays = sorted((one, other), key=lambda placed: placed.file.name)
        self.versions[one.annotator] = stays
        reason = f"the version of {one.annotator} comes twice; {stays.file.where} is taken, the last in path order"
        yield Problem("refused", gone.file.where, "", reason)

    def take_over(self, other: Pair) -> Iterator[Problem]:
        """Take the versions of another pair with the same text."""
        for one in other.versions.values():
            yield from self.take(one)


def base_and_kind(name: str) -> tuple[str, Literal["html", "ann"]] | None:
    """Cut a file's own name into base and kind; None for a file of neither kind."""
    lower = name.lower()
    if lower.endswith(_ANN_END):
        return name[: -len(_ANN_END)], "ann"
    for end in _HTML_ENDS:
        if lower.endswith(end):
            return name[: -len(end)], "html"
    return None


def roots_of(files: Iterable[SourceFile]) -> dict[str, SourceFile]:
    """Return the projects of a tree: the legend of each, by its folder.

    A legend that lies among the texts or annotations belongs to the folder above these.
    """
    found: dict[str, SourceFile] = {}
    for file in files:
        if file.base == anndoc_legend.FILE_NAME:
            pieces = file.folder.split("/") if file.folder else []
            at = next((n for n, piece in enumerate(pieces) if piece in _HTML_FOLDERS | _ANN_FOLDERS), len(pieces))
            found["/".join(pieces[:at])] = file
    return found


def place(file: SourceFile, roots: Collection[str]) -> Placed | None:
    """Read project, base name, folder and annotator off a file's path.

    Args:
        roots: Folders of projects; where there is only one, all files of the tree belong to it.
    """
    found = base_and_kind(file.base)
    if found is None:
        return None
    base, kind = found
    holding = [root for root in roots if not root or file.folder == root or file.folder.startswith(f"{root}/")]
    root = max(holding, key=len, default="")
    project = next(iter(roots)) if len(roots) == 1 else root
    pieces = file.folder[len(root) :].strip("/").split("/") if file.folder != root else []
    annotator = MASTER
    for at, piece in enumerate(pieces):
        if piece in _HTML_FOLDERS and kind == "html":
            pieces = pieces[at + 1 :]
            break
        if piece in _ANN_FOLDERS and kind == "ann":
            pieces = pieces[at + 1 :]
            if pieces[:1] == ["master"]:
                pieces = pieces[1:]
            elif pieces[:1] == ["members"] and len(pieces) > 1:
                annotator, pieces = pieces[1], pieces[2:]
            break
    if pieces[:1] == ["pool"]:
        pieces = pieces[1:]
    return Placed(file, kind, project, base, "/".join(pieces), annotator)


def pair(placed: list[Placed]) -> Iterator[Pair | Problem]:
    """Yield a pair per text in path order, and a problem for every file that finds no text."""
    htmls: dict[tuple[str, str], list[Pair]] = {}
    pairs: list[Pair] = []
    for one in placed:
        if one.kind == "html":
            pairs.append(Pair(one))
            for base in _spellings(one.base):
                htmls.setdefault((one.root, base), []).append(pairs[-1])
    for one in placed:
        if one.kind == "ann":
            yield from _attach(one, htmls)
    yield from pairs


def _attach(one: Placed, htmls: dict[tuple[str, str], list[Pair]]) -> Iterator[Problem]:
    twin = None
    for base in _spellings(one.base):
        candidates = htmls.get((one.root, base), [])
        same = [pair for pair in candidates if pair.html.folder == one.folder]
        exact = [pair for pair in same or candidates if pair.html.base == one.base]
        chosen = exact or same or candidates
        if len(chosen) > 1 and not same:
            names = ", ".join(pair.html.file.where for pair in chosen[:3])
            yield Problem("refused", one.file.where, "", f"fits several texts: {names}; put it beside its own")
            return
        if chosen:
            twin = chosen[0]
            break
    if twin is None:
        yield Problem("refused", one.file.where, "", f"no text for it: {one.base}.plain.html is missing")
        return
    if twin.html.base != one.base:
        yield Problem("noted", one.file.where, "", f"taken as the twin of {twin.html.file.base}, another name")
    yield from twin.take(one)


def _spellings(base: str) -> list[str]:
    """Return the base, and the base without an inner extension (`name.txt` of `name.txt.plain.html`)."""
    head, dot, tail = base.rpartition(".")
    return [base, head] if dot and head and 1 <= len(tail) <= 5 and tail.isalnum() else [base]

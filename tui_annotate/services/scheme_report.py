"""What a change of labels touched, or would touch: counted, and in words, a line a thing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tui_annotate.domain.interchange import MASTER
from tui_annotate.domain.scheme import Scheme
from tui_annotate.domain.scheme_changes import GROUPS, SchemeChange

_LISTED = 20
"""Of what goes for good, how many a report shows in words."""


@dataclass(frozen=True, slots=True)
class Lost:
    """One annotation that goes for good; undo brings it back."""

    document: str
    annotator: str
    name: str
    text: str
    """Annotated text; empty for a document label."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a change of labels touched, or would touch."""

    change: SchemeChange
    before: Scheme
    after: Scheme
    counts: Mapping[str, int]
    """`entities`, `labels`, `attributes`, `relations` that have other names; `removed`, `relations gone`, `joined`,
    `clashes`, `again`, `reopened`; `rejections`, `suggestions`, `suggestions gone`; `patterns`, `patterns gone`,
    `settings`, `runs`, `deployments`, `deployments gone`, `queued`; and of a split `as NAME`."""
    confirmed: Mapping[str, int]
    """The same of confirmed versions."""
    documents: int
    versions: int
    versions_confirmed: int
    others: Mapping[str, int]
    """Versions of others than who does it, by annotator."""
    lost: tuple[Lost, ...] = field(default=(), repr=False)
    done: bool = False

    def count(self, *names: str) -> int:
        """Return how many there are of some things together."""
        return sum(self.counts.get(name, 0) for name in names)

    @property
    def lines(self) -> list[str]:
        """The report in words, a line for each thing that is touched."""
        return [*_annotated(self), *_beside(self), *_gone(self)]


def _many(number: int, thing: str) -> str:
    plural = f"{thing[:-1]}ies" if thing.endswith("y") else f"{thing}s"
    return f"{number:,} {thing if number == 1 else plural}"


_THINGS = {
    "entities": "entity",
    "labels": "document label",
    "attributes": "attribute",
    "relations": "relation",
}


def _annotated(report: Report) -> list[str]:
    lines = []
    where = f"in {_many(report.documents, 'document')}, {_many(report.versions, 'version')}"
    if report.versions_confirmed:
        where += f" ({report.versions_confirmed:,} confirmed)"
    for name, word in _THINGS.items():
        if count := report.count(name):
            held = report.confirmed.get(name, 0)
            lines.append(f"{_many(count, word)} changed{_of_them(held, count)}")
    ruled = {rule.name for rule in report.change.rules}
    for name in dict.fromkeys((*report.change.new, *report.change.old)):
        count = report.count(f"as {name}")
        if count or name in ruled:
            lines.append(f"  {name}: {count:,}" + ("" if count else ", no rule for it fits"))
    if again := report.count("again"):
        reopened = report.count("reopened")
        more = (
            f"; {_many(reopened, 'confirmed version')} {'is' if reopened == 1 else 'are'} opened again"
            if reopened
            else ""
        )
        lines.append(f"{_many(again, 'annotation')} to be decided anew{more}")
    if joined := report.count("joined"):
        lines.append(f"{joined:,} that became the same as another {'is' if joined == 1 else 'are'} joined with it")
    if clashes := report.count("clashes"):
        lines.append(f"{_many(clashes, 'value')} contradicted each other: the first stays")
    lines = [*lines, where] if report.versions else lines or ["no annotation is touched"]
    for name, count in sorted(report.others.items()):
        whose = "  imported" if name == MASTER else f"  of {name}"
        lines.append(f"{whose}: {_many(count, 'version')}")
    return lines


def _of_them(confirmed: int, count: int) -> str:
    if not confirmed:
        return ""
    if confirmed == count:
        return ", all confirmed" if count > 1 else ", confirmed"
    return f", {confirmed:,} of them confirmed"


def _s(count: int, goes: bool) -> str:
    return "" if count != 1 else "es" if goes else "s"


def _beside(report: Report) -> list[str]:
    lines = []
    for name, word in (
        ("rejections", "rejection"),
        ("suggestions", "suggestion"),
        ("patterns", "pattern"),
        ("settings", "setting"),
        ("runs", "run"),
        ("deployments", "deployment"),
        ("queued", "queued document"),
    ):
        if count := report.count(name):
            gone = report.count(f"{name} gone")
            if name == "deployments" and gone:
                are = "is" if gone == 1 else "are"
                said = f"{_many(gone, 'run')} {are} not deployed any more: the question is another"
            else:
                said = f"{_many(count, word)} {'go' if gone == count else 'follow'}{_s(count, gone == count)}"
                said += f", {gone:,} of them go{'es' * (gone == 1)}" if 0 < gone < count else ""
            lines.append(said)
    return lines


def _gone(report: Report) -> list[str]:
    lines = []
    if removed := report.count("removed"):
        held = report.confirmed.get("removed", 0)
        lines.append(f"{_many(removed, 'annotation')} removed{_of_them(held, removed)}")
    for lost in report.lost[:_LISTED]:
        quoted = f" “{lost.text if len(lost.text) <= 40 else lost.text[:39] + '…'}”" if lost.text else ""
        lines.append(f"  {lost.document} ({lost.annotator}): {lost.name}{quoted}")
    if (more := removed - len(report.lost[:_LISTED])) > 0:
        lines.append(f"  and {more:,} more")
    if relations := report.count("relations gone"):
        lines.append(
            f"{_many(relations, 'relation')} removed with an end of it"
            if relations == 1
            else f"{_many(relations, 'relation')} removed with an end of theirs"
        )
    lines += [f"{GROUPS[one.kind]} {one.name} goes too: it was for this type alone" for one in report.change.also]
    return lines

"""Checking a scheme: what has to be mended, what settles itself, and what is good to know; with the right names."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from tui_annotate.domain.interchange import Problem
from tui_annotate.domain.scheme import ATTRIBUTES, ENTITIES, LABELS, Attribute, DocumentLabel, Scheme
from tui_annotate.domain.tasks import model_name
from tui_annotate.formats.schemes.reading import Group, Reading, nearest
from tui_annotate.keymaps import assign
from tui_annotate.keymaps.board import Clash
from tui_annotate.keymaps.names import display_key, key_name
from tui_annotate.learn import catalogue
from tui_annotate.store import runs
from tui_annotate.store.connection import Corpus

COLORS = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
_KIND_WORDS = {"ner": "finds entities", "classification": "labels documents", "assertion": "judges entities"}
_UNSEEN = ("Cc", "Cf", "Zl", "Zp")
"""Control characters, marks of direction, what has no width, ends of lines and paragraphs."""
_LONG = 60
"""Characters of a name that are always shown."""
_CLOSE = 0.8
"""How alike a model's name and a right one are, for the one to be taken for a slip of the other."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a scheme."""

    severity: Literal["fault", "clash", "note"]
    """`fault` has to be mended; a `clash` of keys settles itself; a `note` is good to know."""
    label: str
    """Which label, or option: `smoker: never`."""
    field: str
    reason: str
    nearest: str = ""
    """The nearest right name, where a name is wrong."""
    line: int = 0
    """In the file; 0 where that is not known."""

    def __str__(self) -> str:
        what = " ".join(filter(None, (self.label, self.field)))
        guess = f" Did you mean {self.nearest!r}?" if self.nearest else ""
        return (f"{what}: " if what else "") + self.reason + guess


@dataclass(frozen=True, slots=True)
class Models:
    """The names of models that are known where a scheme is to be used."""

    project: str = ""
    """Empty for a scheme file by itself: exported models of any project are right then."""
    runs: Mapping[str, str] = field(default_factory=dict)
    """Task by name of run."""


def models_of(corpus: Corpus) -> Models:
    """Return the models that a corpus knows."""
    return Models(corpus.path.stem, {row.name: row.task for row in runs.all(corpus) if row.state == "finished"})


def check(
    scheme: Scheme,
    *,
    models: Models | None = None,
    keys: Mapping[str, Sequence[str]] | None = None,
    reading: Reading | None = None,
) -> list[Finding]:
    """Return everything about a scheme, what has to be mended first.

    Args:
        keys: The user's own keys by action.
        reading: The file that it was read from, for lines.
    """
    lines = reading.line if reading is not None else _no_line
    found = [_of_problem(problem) for problem in reading.problems] if reading is not None else []
    if reading is None or not reading.partial:
        known = models or Models()
        for part in (_names, _colors, _labels, _references, _keys):
            found += part(scheme, lines)
        found += _models(scheme, known, lines)
        # A reader says these by itself, where its format knows of them.
        if reading is None or not any(
            fault in problem.reason for fault in scheme.faults for problem in reading.problems
        ):
            found += [
                Finding("fault", "", "", fault, line=_owner_line(scheme, fault, lines)) for fault in scheme.faults
            ]
        found += [_of_clash(clash, lines) for clash in assign(scheme, keys).clashes]
    order = {"fault": 0, "clash": 1, "note": 2}
    return sorted(found, key=lambda one: (order[one.severity], one.line))


Line = Callable[[str, str, str], int]


def _no_line(group: str, name: str, field: str) -> int:
    return 0


def _of_problem(problem: Problem) -> Finding:
    line = problem.where.rpartition(":")[2]
    severity: Literal["fault", "note"] = "fault" if problem.severity == "refused" else "note"
    return Finding(severity, problem.field, "", problem.reason, line=int(line) if line.isdigit() else 0)


def _owner_line(scheme: Scheme, fault: str, line: Line) -> int:
    owner = next((one.name for one in scheme.attributes if fault.startswith(one.name)), "")
    return line("attribute", owner, "model")


def _of_clash(clash: Clash, line: Line) -> Finding:
    group, colon, whole = clash.wanted_by.partition(":")
    name, equals, value = whole.rpartition("=") if "=" in whole else (whole, "", "")
    now = f"it is on {display_key(clash.given)}" if clash.given else "it has none, the pickers reach it"
    label = (f"{name}: {value}" if equals else name) if colon else group
    at = line(group, name, f"={value}" if equals else "key") if colon else 0
    return Finding("clash", label, "key", f"{display_key(clash.key)} is taken by {clash.taken_by}; {now}.", line=at)


def _names(scheme: Scheme, line: Line) -> Iterator[Finding]:
    """Yield names that are hard to read, or to tell apart, or to type; all of them work."""
    named: list[tuple[Group, str, str]] = [("entity", e.name, "") for e in scheme.entities]
    fields: list[tuple[Group, DocumentLabel | Attribute]] = [("label", label) for label in scheme.labels]
    fields += [("attribute", attribute) for attribute in scheme.attributes]
    for group, one in fields:
        named += [(group, one.name, ""), *((group, one.name, option.value) for option in one.options)]
    named += [("relation", r.name, "") for r in scheme.relations]
    for group, name, option in named:
        said = option or name
        odd = [f"U+{ord(c):04X}" for c in dict.fromkeys(said) if unicodedata.category(c) in _UNSEEN]
        reasons = [f"the name holds what is not seen: {', '.join(odd[:5])}."] if odd else []
        reasons += [f"a name of {len(said):,} characters is cut wherever it is shown."] if len(said) > _LONG else []
        for reason in reasons:
            label = f"{name}: {option}" if option else name
            yield Finding("note", label, "", reason, line=line(group, name, f"={option}" if option else ""))


def _colors(scheme: Scheme, line: Line) -> Iterator[Finding]:
    for entity in scheme.entities:
        if entity.color and not is_color(entity.color):
            reason = f"{entity.color!r} is neither #rrggbb nor one of {', '.join(COLORS)}."
            yield Finding(
                "fault",
                entity.name,
                "color",
                reason,
                nearest(entity.color, COLORS),
                line("entity", entity.name, "color"),
            )


def _labels(scheme: Scheme, line: Line) -> Iterator[Finding]:
    for label in scheme.labels:
        if not 0 < label.threshold < 1:
            reason = f"{label.threshold} must lie between 0 and 1."
            yield Finding("fault", label.name, "threshold", reason, line=line("label", label.name, "threshold"))
        if label.kind == "choice" and len(label.options) < 2:
            reason = "one option is no choice; add another, or make it boolean."
            yield Finding("fault", label.name, "options", reason, line=line("label", label.name, "options"))
    for attribute in scheme.attributes:
        if attribute.kind == "choices":
            reason = "an entity holds one value of an attribute; make it a choice."
            yield Finding("fault", attribute.name, "kind", reason, line=line("attribute", attribute.name, "kind"))
        elif attribute.kind == "choice" and len(attribute.options) < 2 and not attribute.assertion:
            reason = "one option is no choice; add another, or make it boolean."
            yield Finding("fault", attribute.name, "options", reason, line=line("attribute", attribute.name, "options"))
    trained = [label.name for label in scheme.labels if label.train]
    if len(trained) > 1:
        reason = f"only one label can be trained before the others, here are {', '.join(trained)}."
        yield Finding("fault", trained[1], "train", reason, line=line("label", trained[1], "train"))


def _references(scheme: Scheme, line: Line) -> Iterator[Finding]:
    types = [entity.name for entity in scheme.entities]
    named: list[tuple[Group, str, str, str]] = [
        ("attribute", a.name, "on", name) for a in scheme.attributes for name in a.on
    ]
    named += [("relation", r.name, "ends", name) for r in scheme.relations for name in r.ends if name]
    for group, owner, where, name in named:
        if name not in types:
            reason = f"there is no entity type {name!r}."
            yield Finding("fault", owner, where, reason, nearest(name, types), line(group, owner, where))


def _keys(scheme: Scheme, line: Line) -> Iterator[Finding]:
    """Yield keys that no terminal can be trusted to pass on; such a label gets another."""
    asked: list[tuple[Group, str, str, str]] = [("entity", e.name, "", e.key) for e in scheme.entities]
    fields: list[tuple[Group, DocumentLabel | Attribute]] = [("label", label) for label in scheme.labels]
    fields += [("attribute", attribute) for attribute in scheme.attributes]
    for group, one in fields:
        asked.append((group, one.name, "", one.key))
        asked += [(group, one.name, f"={option.value}", option.key) for option in one.options]
    for group, name, option, key in asked:
        if key and key_name(key) is None:
            reason = f"{key!r} is no key that every terminal passes on; the next free one is taken."
            label = f"{name}: {option[1:]}" if option else name
            yield Finding("clash", label, "key", reason, line=line(group, name, option))


# Models


def _models(scheme: Scheme, known: Models, line: Line) -> Iterator[Finding]:
    named = [(ENTITIES, "entity", type.name, type.model) for type in scheme.entities]
    named += [(LABELS + label.name, "label", label.name, label.model) for label in scheme.labels]
    # What is wrong about the model of an assertion status the scheme says by itself.
    judged = [a for a in scheme.attributes if not any(fault.startswith(f"{a.name}:") for fault in scheme.faults)]
    named += [(ATTRIBUTES + a.name, "attribute", a.name, a.model) for a in judged]
    right: dict[str, list[str]] = {}
    engines = catalogue.catalogue() if any(model for *_, model in named) else {}
    for task, group, name, model in named:
        if model and task not in right:
            right[task] = [*_learned(known, task), *(e.name for e in engines.values() if e.handles(task, scheme))]
        found = _model(scheme, known, task, model, right[task]) if model else None
        if found is not None:
            severity, reason, near = found
            yield Finding(severity, name, "model", reason, near, line(group, name, "model"))


def _model(
    scheme: Scheme, known: Models, task: str, model: str, right: Sequence[str]
) -> tuple[Literal["fault", "note"], str, str] | None:
    """Return what is wrong about the model of a label, with the nearest of the right names; None where nothing is."""
    bare = model.removesuffix(".model")
    if bare in right:
        return None
    if not known.project and _is_export_of(scheme, task, bare):
        of = bare.removeprefix(model_name(task, "")).removeprefix("_")
        reason = f"{model!r} is taken for the model of a corpus called {of!r}; in another one for an outside model."
        return ("note", reason, "") if of else None
    if (other := known.runs.get(bare)) is not None:
        return "fault", f"the run {model!r} is of {other}.", right[0]
    kind, ours = bare.partition("_")[0], model_name(task, "").partition("_")[0]
    own = model_name(task, known.project or "_".join(bare.split("_")[2:]) or "project")
    if kind in _KIND_WORDS and kind != ours:
        reason = f"a model called {model!r} {_KIND_WORDS[kind]}; here is one needed that {_KIND_WORDS[ours]}."
        return "fault", reason, own
    if kind == ours == "classification" and not _is_export_of(scheme, task, bare):
        return "fault", f"{model!r} is the name of a model of another label.", own
    near = nearest(bare, right, cutoff=_CLOSE)
    if near:
        return "fault", f"there is no model {model!r}.", near
    return "note", f"{model!r} is taken for an outside model: deploying a run leaves it alone.", ""


def _learned(known: Models, task: str) -> list[str]:
    """Return the runs of a task, the newest first, and the name that it is exported by."""
    held = [name for name, of in list(known.runs.items())[::-1] if of == task]
    return [*held, model_name(task, known.project)] if known.project else held


def _is_export_of(scheme: Scheme, task: str, model: str) -> bool:
    """Say whether a name follows `classification_<label>_<project>`, of the label with the longest fitting name."""
    stem = model_name(task, "")
    if model != stem and not model.startswith(f"{stem}_"):
        return False
    stems = [model_name(other, "") for other in scheme.tasks]
    return not any(len(other) > len(stem) and (model == other or model.startswith(f"{other}_")) for other in stems)


def is_color(color: str) -> bool:
    """Say whether a colour is one of ours: `#rrggbb`, or an ANSI name."""
    if color.startswith("#"):
        return len(color) == 7 and all(c in "0123456789abcdefABCDEF" for c in color[1:])
    return color.removeprefix("bright_").removeprefix("ansi_") in COLORS

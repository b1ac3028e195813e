"""A format that claims to hold states brings no undecided version back as confirmed, and its comparison would tell."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.formats.helpers import SCHEME, docs
from tui_annotate.domain.annotations import Annotations, Entity, LabelValue
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.interchange import ExchangedDocument, ExchangedVersion
from tui_annotate.domain.spans import Span
from tui_annotate.formats import registry, writing
from tui_annotate.formats.base import ReadOptions, WriteOptions

OPTIONS = WriteOptions(scheme=SCHEME)
WITH_STATES = [f.name for f in registry.FORMATS.values() if "states" in f.holds and f.writes and not f.lacking]
ENTITY = Entity("DRUG", (Span("s1v1", 0, 7),), (), 1.0, 1)
LABEL = LabelValue("IsSpam", True)


def labelled(things: str, who: tuple[str, ...]) -> Annotations:
    """Return annotations by somebody: entities, labels, or both."""
    entities = {1: replace(ENTITY, who=who)} if "entity" in things else {}
    return Annotations(entities, {"IsSpam": replace(LABEL, who=who)} if "label" in things else {})


def document(confirmed: bool | None, things: str, who: tuple[str, ...], annotator: str) -> ExchangedDocument:
    """Return a document with one version."""
    version = ExchangedVersion(labelled(things, who), confirmed, annotator)
    return ExchangedDocument(Document("d", (Part("s1v1", "Aspirin helps"),)), (version,), "d")


def states(format: str, documents: Sequence[ExchangedDocument]) -> set[bool]:
    """Return what states come back from a file of the format."""
    fmt = registry.get(format)
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, f"c{fmt.extensions[0]}" if fmt.write_stream else "c")
        writing.write(documents, fmt, target, OPTIONS)
        read = docs(registry.read_paths([target], format=format, options=ReadOptions(scheme=SCHEME, empty=True)))
    return {bool(version.confirmed) for one in read for version in one.versions}


@pytest.mark.parametrize("format", WITH_STATES)
@pytest.mark.parametrize("things", ["entity", "label", "entity, label"])
@pytest.mark.parametrize(
    ("who", "annotator"), [((), "master"), (("ml:bert",), "master"), (("user:anna",), "master"), ((), "anna")]
)
def test_no_state_changes_on_the_way_and_a_change_would_be_seen(
    format: str, things: str, who: tuple[str, ...], annotator: str
) -> None:
    meaning = registry.get(format).meaning
    made = {state: document(state, things, who, annotator) for state in (None, False, True)}
    assert meaning(made[True], OPTIONS) != meaning(made[False], OPTIONS)
    if "entity" not in things or "entities" in registry.get(format).holds:
        assert meaning(made[True], OPTIONS) != meaning(made[None], OPTIONS)
    for state, one in made.items():
        assert states(format, [one]) in ([{bool(state)}] if state else [{False}, set()])

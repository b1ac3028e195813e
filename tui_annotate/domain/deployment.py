"""What deploying a run changes: which labels it suggests from now on, and which stay with an outside model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tui_annotate.domain.annotations import Suggestion
from tui_annotate.domain.scheme import ATTRIBUTES, ENTITIES, LABELS, Scheme


@dataclass(frozen=True, slots=True)
class Change:
    """One label and the run that suggests it."""

    label: str
    """Name of the entity type, document label or attribute."""
    task: str
    old: str
    """Run that suggested it before; empty for none."""
    new: str
    """Run that suggests it then; the old one where nothing changes."""
    outside: str = ""
    """The outside model that the scheme ties it to, so that it stays as it was; mostly empty."""

    @property
    def is_change(self) -> bool:
        """Say whether the label has another run then."""
        return self.new != self.old


def changes(scheme: Scheme, task: str, *, old: str, new: str) -> tuple[Change, ...]:
    """Return what deploying a run changes, a row for each label of its task in the scheme's order."""
    if task == ENTITIES:
        tied = {type.name: type.model for type in scheme.entities}
    elif task.startswith(LABELS):
        label = scheme.label(task.removeprefix(LABELS))
        tied = {task.removeprefix(LABELS): label.model if label is not None else ""}
    elif task.startswith(ATTRIBUTES):
        attribute = scheme.attribute(task.removeprefix(ATTRIBUTES))
        tied = {task.removeprefix(ATTRIBUTES): attribute.model if attribute is not None else ""}
    else:
        tied = {task.partition(":")[2]: ""}
    return tuple(Change(name, task, old, old if model else new, model) for name, model in tied.items())


def said(found: Iterable[Change]) -> list[str]:
    """Return changes as lines, labels of the same change together: `ORG, PER: ner-3 → ner-4`."""
    together: dict[tuple[str, str, str], list[str]] = {}
    for change in found:
        together.setdefault((change.old, change.new, change.outside), []).append(change.label)
    lines = []
    for (old, new, outside), labels in together.items():
        what = f"stays with the outside model {outside}" if outside else f"{old or 'no run'} → {new}"
        lines.append(f"{', '.join(labels)}: {what}")
    return lines


def ours(scheme: Scheme, found: Sequence[Suggestion]) -> list[Suggestion]:
    """Return suggestions of our runs without those of labels that the scheme ties to an outside model."""
    types = {type.name for type in scheme.entities if type.model}
    labels = {label.name for label in scheme.labels if label.model}
    attributes = {attribute.name for attribute in scheme.attributes if attribute.model}
    if not types and not labels and not attributes:
        return list(found)
    tied = {"entity": types, "label": labels, "attribute": attributes}
    return [suggestion for suggestion in found if suggestion.name not in tied.get(suggestion.target, ())]

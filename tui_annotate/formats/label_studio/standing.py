"""Where a version stands in a task: handed in or skipped, in progress, or only suggested."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import Any, Literal

from tui_annotate.domain.annotations import Entity, LabelValue, Relation
from tui_annotate.domain.interchange import MASTER, ExchangedVersion
from tui_annotate.formats.kept import of

Standing = Literal["annotation", "draft", "prediction"]
ML = "ml:"
UNNAMED = "prediction"
"""Model of a prediction that names none."""
_IMPORTED = "import"
"""Model version of suggestions that are by nobody."""


def standing(version: ExchangedVersion) -> Standing:
    """Return where a version goes.

    What is confirmed, or was skipped in Label Studio, is an annotation there. What is undecided is nobody's work yet,
    so it is predicted; what somebody has begun is a draft.
    """
    if version.confirmed or was_cancelled(version):
        return "annotation"
    held = version.annotations
    if version.annotator != MASTER or not (held.entities or held.labels):
        return "draft"
    things: Iterable[Entity | LabelValue | Relation] = chain(held.entities.values(), held.labels.values())
    # Nobody has looked at a version without a state, whoever made what is in it.
    return "prediction" if version.confirmed is None or not any(map(_is_by_a_person, things)) else "draft"


def was_cancelled(version: ExchangedVersion) -> bool:
    """Say whether a version that is not confirmed came as one that was skipped."""
    return not version.confirmed and of(version.annotations.extra, "label_studio").get("was_cancelled") is True


def _is_by_a_person(thing: Entity | LabelValue | Relation) -> bool:
    return any(not who.startswith(ML) for who in thing.who)


def model_of(who: tuple[str, ...]) -> str:
    """Return the model whose prediction a suggestion is in: the first that made it."""
    return next((one.removeprefix(ML) for one in who if one.startswith(ML)), _IMPORTED)


def model_in(prediction: dict[str, Any]) -> str:
    """Return the model that a prediction names."""
    model = prediction.get("model_version")
    return str(model) if type(model) in (str, int) and str(model).strip() else UNNAMED

"""How the app asks for a setting of the corpus: what it is, in a line, and what there is to choose from."""

from __future__ import annotations

from typing import Any, Literal, get_args, get_origin, get_type_hints

from tui_annotate.screens.picker import Choice
from tui_annotate.store import settings
from tui_annotate.store.settings import Settings

WORDS = {
    "retrain_every": "Retrain after this many confirmations; 0: the scheme decides.",
    "active_learning": "Retrain by itself; no: only when asked.",
    "deploy": "Put a run that training finished to use at once.",
    "strategy": "What makes a document worth asking for.",
    "order": "In which order documents are shown.",
    "holdout_share": "Share drawn at random and never trained on, 0 to 0.9.",
    "holdout_blind": "Open holdout documents without suggestions.",
    "confirm_strictly": "Ask for every suggestion before confirming.",
    "confirm_when_decided": "Confirm with the last decision that a document needs.",
    "suggest_from": "Probability from which an entity is suggested, 0 to 1.",
    "tie": "Which of several confirmed versions counts.",
    "seed": "Seed of everything that is drawn at random.",
    "random_share": "Share asked for at random instead of picked, 0 to 1.",
    "patterns": "Patterns suggest beside a run, until there is one, or not.",
    "train_on": "Train on all submitted versions, or only on reviewed ones.",
    "train_tags": "Train on documents with one of these tags; empty: all.",
    "queue_trainings": "A training asked for meanwhile waits; no: it is refused.",
    "engines": "Engine by task, as task=engine; empty: the fast ones.",
    "target": "Figure on what was held out that is enough, 0 to 1; 0: none.",
    "language": "Language of the texts, such as en or de.",
}


def word(value: object) -> str:
    """Return a value as people say it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return settings.written(value)


def choices(name: str, value: object) -> list[Choice[str]]:
    """Return what a setting can be, as `settings.parse` takes it; nothing where it is a number."""
    wanted: Any = get_type_hints(Settings)[name]
    options = get_args(wanted) if get_origin(wanted) is Literal else ()
    found = [("true", "yes"), ("false", "no")] if wanted is bool else [(text, text) for text in options]
    return [Choice(text, said, "now" if said == word(value) else "") for text, said in found]

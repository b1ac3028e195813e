"""How the app asks for a setting of the corpus: what it is, in a line, and what there is to choose from."""

from __future__ import annotations

from typing import Any, get_args, get_type_hints

from tui_annotate.screens.picker import Choice
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
    "suggest_from": "Probability from which an entity is suggested, 0 to 1.",
    "tie": "Which of several confirmed versions counts.",
    "seed": "Seed of everything that is drawn at random.",
}


def word(value: object) -> str:
    """Return a value as people say it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def choices(name: str, value: object) -> list[Choice[str]]:
    """Return what a setting can be, as `settings.parse` takes it; nothing where it is a number."""
    wanted: Any = get_type_hints(Settings)[name]
    found = [("true", "yes"), ("false", "no")] if wanted is bool else [(text, text) for text in get_args(wanted)]
    return [Choice(text, said, "now" if said == word(value) else "") for text, said in found]

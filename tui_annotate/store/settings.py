"""The settings and the scheme of a corpus, which travel with its file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from tui_annotate.domain.decisions import Kind
from tui_annotate.domain.scheme import Scheme, joined
from tui_annotate.errors import ParameterError
from tui_annotate.store import annotators, drawing, rows
from tui_annotate.store.connection import Corpus

_decode_scheme = rows.decoder(Scheme)


Strategy = Literal["default", "random", "margin", "entropy", "least-confidence", "length-normalised"]


@dataclass(frozen=True, slots=True)
class Settings:
    """How a corpus is reviewed and learned from. What was never set has the default given here."""

    retrain_every: int = 0
    """Retrain after this many confirmations; 0 for the default: 10 where the scheme has entities, else 5."""
    active_learning: bool = True
    """Retrain by itself; off, only when asked."""
    deploy: Literal["always", "never"] = "always"
    """Whether a run that active learning finished is put to use at once."""
    strategy: Strategy = "default"
    """What makes a document worth asking for; `default` depends on the task."""
    order: Literal["informative", "random", "file", "oldest", "newest"] = "informative"
    """In which order documents are shown."""
    holdout_share: float = 0.1
    """Share of the documents shown that is drawn at random and never trained on; 0 for none."""
    holdout_blind: bool = True
    """Open holdout documents without suggestions, which would anchor the annotator."""
    confirm_strictly: bool = False
    """Ask for every suggestion before a document can be confirmed."""
    confirm_when_decided: bool = False
    """Confirm a document with the decision after which nothing in it is left to decide: one key an entity."""
    suggest_from: float = 0.3
    """Probability from which an entity is suggested."""
    tie: Literal["priority", "recent"] = "priority"
    """Which of several confirmed versions counts: of the annotator with the highest priority, or the newest."""
    seed: int = 0
    """Seed of everything that is drawn at random."""
    random_share: float = 0.0
    """Share of the documents asked for that is drawn at random instead of picked."""
    patterns: Literal["beside", "until-run", "off"] = "beside"
    """Whether patterns suggest beside a deployed run, only until there is one for the task, or not at all."""
    train_on: Literal["submitted", "reviewed"] = "submitted"
    """Train on every confirmed document, or only on versions that a reviewer accepted."""
    train_tags: tuple[str, ...] = ()
    """Train on documents with one of these tags only; empty: on all."""
    queue_trainings: bool = True
    """A training that is asked for while another runs waits for it; off: it is refused with the reason."""
    engines: dict[str, str] = field(default_factory=dict)
    """Engine by task, for those that are not trained with the default one."""
    target: float = 0.0
    """Figure on what was held out that is enough: the report on stopping says how far it is; 0 for none."""
    language: str = ""
    """Code of the language of the texts, such as `en` or `de`; empty: not said."""


_decode_settings = rows.decoder(Settings)
_BOUNDS: dict[str, tuple[float, float]] = {
    "retrain_every": (0, 1_000_000),
    "holdout_share": (0.0, 0.9),
    "suggest_from": (0.0, 1.0),
    "random_share": (0.0, 1.0),
    "target": (0.0, 1.0),
    "seed": (0, (1 << 32) - 1),
}

_SWITCHES = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
_WORDS: dict[Any, str] = {bool: "true or false", int: "a whole number", float: "a number"}


def effective_n(settings: Settings, scheme: Scheme) -> int:
    """Return after how many confirmations to retrain: as set, else 10 with entities and 5 without."""
    return settings.retrain_every or (10 if scheme.entities else 5)


def load(corpus: Corpus) -> Settings:
    """Return the settings in force; what a newer program set and this one does not know is left out."""
    known = {one.name for one in fields(Settings)}
    with corpus.reading() as db:
        stored = dict(db.execute("SELECT name, value FROM setting").fetchall())
    body = ",".join(f"{rows.encode(name)}:{value}" for name, value in stored.items() if name in known)
    return _decode_settings(f"{{{body}}}")


def change(corpus: Corpus, **values: Any) -> Settings:
    """Set some settings, all or none of them, and return what is in force then.

    A new seed or holdout share draws the holdout of the pending documents anew; what
    was shown already keeps its mark.

    Raises:
        ParameterError: There is no such setting, or the value does not fit it.
    """
    checked = {name: _check(name, value) for name, value in values.items()}
    before = load(corpus)
    with corpus.transaction() as db:
        db.executemany(
            "INSERT INTO setting(name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
            [(name, rows.encode(value)) for name, value in checked.items()],
        )
    after = load(corpus)
    if (before.seed, before.holdout_share) != (after.seed, after.holdout_share):
        drawing.draw_again(corpus, seed=after.seed, share=after.holdout_share)
    return after


def parse(name: str, text: str) -> Any:
    """Return a setting's value from what somebody typed: lists by commas, tables as a=b by commas.

    Raises:
        ParameterError: There is no such setting, or the text does not fit it.
    """
    value: Any = text
    type = get_type_hints(Settings).get(name)
    kind = get_origin(type)
    if type is bool:
        value = _SWITCHES.get(text.strip().lower(), text)
    if kind in (tuple, dict):
        value = [one.strip() for one in text.split(",") if one.strip()]
    if kind is dict:
        if any("=" not in one for one in value):
            raise ParameterError(f"{name}: {text!r} does not fit.", hint="Write it as task=engine,task=engine.")
        value = dict(one.rsplit("=", 1) for one in value)
    return _convert(name, value, strict=False)


def written(value: Any) -> str:
    """Return a setting's value as `parse` reads it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return ",".join(f"{key}={held}" for key, held in value.items())
    if isinstance(value, tuple):
        return ",".join(value)
    return str(value)


def _check(name: str, value: Any) -> Any:
    value = _convert(name, value, strict=True)
    low, high = _BOUNDS.get(name, (float("-inf"), float("inf")))
    if isinstance(value, (int, float)) and not low <= value <= high:
        raise ParameterError(f"{name} must be from {low} to {high}, not {value}.")
    return value


def _convert(name: str, value: Any, *, strict: bool) -> Any:
    types = get_type_hints(Settings)
    if name not in types:
        near = get_close_matches(name, types, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"There are {', '.join(types)}."
        raise ParameterError(f"There is no setting {name}.", hint=hint)
    try:
        return msgspec.convert(value, types[name], strict=strict)
    except msgspec.ValidationError:
        allowed = get_args(types[name]) if get_origin(types[name]) is Literal else ()
        hint = f"Choose one of {', '.join(allowed)}." if allowed else ""
        wanted = _WORDS.get(types[name])
        raise ParameterError(
            f"{name} is {wanted}, not {value!r}." if wanted else f"{name}: {value!r} does not fit.", hint=hint
        ) from None


def scheme(corpus: Corpus) -> Scheme:
    """Return the scheme in force."""
    with corpus.reading() as db:
        found = db.execute("SELECT body FROM scheme ORDER BY number DESC LIMIT 1").fetchone()
    return _decode_scheme(found[0] if found else "")


def set_scheme(
    corpus: Corpus,
    scheme: Scheme,
    *,
    annotator: str,
    base: Scheme | None = None,
    check: Callable[[Scheme], None] | None = None,
) -> Scheme:
    """Put a scheme in force, with ids for what has none, and log it; the older ones are kept.

    Args:
        base: The scheme that this one was made from. What another program has changed since then stays.
        check: Called inside the transaction with the scheme in force till then; what it raises leaves that in force.

    Raises:
        SchemeError: It has faults.
    """
    scheme = scheme.numbered()
    with corpus.transaction() as db:
        number, body = db.execute("SELECT number, body FROM scheme ORDER BY number DESC LIMIT 1").fetchone()
        held = _decode_scheme(body)
        if check is not None:
            check(held)
        if base is not None and held != base:
            scheme = joined(held, scheme, base)
        if held == scheme:
            return scheme
        scheme.check_faults()
        who = annotators.ensure(corpus, db, annotator)
        now = rows.now()
        db.execute("INSERT INTO scheme VALUES (?, ?, ?, ?)", (number + 1, rows.encode(scheme), who, now))
        (sequence,) = db.execute("SELECT coalesce(max(sequence), 0) + 1 FROM decision").fetchone()
        db.execute(
            "INSERT INTO decision VALUES (?, ?, ?, ?, NULL, ?, NULL, ?, 0, 0)",
            (sequence, now, sequence, Kind.SCHEME, who, rows.encode({"number": number + 1})),
        )
    return scheme

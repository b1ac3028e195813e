"""Patterns: what suggests from the first document on, before anything is learned.

A pattern stands for an entity type, or for a value of a document label, and is a word or several (in any
case, at token boundaries), a list of conditions on tokens, or a regular expression.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import regex

from tui_annotate.domain import token_patterns
from tui_annotate.domain.annotations import LabelScalar
from tui_annotate.domain.scheme import ENTITIES, LABELS, Scheme
from tui_annotate.domain.tokens import tokenize
from tui_annotate.errors import DataError, SchemeError

PatternKind = Literal["words", "tokens", "regex"]
Target = tuple[Literal["entity", "label"], str, LabelScalar | None]
"""What a pattern stands for: an entity type, or a document label with its value."""
WHO = "ml:pattern"
"""Who makes a pattern's suggestions, as anndoc has it."""
PROB = 0.5
"""What a match is worth beside a run: where both suggest, the likelier is shown."""
LONGEST = 2_000
"""Characters of a pattern."""
_PROBE = 1_000
_PROBE_SECONDS = 0.25
_MOST_PROBES = 12


@dataclass(frozen=True, slots=True)
class Pattern:
    """Something to look for, and what it suggests."""

    target: Literal["entity", "label"]
    name: str
    """Entity type, or document label."""
    kind: PatternKind
    text: str = ""
    """The words, or the regular expression; empty for tokens."""
    tokens: tuple[Mapping[str, Any], ...] = ()
    """Conditions as spaCy writes them."""
    value: LabelScalar | None = None
    """The value that is suggested for a document label."""
    case: bool = False
    """Tells capitals from small letters."""
    key: str = ""
    """Its id in the file it came from."""
    enabled: bool = True
    id: int = 0
    """Row in the corpus; 0 before it is stored."""
    annotator: str = ""
    at: str = ""
    """When it was added; UTC."""

    @property
    def label(self) -> str:
        """What it suggests, as files and commands name it: `DRUG`, `IsSpam=true`."""
        return label_text(self.name, self.value)

    @property
    def body(self) -> str:
        """What it looks for, in one line."""
        if self.kind == "tokens":
            return json.dumps([dict(one) for one in self.tokens], ensure_ascii=False)
        return f"/{self.text}/" if self.kind == "regex" else self.text

    @property
    def task(self) -> str:
        """The task of learning that it helps."""
        return ENTITIES if self.target == "entity" else LABELS + self.name


def label_text(name: str, value: LabelScalar | None) -> str:
    """Return what is suggested as files and commands name it."""
    if value is None:
        return name
    return f"{name}={str(value).lower() if isinstance(value, bool) else value}"


def target_of(text: str, scheme: Scheme) -> Target | None:
    """Return what a name stands for in a scheme: target, name and value; None when it stands for nothing.

    An entity type, a boolean label (true is meant), `LABEL=VALUE`, or a value that one label alone has.

    Raises:
        SchemeError: A document label that cannot take it, or a value that several labels have.
    """
    if scheme.entity(text) is not None:
        return "entity", text, None
    label = scheme.label(text)
    if label is not None:
        if label.kind != "boolean":
            values = ", ".join(label_text(text, value) for value in label.values if isinstance(value, str))
            raise SchemeError(f"{text} needs a value.", hint=f"There are {values}." if values else "It is free text.")
        return "label", text, True
    name, equals, value = text.partition("=")
    label = scheme.label(name) if equals else None
    if label is not None:
        return "label", name, _value(label.kind, name, value, label.values)
    holders = [m.name for m in scheme.labels if text in m.values]
    if len(holders) > 1:
        raise SchemeError(f"{text} is a value of {' and of '.join(holders)}.", hint=f"Write {holders[0]}={text}.")
    return ("label", holders[0], text) if holders else None


def _value(kind: str, name: str, value: str, values: tuple[Any, ...]) -> LabelScalar:
    if kind == "boolean" and value.casefold() in ("true", "false", "yes", "no"):
        return value.casefold() in ("true", "yes")
    if kind in ("choice", "choices") and value in values:
        return value
    known = ", ".join(str(v).lower() if isinstance(v, bool) else str(v) for v in values)
    raise SchemeError(f"{name} has no value {value!r}.", hint=f"There are {known}." if known else "It is free text.")


def checked(pattern: Pattern) -> Pattern:
    """Return a pattern in its plain form: white space joined, a pattern of mere words as words.

    Raises:
        DataError: It is no pattern, matches nothing or everything, or takes too long on hard text.
    """
    if len(pattern.body) > LONGEST:
        raise DataError(f"the pattern is longer than {LONGEST} characters")
    if pattern.kind == "regex":
        _check_regex(compiled_regex(pattern))
        return pattern
    if pattern.kind == "tokens":
        token_patterns.compiled(pattern.tokens)
        words = token_patterns.words_of(pattern.tokens)
        if words is None:
            return pattern
        return Pattern(pattern.target, pattern.name, "words", words, (), pattern.value, False, pattern.key)
    text = " ".join(pattern.text.split())
    if not tokenize(text):
        raise DataError(f"{pattern.text!r} holds no word")
    return pattern if text == pattern.text else Pattern(
        pattern.target, pattern.name, "words", text, (), pattern.value, pattern.case, pattern.key
    )  # fmt: skip


def compiled_regex(pattern: Pattern) -> regex.Pattern[str]:
    """Compile a regular expression; raises DataError."""
    if not pattern.text:
        raise DataError("the regular expression is empty")
    try:
        return regex.compile(pattern.text, 0 if pattern.case else regex.IGNORECASE)
    except (regex.error, ValueError, OverflowError, RecursionError) as error:
        raise DataError(f"{pattern.text!r} is no regular expression: {error}") from None


def _check_regex(wanted: regex.Pattern[str]) -> None:
    """Try an expression on text that is hard for those that take forever: long runs of what it is made of."""
    if wanted.fullmatch(""):
        raise DataError(f"{wanted.pattern!r} matches where nothing stands")
    letters = [c for c in dict.fromkeys(wanted.pattern) if c.isalnum() or c == " "][:_MOST_PROBES]
    runs = [*dict.fromkeys([*letters, "a", "0", " ", "a ", "".join(letters) or "a"])]
    for run in runs:
        text = (run * _PROBE)[:_PROBE] + "\x00"
        try:
            for _ in wanted.finditer(text, timeout=_PROBE_SECONDS):
                pass
        except TimeoutError:
            hint = "Nested repetitions, as in (a+)+, are the usual cause."
            raise DataError(f"{wanted.pattern!r} takes too long on some texts", hint=hint) from None

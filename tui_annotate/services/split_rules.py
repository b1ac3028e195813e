"""Rules of a split, as people type them: `DOCTOR=^Dr`, `DOCTOR=near:\\bDr`, `BRAND=text:@brands.txt`, and so on."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from pathlib import Path

from tui_annotate.domain import query
from tui_annotate.domain.placing import compiled
from tui_annotate.domain.scheme_changes import Rule
from tui_annotate.errors import UsageError
from tui_annotate.services import searching
from tui_annotate.store.connection import Corpus


def names(text: str) -> list[str]:
    """Return names with commas between them; one with a comma in it stands in double quotes."""
    found = next(csv.reader([" ".join(text.split())], skipinitialspace=True), [])
    return [name for one in found if (name := " ".join(one.split()))]


def several(text: str, names: Sequence[str]) -> list[str]:
    """Return the rules of a line, each `NAME=...`, with `;` between them.

    A `;` that no `NAME=` follows is a part of the rule before it, and so is `\\;`.
    """
    found: list[str] = []
    text = text.strip()
    between = re.compile(r"(?<!\\);\s*(?=[^;=]+=|$|" + "|".join(re.escape(f"{name}=") for name in names) + ")")
    while text:
        # A name may hold what stands between rules.
        begun = max((len(name) + 1 for name in names if text.startswith(f"{name}=")), default=0)
        end = between.search(text, begun)
        found.append(text[: end.start() if end else None].strip())
        text = text[end.end() :].strip() if end else ""
    return [rule for rule in found if rule]


def check(text: str, names: Sequence[str]) -> None:
    """Say what is wrong about the rules of a line, before anything is looked at.

    Raises:
        UsageError: One is for none of the names, is empty, or its file cannot be read.
        DataError: A regular expression is none.
        QueryError: A query cannot be understood.
    """
    for rule in several(text, names):
        name, what = _named(rule, names)
        how, colon, pattern = what.partition(":")
        if colon and how == "query":
            query.parse(pattern)
            continue
        made = _made(name, what)
        if made.how == "attribute" and "=" not in made.pattern:
            raise UsageError(f"{rule!r} is no rule.", hint=f"As in {name}=attribute:NAME=VALUE.")
        if not made.pattern and not made.words:
            raise UsageError(f"{rule!r} says nothing behind {what or name}.", hint=f"As in {name}=REGEX.")
        compiled(made)


def parse(text: str, names: Sequence[str], corpus: Corpus, *, annotator: str) -> Rule:
    """Return a rule, with the documents that its query finds where it has one.

    Args:
        names: The labels that it may be for.

    Raises:
        UsageError: It is for none of them, or its file cannot be read.
        QueryError: Its query cannot be understood.
    """
    name, rest = _named(text, names)
    how, colon, what = rest.partition(":")
    if colon and how == "query":
        return Rule(name, "query", what, documents=frozenset(searching.ids(corpus, what, annotator=annotator)))
    return _made(name, rest)


def _named(text: str, names: Sequence[str]) -> tuple[str, str]:
    """Return which label a rule is for, and the rule; raises UsageError for none of them."""
    name = max((name for name in names if text.startswith(f"{name}=")), key=len, default=None)
    if name is None:
        raise UsageError(
            f"The rule {text!r} begins with none of {', '.join(f'{one}=' for one in names)}.",
            hint=f"As in {names[0]}=REGEX.",
        )
    return name, text[len(name) + 1 :]


def _made(name: str, rest: str) -> Rule:
    how, colon, what = rest.partition(":")
    if colon and how == "text":
        return Rule(name, "text", words=tuple(_words(what)))
    if colon and how == "near":
        return Rule(name, "near", what)
    if colon and how == "attribute":
        return Rule(name, "attribute", what)
    return Rule(name, "regex", what if colon and how == "regex" else rest)


def _words(text: str) -> list[str]:
    if not text.startswith("@"):
        return [word.strip() for word in text.split(",") if word.strip()]
    try:
        content = Path(text[1:]).expanduser().read_text("utf-8-sig")
    except OSError as error:
        raise UsageError(f"{text[1:]} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{text[1:]} is not UTF-8.") from error
    return [line.strip() for line in content.splitlines() if line.strip()]

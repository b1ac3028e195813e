"""Rules of a split, as people type them: `DOCTOR=^Dr`, `DOCTOR=near:\\bDr`, `BRAND=text:@brands.txt`, and so on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tui_annotate.domain.scheme_changes import Rule
from tui_annotate.errors import UsageError
from tui_annotate.services import searching
from tui_annotate.store.connection import Corpus


def parse(text: str, names: Sequence[str], corpus: Corpus, *, annotator: str) -> Rule:
    """Return a rule, with the documents that its query finds where it has one.

    Args:
        names: The labels that it may be for.

    Raises:
        UsageError: It is for none of them, or its file cannot be read.
        QueryError: Its query cannot be understood.
    """
    name = max((name for name in names if text.startswith(f"{name}=")), key=len, default=None)
    if name is None:
        raise UsageError(
            f"The rule {text!r} begins with none of {', '.join(f'{one}=' for one in names)}.",
            hint=f"As in {names[0]}=REGEX.",
        )
    rest = text[len(name) + 1 :]
    how, colon, what = rest.partition(":")
    if colon and how == "text":
        return Rule(name, "text", words=tuple(_words(what)))
    if colon and how == "near":
        return Rule(name, "near", what)
    if colon and how == "attribute":
        return Rule(name, "attribute", what)
    if colon and how == "query":
        return Rule(name, "query", what, documents=frozenset(searching.ids(corpus, what, annotator=annotator)))
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

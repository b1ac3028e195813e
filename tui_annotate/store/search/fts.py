"""Words of texts, as FTS5 finds them, and texts as they are given to it.

FTS5's unicode61 tells words apart by blanks and folds case and accents. What is written without blanks (Chinese,
Japanese, Thai, also Korean, whose particles stick to the words) and symbols such as emoji are given to it as a word
for each character, so that a word in such a text is found as the phrase of its characters: as a substring, exactly.
Texts are never altered, so the index keeps none of them (`content = ''`).
"""

from __future__ import annotations

import sqlite3
import unicodedata
from collections.abc import Iterable, Iterator, Mapping

import regex

TABLE = (
    "CREATE VIRTUAL TABLE {name} USING fts5(text, content = '',"
    " tokenize = \"unicode61 remove_diacritics 2 categories 'L* N* Co'\")"
)
_APART = regex.compile(
    r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}ー々〆〇ｰ\p{So}"
    r"\U0001F3FB-\U0001F3FF]"
)
_WORD = regex.compile(r"[\p{L}\p{N}\p{Co}]|" + _APART.pattern)
_SLICE = 1 << 17
"""Documents that one read looks for: a few milliseconds."""


def prepared(text: str) -> str:
    """Return a text as it is indexed and looked for."""
    if text.isascii():
        return text
    text = unicodedata.normalize("NFC", text)
    return _APART.sub(_as_word, text).encode("utf-8", "replace").decode()


def _as_word(match: regex.Match[str]) -> str:
    # A private character and the number: a word to every version of FTS5, and no word of a text.
    return f" \ue000{ord(match[0]):x} "


def is_apart(letter: str) -> bool:
    """Say whether a character is a word of its own."""
    return _APART.match(letter) is not None


def has_word(text: str) -> bool:
    """Say whether there is anything in a text that can be looked for."""
    return _WORD.search(text) is not None


def expression(text: str, *, prefix: bool) -> str:
    """Return words, one after the other, as FTS5 takes them; with `prefix` the last may go on."""
    whole = prepared(text).replace('"', " ").replace("\0", " ")
    return f'"{whole}"' + ("*" if prefix and not _ends_apart(text) else "")


def _ends_apart(text: str) -> bool:
    """Say whether the last character is a word of its own, which goes on anyway."""
    last = unicodedata.normalize("NFC", text)[-1:]
    return _APART.match(last) is not None


def add(db: sqlite3.Connection, texts: Iterable[tuple[int, str]], *, table: str = "search_text") -> None:
    """Index texts by document."""
    db.executemany(f"INSERT INTO {table}(rowid, text) VALUES (?, ?)", ((id, prepared(text)) for id, text in texts))


def remove(db: sqlite3.Connection, texts: Mapping[int, str]) -> None:
    """Take texts out of the index; they have to be those that were added."""
    sql = "INSERT INTO search_text(search_text, rowid, text) VALUES ('delete', ?, ?)"
    db.executemany(sql, ((id, prepared(text)) for id, text in texts.items()))


def merge(db: sqlite3.Connection, pages: int) -> bool:
    """Bring pieces of the index together, about so many pages of it; say whether there was anything to do."""
    before = db.total_changes
    db.execute("INSERT INTO search_text(search_text, rank) VALUES ('merge', ?)", (pages,))
    return db.total_changes - before >= 2


def slices(until: int) -> Iterator[tuple[int, int]]:
    """Yield ranges of documents, first and last, that are looked for in one read each."""
    for begin in range(0, until + 1, _SLICE):
        yield begin, min(begin + _SLICE - 1, until)


class Aside:
    """An index of a few texts in memory, for what is not indexed yet: the same words are found in it."""

    def __init__(self, texts: Mapping[int, str]) -> None:
        self._db = sqlite3.connect(":memory:", isolation_level=None)
        self._db.execute(TABLE.format(name="aside"))
        self._db.execute("BEGIN")
        add(self._db, texts.items(), table="aside")
        self._db.execute("COMMIT")

    def find(self, match: str) -> list[int]:
        """Return the documents that fit an FTS5 expression."""
        return [id for (id,) in self._db.execute("SELECT rowid FROM aside WHERE aside MATCH ?", (match,))]

    def close(self) -> None:
        """Forget it."""
        self._db.close()

"""What is drawn at random: which documents are held out, and which one comes when chance decides.

Who is held out follows from the text and the seed alone, so it is the same on every
machine, and equal texts are held out together: else a duplicate of a test document would be trained
on. Which document comes follows from the seed and how many were shown; no order is
stored, since keeping one made imports into large corpora several times slower.
"""

from __future__ import annotations

from hashlib import blake2b

from tui_annotate.store.connection import Corpus

_WINDOW = 2500
_TOP = 1 << 64


def is_held_out(text_hash: int, *, seed: int, share: float) -> bool:
    """Say whether a text belongs to the holdout."""
    return _draw(b"holdout", seed, text_hash.to_bytes(8, "big", signed=True)) < share * _TOP


def draw_row(*, seed: int, turn: int, attempt: int, top: int) -> int:
    """Draw a document's row, 1 to `top`, for the document shown after `turn` others."""
    content = turn.to_bytes(8, "big") + attempt.to_bytes(8, "big")
    return 1 + _draw(b"next", seed, content) % top


def is_mixed_in(*, seed: int, turn: int, share: float) -> bool:
    """Say whether the document shown after `turn` others is one drawn at random instead of one picked."""
    return _draw(b"mixed", seed, turn.to_bytes(8, "big")) < share * _TOP


def draw_again(corpus: Corpus, *, seed: int, share: float) -> None:
    """Draw the holdout anew among the pending documents, in short transactions."""
    after = 0
    while True:
        with corpus.reading() as db:
            pending = db.execute(
                "SELECT id, text_hash, holdout FROM document WHERE state = 0 AND id > ? ORDER BY id LIMIT ?",
                (after, _WINDOW),
            ).fetchall()
        marks = [(is_held_out(hash, seed=seed, share=share), id, held_out) for id, hash, held_out in pending]
        changed = [(mark, id) for mark, id, held_out in marks if mark != bool(held_out)]
        if changed:
            with corpus.transaction() as db:
                db.executemany("UPDATE document SET holdout = ? WHERE id = ? AND state = 0", changed)
        if len(pending) < _WINDOW:
            return
        after = pending[-1][0]


def _draw(purpose: bytes, seed: int, content: bytes) -> int:
    digest = blake2b(content, digest_size=8, salt=(seed % _TOP).to_bytes(8, "big"), person=purpose).digest()
    return int.from_bytes(digest, "big")

"""What is drawn at random: the order of pending documents, and which of them are held out.

Both follow from a document's content, its key and the seed, so they are the same on every
machine and do not change when documents are imported in another order. Equal texts
are held out together, or a duplicate of a test document would be trained on.
"""

from __future__ import annotations

from hashlib import blake2b

from tui_annotate.store.connection import Corpus

_WINDOW = 500
_TOP = 1 << 32


def is_held_out(text_hash: int, *, seed: int, share: float) -> bool:
    """Say whether a text belongs to the holdout."""
    return _draw(b"holdout", seed, text_hash.to_bytes(8, "big", signed=True)) < share * _TOP


def place_in_line(key: str, *, seed: int) -> int:
    """Return a document's place in the random order: 32 bits, ties go by row."""
    return _draw(b"order", seed, key.encode("utf-8", "surrogatepass"))


def draw_again(corpus: Corpus, *, seed: int, share: float) -> None:
    """Draw anew for every pending document, in short transactions."""
    after = 0
    while True:
        with corpus.transaction() as db:
            pending = db.execute(
                "SELECT id, key, text_hash FROM document WHERE state = 0 AND id > ? ORDER BY id LIMIT ?",
                (after, _WINDOW),
            ).fetchall()
            db.executemany(
                "UPDATE document SET shuffle = ?, holdout = ? WHERE id = ?",
                [
                    (place_in_line(key, seed=seed), is_held_out(hash, seed=seed, share=share), id)
                    for id, key, hash in pending
                ],
            )
        if len(pending) < _WINDOW:
            return
        after = pending[-1][0]


def _draw(purpose: bytes, seed: int, content: bytes) -> int:
    digest = blake2b(content, digest_size=4, salt=(seed % (1 << 64)).to_bytes(8, "big"), person=purpose).digest()
    return int.from_bytes(digest, "big")

"""The space of document labels: what all imported texts say about how texts here differ.

Blocks side by side: word 1-2-grams and character 2-4-grams (sublinear
TF-IDF), 1.5 times their 50 main directions, half of twelve columns about
the shape of the text, half of a block about how it begins and ends. Vocabulary, document frequencies and
directions are learned from the pool, so unlabelled text teaches too. Which words its texts have is kept as well:
an engine can guess their labels and learn from the guesses.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer

from tui_annotate.domain.documents import Document, text_hash
from tui_annotate.errors import LearnError
from tui_annotate.learn.engines.base import Progress, no_progress
from tui_annotate.learn.engines.files import (
    HINT,
    content_digest,
    load_arrays,
    pack_strings,
    save_arrays,
    unpack_strings,
)
from tui_annotate.learn.engines.linear import main_directions, unit

DIRECTIONS = 50
DIRECTIONS_WEIGHT = 1.5
SHAPE_WEIGHT = 0.5
LEAD_WEIGHT = 0.5
LONGEST = 50_000
"""Characters of a document that are looked at; what follows says little more about its label and costs as much."""
MOST_DOCUMENTS = 20_000
MOST_CHARACTERS = 3_000_000
MOST_FEATURES = 100_000
MOST_KEPT = 10_000
"""Texts of the pool whose words are kept."""
_LEAD_TOKEN = re.compile(r"\w+|\S")
_DIGITS = re.compile(r"\d{5,}")
_URL = re.compile(r"www\.|https?:|\.(?:com|org|net)\b", re.IGNORECASE)
_CURRENCY = re.compile(r"[£$€¥]")
_NAMES = ("words", "words_idf", "characters", "characters_idf", "leads", "leads_idf", "components", "mean", "spread")
_KEPT_NAMES = ("kept_words", "kept_ends", "kept_hashes")


def clean(text: str) -> str:
    """Return a text lower-cased with each run of white space as one space."""
    return " ".join(text[:LONGEST].lower().split())


def lead(text: str) -> list[str]:
    """Return what a cleaned text begins and ends with: placed first tokens, opening n-grams, last two tokens."""
    tokens = _LEAD_TOKEN.findall(text)
    first = [f"{place} {token}" for place, token in enumerate(tokens[:3])]
    return [*first, "2> " + " ".join(tokens[:2]), "3> " + " ".join(tokens[:3]), *("< " + t for t in tokens[-2:])]


def shape(text: str) -> list[float]:
    """Return twelve figures about the look of a text, each about 0..1."""
    text = text[:LONGEST]
    length = max(len(text), 1)
    words = text.split()
    digits = sum(map(str.isdigit, text))
    marks = sum(not c.isalnum() and not c.isspace() for c in text)
    return [
        np.log1p(len(text)) / 6,
        np.log1p(len(words)) / 4,
        digits / length,
        sum(map(str.isupper, text)) / length,
        marks / length,
        float(bool(_DIGITS.search(text))),
        float(bool(_URL.search(text))),
        float(bool(_CURRENCY.search(text))),
        min(text.count("!"), 5) / 5,
        min(text.count("?"), 5) / 5,
        sum(len(word) > 1 and word.isupper() for word in words) / max(len(words), 1),
        float(digits > 0),
    ]


@dataclass(frozen=True, slots=True)
class TextEncodings:
    """Documents as rows of a sparse matrix."""

    matrix: Any
    tokens: NDArray[np.int64]

    def __len__(self) -> int:
        return int(self.matrix.shape[0])

    def select(self, rows: Sequence[int]) -> TextEncodings:
        """Return those of the documents, in the order asked."""
        picked = np.asarray(rows, dtype=np.int64)
        return TextEncodings(self.matrix[picked], self.tokens[picked])

    def join(self, other: TextEncodings) -> TextEncodings:
        """Return these and then the others."""
        matrix = sp.vstack([self.matrix, other.matrix], format="csr")
        return TextEncodings(matrix, np.concatenate([self.tokens, other.tokens]))

    @property
    def size(self) -> int:
        """Bytes held, roughly."""
        return int(self.matrix.data.nbytes + self.matrix.indices.nbytes)


@dataclass(frozen=True)
class KeptTexts:
    """Texts of the pool by the words they have, in numbers of their columns."""

    words: NDArray[np.int32]
    """Of the first text, then of the second, and so on."""
    ends: NDArray[np.int64]
    """Where the words of each text end, with a zero before them."""
    hashes: NDArray[np.int64]
    """Hash of each text, so that one with a label is not taken for one without."""


NOTHING_KEPT = KeptTexts(np.zeros(0, dtype=np.int32), np.zeros(1, dtype=np.int64), np.zeros(0, dtype=np.int64))


@dataclass(frozen=True)
class TextSpace:
    """The vectorisers and directions, as learned or as read back."""

    words: TfidfVectorizer
    characters: TfidfVectorizer
    leads: TfidfVectorizer
    components: NDArray[np.float32]
    """Directions x n-gram columns."""
    mean: NDArray[np.float64]
    spread: NDArray[np.float64]
    kept: KeptTexts

    def encode(self, documents: Sequence[Document]) -> TextEncodings:
        """Return documents as rows."""
        texts = [document.text for document in documents]
        cleaned = [clean(text) for text in texts]
        if not texts:
            return TextEncodings(sp.csr_matrix((0, self.columns), dtype=np.float32), np.zeros(0, dtype=np.int64))
        grams = sp.hstack([self.words.transform(cleaned), self.characters.transform(cleaned)], format="csr")
        return self._stack(grams, texts, cleaned)

    @property
    def columns(self) -> int:
        """How many features a document has."""
        return int(self.components.shape[0] + self.components.shape[1] + len(self.mean) + len(self.leads.vocabulary_))

    @property
    def blocks(self) -> str:
        """What the features are, for the log of a training."""
        counts = {
            "words and word pairs": len(self.words.vocabulary_),
            "character 2-4-grams": len(self.characters.vocabulary_),
            "main directions": self.components.shape[0],
            "figures of shape": len(self.mean),
            "beginnings and ends": len(self.leads.vocabulary_),
        }
        return ", ".join(f"{count:,} {name}" for name, count in counts.items())

    @property
    def direction_columns(self) -> slice:
        """Where the main directions stand."""
        return slice(self.components.shape[1], self.components.shape[1] + self.components.shape[0])

    def outline(self, encodings: TextEncodings) -> NDArray[np.float64]:
        """Return main directions and shape alone, a dense row for each document: what it is like at large."""
        columns = slice(self.direction_columns.start, self.direction_columns.stop + len(self.mean))
        return np.asarray(encodings.matrix[:, columns].toarray(), dtype=np.float64)

    def unlabelled(self, labelled: Iterable[Document]) -> Any:
        """Return which words the kept texts have, those of these documents left out: as `words_of` returns them."""
        hashes = np.array([text_hash(document.text[:LONGEST]) for document in labelled], dtype=np.int64)
        kept = self.kept
        shape = (len(kept.hashes), len(self.words.vocabulary_))
        matrix = sp.csr_matrix((np.ones(len(kept.words), dtype=np.float32), kept.words, kept.ends), shape=shape)
        return matrix[~np.isin(kept.hashes, hashes)]

    def words_of(self, encodings: TextEncodings) -> Any:
        """Return which words and word pairs each document has: documents x words, of zeros and ones."""
        held = encodings.matrix[:, : len(self.words.vocabulary_)].tocsr()
        return sp.csr_matrix((np.ones(held.nnz, dtype=np.float32), held.indices, held.indptr), shape=held.shape)

    def _stack(self, grams: Any, texts: list[str], cleaned: list[str]) -> TextEncodings:
        directions = DIRECTIONS_WEIGHT * unit(grams @ self.components.T)
        look = np.array([shape(text) for text in texts])
        look = SHAPE_WEIGHT * (look - self.mean) / self.spread / np.sqrt(look.shape[1])
        blocks = [grams, directions, look, LEAD_WEIGHT * self.leads.transform(cleaned)]
        matrix = sp.hstack([sp.csr_matrix(block) for block in blocks], format="csr", dtype=np.float32)
        return TextEncodings(matrix, np.array([max(1, text.count(" ") + 1) for text in cleaned], dtype=np.int64))

    @cached_property
    def _arrays(self) -> dict[str, NDArray[Any]]:
        arrays: dict[str, NDArray[Any]] = {"components": self.components, "mean": self.mean, "spread": self.spread}
        kept = self.kept
        if len(kept.hashes):
            arrays.update(zip(_KEPT_NAMES, (kept.words, kept.ends, kept.hashes), strict=True))
        for name in ("words", "characters", "leads"):
            vectorizer = getattr(self, name)
            arrays[name] = pack_strings(sorted(vectorizer.vocabulary_, key=vectorizer.vocabulary_.__getitem__))
            arrays[name + "_idf"] = np.asarray(vectorizer.idf_)
        return arrays

    @cached_property
    def digest(self) -> str:
        """Equal for equal content."""
        return content_digest(self._arrays)

    def save(self, path: Path) -> None:
        """Write the space to an `.npz` file."""
        save_arrays(path, self._arrays)


def load_text_space(path: Path) -> TextSpace:
    """Read a space back; raises LearnError where the file is none or its arrays do not fit each other."""
    arrays = load_arrays(path, _NAMES)
    vectorizers = _vectorizers()
    try:
        for name, vectorizer in vectorizers.items():
            terms = unpack_strings(arrays[name])
            vectorizer.vocabulary = {term: column for column, term in enumerate(terms)}
            vectorizer.idf_ = arrays[name + "_idf"]
    except ValueError as error:
        raise LearnError(f"{path}: arrays that do not fit each other: {error}.", hint=HINT) from error
    grams = sum(len(vectorizers[name].vocabulary) for name in ("words", "characters"))
    figures = {name: arrays[name] for name in ("components", "mean", "spread")}
    if (
        figures["components"].ndim != 2
        or figures["components"].shape[1] != grams
        or any(figures[name].shape != (len(shape("")),) for name in ("mean", "spread"))
    ):
        raise LearnError(f"{path}: arrays that do not fit each other.", hint=HINT)
    kept = _load_kept(path, words=len(vectorizers["words"].vocabulary))
    return TextSpace(**vectorizers, **figures, kept=kept)


def _load_kept(path: Path, *, words: int) -> KeptTexts:
    try:
        kept = KeptTexts(*load_arrays(path, _KEPT_NAMES).values())
    except LearnError:
        return NOTHING_KEPT
    counted = len(kept.ends) == len(kept.hashes) + 1 and kept.ends[0] == 0 and kept.ends[-1] == len(kept.words)
    if not counted or (np.diff(kept.ends) < 0).any() or not ((kept.words >= 0) & (kept.words < words)).all():
        raise LearnError(f"{path}: the kept texts do not fit the words.", hint=HINT)
    return kept


def learn_text_space(pool: Iterable[Document], *, seed: int = 0, progress: Progress = no_progress) -> TextSpace:
    """Learn the space from texts; at most 20,000 documents and 3,000,000 characters of them are looked at."""
    texts = _sample(pool)
    progress(0.1, f"reading {len(texts):,} texts")
    cleaned = [clean(text) for text in texts]
    vectorizers = _vectorizers()
    words = _fit(vectorizers["words"], cleaned)
    grams = sp.hstack([words, _fit(vectorizers["characters"], cleaned)], format="csr")
    progress(0.6, "looking for the main directions of the texts")
    components = main_directions(grams, DIRECTIONS, seed=seed)
    _fit(vectorizers["leads"], cleaned)
    look = np.array([shape(text) for text in texts] or [shape("")])
    progress(1.0, "texts read")
    return TextSpace(
        **vectorizers,
        components=components,
        mean=look.mean(axis=0),
        spread=np.maximum(look.std(axis=0), 1e-3),
        kept=_kept(words.tocsr()[:MOST_KEPT], texts),
    )


def _kept(words: Any, texts: Sequence[str]) -> KeptTexts:
    hashes = [text_hash(text) for text in texts[: words.shape[0]]]
    ends = words.indptr.astype(np.int64)
    return KeptTexts(words.indices.astype(np.int32), ends, np.array(hashes, dtype=np.int64))


def _sample(pool: Iterable[Document]) -> list[str]:
    texts: list[str] = []
    room = MOST_CHARACTERS
    for document in pool:
        texts.append(document.text[: min(LONGEST, room)])
        room -= len(texts[-1])
        if len(texts) >= MOST_DOCUMENTS or room <= 0:
            break
    return texts


def _vectorizers() -> dict[str, TfidfVectorizer]:
    common = {"lowercase": False, "sublinear_tf": True, "dtype": np.float32, "max_features": MOST_FEATURES}
    return {
        "words": TfidfVectorizer(ngram_range=(1, 2), min_df=2, token_pattern=r"(?u)\b\w+\b", **common),
        "characters": TfidfVectorizer(analyzer="char", ngram_range=(2, 4), min_df=3, **common),
        "leads": TfidfVectorizer(analyzer=lead, min_df=2, **common),
    }


def _fit(vectorizer: TfidfVectorizer, texts: list[str]) -> Any:
    """Fit to a pool of any size: the least document frequency gives way where a small pool would leave nothing."""
    for least in (vectorizer.min_df, 1):
        vectorizer.set_params(min_df=least)
        try:
            return vectorizer.fit_transform(texts)
        except ValueError:
            continue
    vectorizer.fit(["no text"] if vectorizer.analyzer != "char" else ["no text at all"])
    return vectorizer.transform(texts) if texts else sp.csr_matrix((0, len(vectorizer.vocabulary_)), dtype=np.float32)

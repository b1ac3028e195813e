"""Loaded runs at work: suggestions for documents, and the pool in the order of what teaches most."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import scipy.sparse as sp

from tui_annotate.domain.annotations import Suggestion
from tui_annotate.domain.documents import Document
from tui_annotate.domain.scheme import ATTRIBUTES, ENTITIES, LABELS
from tui_annotate.errors import AnnotateError, LearnError
from tui_annotate.learn import acquisition, data, spaces
from tui_annotate.learn.engines.base import Model, Signals, no_progress
from tui_annotate.learn.engines.files import HINT, read_manifest
from tui_annotate.learn.engines.registry import engine, engine_for
from tui_annotate.learn.mentions import Mentions, Seen
from tui_annotate.learn.messages import Rank
from tui_annotate.learn.renamed import Renamed
from tui_annotate.learn.spaces import SPACE_FILE, Encoded
from tui_annotate.store import aliases, documents, runs, settings
from tui_annotate.store.connection import Corpus
from tui_annotate.store.queue import QueueEntry

Load = Callable[[Sequence[int]], dict[int, Document]]
MOST_CHARACTERS = 4_000_000
"""Of the pool that are scored in one ranking, at six to a token."""
REMEMBERED = 2_000
"""Documents of the last ranking's top that a new one looks at again where the pool is sampled."""
FRESH = 3_000
"""Documents that it draws beside those: each ranking sees others, and all of a large pool is seen in time."""
FIRST_ROUNDS, MOST_FIRST = 5, 100
"""Rounds of documents picked before there is a model, and documents of all of them at most."""
MOST_KNOWN = 200
"""Confirmed documents that these keep away from."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A run in memory."""

    run: str
    task: str
    model: Model
    encoded: Encoded


class Serving:
    """The loaded runs of a corpus; runs of one space share its encoded documents."""

    def __init__(self, corpus: Corpus) -> None:
        self.corpus = corpus
        self.loaded: dict[str, Loaded] = {}
        self._uncertain: list[int] = []
        self._rankings = 0
        """How many there were: each draws others of a large pool."""
        self._unfitted: tuple[str, Encoded] | None = None
        """Engine and documents encoded before any run is loaded."""

    def serve(self, wanted: dict[str, str]) -> dict[str, str]:
        """Load runs by task; returns what is loaded then.

        Raises:
            LearnError: A run cannot be loaded; what was loaded before stays.
        """
        loaded: dict[str, Loaded] = {}
        for task, run in wanted.items():
            known = self.loaded.get(task)
            if known is None or known.run != run:
                known = self._load(task, run, [*self.loaded.values(), *loaded.values()])
            loaded[task] = known
        self.loaded = loaded
        return {task: one.run for task, one in loaded.items()}

    def serve_what_loads(self, wanted: dict[str, str]) -> dict[str, str]:
        """Load runs by task; where one cannot be loaded the newest does that was deployed before it and still loads.

        Returns:
            Tasks whose run could not be loaded, each with the reason and with what serves instead.
        """
        loaded: dict[str, Loaded] = {}
        failed: dict[str, str] = {}
        for task, run in wanted.items():
            for name in (run, *runs.deployed_before(self.corpus, task)):
                known = self.loaded.get(task)
                try:
                    if known is None or known.run != name:
                        known = self._load(task, name, [*self.loaded.values(), *loaded.values()])
                except AnnotateError as error:
                    failed.setdefault(task, f"run {run} cannot be loaded: {error}")
                    continue
                loaded[task] = known
                break
            if task in failed:
                instead = f"Until then {loaded[task].run} suggests." if task in loaded else "Until then nothing does."
                failed[task] = f"{failed[task]} {instead}"
        self.loaded = loaded
        return failed

    def put(self, task: str, run: str, model: Model, encoded: Encoded) -> None:
        """Serve a model that is in memory already."""
        self.loaded[task] = Loaded(run, task, model, encoded)

    def _load(self, task: str, run: str, others: Sequence[Loaded]) -> Loaded:
        folder = runs.folder(self.corpus, run)
        manifest = read_manifest(folder)
        if aliases.of_run(self.corpus, run).task(manifest.task) != task:
            raise LearnError(f"{folder}: a model of {manifest.task!r}, not of {task!r}.", hint=HINT)
        factory = engine(manifest.engine)
        encoded = next((one.encoded for one in others if one.model.space.digest == manifest.space), None)
        if encoded is None and self._unfitted and self._unfitted[1].space.digest == manifest.space:
            encoded = self._unfitted[1]
        if encoded is None:
            encoded = Encoded(factory.load_space(folder / SPACE_FILE))
        return Loaded(run, task, Renamed(factory.load(folder, encoded.space), self.corpus, run), encoded)

    def predict(
        self,
        ids: Sequence[int],
        *,
        minimum: float | None = None,
        tasks: Sequence[str] = (),
        mentions: Mentions | None = None,
    ) -> Iterator[tuple[Loaded, dict[int, list[Suggestion]]]]:
        """Yield what each loaded run suggests; documents that do not exist are left out.

        Args:
            mentions: What runs of attributes judge, by document; None for every entity that the annotator will
                see: those that stand, those suggested, and those that the loaded runs predict.

        Raises:
            LearnError: A run could not predict, such as that of a script that died; those that can came before.
        """
        floor = settings.load(self.corpus).suggest_from if minimum is None else minimum
        seen = Seen(self.corpus, ids, mentions)
        first_error: LearnError | None = None
        for one in self._in_order():
            if not tasks or one.task in tasks:
                known, encodings = one.encoded.get(ids, self._texts)
                try:
                    found = one.model.predict(seen.about(encodings, known), run=one.run, minimum=floor)
                except LearnError as error:
                    first_error = first_error or error
                    continue
                seen.add(zip(known, found, strict=True))
                yield one, dict(zip(known, found, strict=True))
        if first_error is not None:
            raise first_error

    def _in_order(self) -> list[Loaded]:
        """Return the loaded runs, those of attributes last: they judge what the others find."""
        return sorted(self.loaded.values(), key=lambda one: one.task.startswith(ATTRIBUTES))

    def rank(self, command: Rank, *, between: Callable[[], bool] = lambda: True) -> list[QueueEntry] | None:
        """Return the most informative documents.

        Args:
            between: Called after each slice; False gives the ranking up.

        Returns:
            None when it was given up. Where no run is loaded: documents that stand for many others, if the scheme has
            a document label, else none.
        """
        if not self.loaded:
            return self._first(command, between)
        looked = self._look(command, between)
        if looked is None:
            return None
        ids, parts = looked
        if not ids or not parts:
            return []
        ranked = [self._rank_by(task, ids, signals, command) for task, signals in parts.items()]
        entries = ranked[0] if len(ranked) == 1 else _by_percentile(ranked)
        self._uncertain = [entry.document for entry in entries[:REMEMBERED]]
        return entries[: command.size]

    def _first(self, command: Rank, between: Callable[[], bool]) -> list[QueueEntry] | None:
        """Return the documents to begin with, before there is a model."""
        scheme = settings.scheme(self.corpus)
        task = next((f"{LABELS}{label.name}" for label in scheme.labels if label.kind != "text"), None)
        if task is None:
            return []
        factory = engine_for(task, scheme)
        if self._unfitted is None or self._unfitted[0] != factory.name:
            seed = settings.load(self.corpus).seed
            space, _ = spaces.current(self.corpus, factory, seed=seed, progress=no_progress)
            self._unfitted = (factory.name, Encoded(space))
        encoded = self._unfitted[1]
        outline = getattr(encoded.space, "outline", None)
        if outline is None:
            return []
        ids: list[int] = []
        rows = []
        for batch, load in self._candidates(command):
            known, encodings = encoded.get(batch, load)
            rows.append(outline(encodings))
            ids += known
            if not between():
                return None
        if not ids:
            return []
        _, encodings = encoded.get(data.taught(self.corpus, most=MOST_KNOWN), self._texts)
        size = min(command.size, FIRST_ROUNDS * command.n, MOST_FIRST)
        picks = acquisition.spread(np.concatenate(rows), outline(encodings), n=command.n, size=size, seed=command.seed)
        return [QueueEntry(ids[pick.row], pick.score, pick.reason, task) for pick in picks]

    def _look(self, command: Rank, between: Callable[[], bool]) -> tuple[list[int], dict[str, list[Signals]]] | None:
        """Return the documents looked at, and the signals of each task's run in pieces."""
        ids: list[int] = []
        parts: dict[str, list[Signals]] = {task: [] for task in self.loaded}
        room = MOST_CHARACTERS
        floor = settings.load(self.corpus).suggest_from
        judging = any(task.startswith(ATTRIBUTES) for task in self.loaded)
        for batch, load in self._candidates(command):
            known = batch
            seen = Seen(self.corpus, batch)
            for one in self._in_order():
                known, encodings = one.encoded.get(batch, load)
                if known and one.task in parts:
                    try:
                        parts[one.task].append(one.model.signals(seen.about(encodings, known)))
                    except LearnError as error:
                        # The order of the queue is worth less than the others' part in it.
                        logging.warning("%s is left out of the ranking: %s", one.run, error)
                        del parts[one.task]
                        continue
                    room -= 6 * int(parts[one.task][-1].tokens.sum()) // len(self.loaded)
                if known and judging and one.task == ENTITIES and one.task in parts:
                    seen.add(zip(known, one.model.predict(encodings, run=one.run, minimum=floor), strict=True))
            ids += known
            if not between():
                return None
            if room < 0:
                break
        return ids, parts

    def _candidates(self, command: Rank) -> Iterator[tuple[list[int], Load]]:
        """Yield what to look at and where its texts come from, what was uncertain before first.

        Where there is much text, the end may not be reached.
        """
        if command.documents is None:
            seed, sample = command.seed + self._rankings, FRESH if self._uncertain else 0
            self._rankings += 1
            for batch in data.pool(self.corpus, seed=seed, first=self._uncertain, sample=sample):
                yield list(batch), partial(_of, batch)
            return
        for begin in range(0, len(command.documents), data.PAGE):
            yield list(command.documents[begin : begin + data.PAGE]), self._texts

    def _rank_by(self, task: str, ids: Sequence[int], parts: Sequence[Signals], command: Rank) -> list[QueueEntry]:
        signals = parts[0] if len(parts) == 1 else _joined(parts)
        size = max(command.size, REMEMBERED) if len(self.loaded) == 1 else len(ids)
        picks = acquisition.pick(
            signals, strategy=command.strategy, size=size, n=command.n, seed=command.seed, task=task
        )
        return [QueueEntry(ids[pick.row], pick.score, pick.reason, task) for pick in picks]

    def _texts(self, ids: Sequence[int]) -> dict[int, Document]:
        return documents.load_some(self.corpus, ids)


def _of(held: dict[int, Document], ids: Sequence[int]) -> dict[int, Document]:
    return {id: held[id] for id in ids}


def _joined(parts: Sequence[Signals]) -> Signals:
    named = all(part.guess is not None and part.guess_prob is not None for part in parts)
    return Signals(
        margin=np.concatenate([part.margin for part in parts]),
        entropy=np.concatenate([part.entropy for part in parts]),
        confidence=np.concatenate([part.confidence for part in parts]),
        log_prob=np.concatenate([part.log_prob for part in parts]),
        tokens=np.concatenate([part.tokens for part in parts]),
        vectors=sp.vstack([part.vectors for part in parts], format="csr"),
        guess=np.concatenate([part.guess for part in parts if part.guess is not None]) if named else None,
        guess_prob=np.concatenate([part.guess_prob for part in parts if part.guess_prob is not None])
        if named
        else None,
        names=parts[0].names,
    )


def _by_percentile(ranked: Sequence[Sequence[QueueEntry]]) -> list[QueueEntry]:
    """Join the orders of several tasks: a document stands where it is most wanted."""
    best: dict[int, tuple[float, QueueEntry]] = {}
    for entries in ranked:
        for place, entry in enumerate(entries):
            percentile = 1 - place / len(entries)
            if entry.document not in best or percentile > best[entry.document][0]:
                best[entry.document] = (percentile, entry)
    ordered = sorted(best.values(), key=lambda pair: (-pair[0], pair[1].document))
    return [QueueEntry(e.document, percentile, e.reason, e.task) for percentile, e in ordered]

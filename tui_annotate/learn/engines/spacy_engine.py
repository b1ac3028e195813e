"""Entities by a spaCy pipeline: `ner` for those that do not overlap, `spancat` for those that do.

It is for the last mile and for export: slower to train than the CRF, and a model that spaCy loads by itself.
Space and sentences are those of the CRF, so a corpus that uses both encodes its documents once.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from spacy.about import __version__ as SPACY
from spacy.util import logger

from tui_annotate.domain.annotations import Suggestion
from tui_annotate.domain.documents import Document
from tui_annotate.domain.scheme import ENTITIES, Scheme
from tui_annotate.domain.spans import Span
from tui_annotate.errors import LearnError, TooFewExamplesError
from tui_annotate.learn.engines import spacy_files, spacy_loop
from tui_annotate.learn.engines.base import Example, FitReport, Progress, Signals
from tui_annotate.learn.engines.files import HINT, VERSION, Manifest, read_manifest, read_parameters, write_manifest
from tui_annotate.learn.engines.sentences import Sentence, WordEncodings
from tui_annotate.learn.engines.spacy_gold import Kind, Lessons, read
from tui_annotate.learn.engines.spacy_kinds import Finder, Found
from tui_annotate.learn.engines.spacy_pipeline import Start, start
from tui_annotate.learn.engines.wordspace import WordSpace, learn_word_space, load_word_space
from tui_annotate.learn.parameters import SpacyParameters

ROOM = 2
"""Words that an entity may be longer than the longest of the gold."""
MOST_REACH = 30
"""Words of the longest entity that `ner` is asked about."""
MOST_SIZE = 12
"""Words of the longest candidate of `spancat`: each length costs as much as all the words."""
_SIZES_OF = 0.995
"""Share of the gold's entities whose lengths `spancat` looks at."""

logger.setLevel("ERROR")


class SpacyModel:
    """A trained pipeline."""

    def __init__(self, finder: Finder, space: WordSpace, report: FitReport, *, lines: Sequence[str] = ()) -> None:
        self.finder = finder
        self.space = space
        self.report = report
        self.lines = tuple(lines)
        """One for each pass of the training."""

    @property
    def architecture(self) -> str:
        """What the pipeline is made of, as its config says."""
        nlp = self.finder.nlp
        parts = [f"spaCy {SPACY}, language {nlp.lang}, pipeline {', '.join(nlp.pipe_names)}"]
        for name, pipe in nlp.pipeline:
            weights = sum(
                int(np.prod(layer.get_param(param).shape))
                for layer in pipe.model.walk()
                for param in layer.param_names
                if layer.has_param(param)
            )
            parts.append(f"{name}: {nlp.get_pipe_meta(name).factory}, {weights:,} weights")
        vectors = nlp.vocab.vectors
        if len(vectors):
            parts.append(f"vectors: {vectors.shape[0]:,} of {vectors.shape[1]}, {vectors.name}")
        return "\n".join(parts)

    def predict(self, encodings: WordEncodings, *, run: str = "", minimum: float = 0.3) -> list[list[Suggestion]]:
        """Return the spans whose probability is `minimum` or more, in reading order."""
        who = (f"ml:{run}",) if run else ()
        rows, sentences = _flat(encodings)
        suggestions: list[list[Suggestion]] = [[] for _ in range(len(encodings))]
        for row, sentence, found in zip(rows, sentences, self.finder.spans(sentences, minimum=minimum), strict=True):
            suggestions[row].extend(_suggestion(one, sentence, run, who) for one in found)
        return suggestions

    def signals(self, encodings: WordEncodings) -> Signals:
        """Return how sure the model is; an answer is what a word is, or for `spancat` what a candidate is."""
        size = len(encodings)
        margin, entropy, log_prob = np.ones(size), np.zeros(size), np.zeros(size)
        rows, sentences = _flat(encodings)
        for row, found in zip(rows, self.finder.certainty(sentences), strict=True):
            margin[row] = min(margin[row], found.margin)
            entropy[row] += found.entropy
            log_prob[row] += found.log_prob
        tokens = np.array([sum(len(s.words) for s in document) for document in encodings.documents], dtype=np.int64)
        vectors = _bags(self.space, encodings)
        return Signals(margin, entropy / np.maximum(tokens, 1), np.exp(log_prob), log_prob, tokens, vectors)

    def save(self, folder: Path) -> None:
        """Write spaCy's own directory and the manifest, which has a checksum of each of its files."""
        files = spacy_files.save(self.finder.nlp, folder)
        details = {
            "kind": self.finder.kind,
            "component": self.finder.name,
            "types": sorted(self.finder.types),
            "longest": self.finder.longest,
            "temperature": self.finder.temperature,
            "spacy": SPACY,
        }
        engine = ENGINES[self.finder.kind].name
        write_manifest(
            folder, Manifest(VERSION, engine, ENTITIES, self.space.digest, dict.fromkeys(files, ""), details)
        )


class SpacyEngine:
    """Learns the entity types of a scheme."""

    def __init__(self, scheme: Scheme, space: WordSpace, kind: Kind) -> None:
        self.space = space
        self.kind: Kind = kind
        self._types = tuple(entity.name for entity in scheme.entities)
        self._overlapping = tuple(entity.name for entity in scheme.entities if entity.overlapping)
        self._warm: SpacyModel | None = None

    def warm_start(self, model: SpacyModel) -> None:
        """Go on from a model in the next `fit`; it must not be used for anything else then."""
        self._warm = model

    def fit(
        self,
        gold: Sequence[Example],
        encodings: WordEncodings,
        *,
        parameters: Mapping[str, Any],
        seed: int,
        progress: Progress,
    ) -> SpacyModel:
        """Fit on all gold, in as many passes as are asked for; see `Engine.fit`."""
        return self._fit(gold, encodings, None, parameters=parameters, seed=seed, progress=progress)

    def fit_validated(
        self,
        gold: Sequence[Example],
        encodings: WordEncodings,
        *,
        validation: tuple[Sequence[Example], WordEncodings],
        parameters: Mapping[str, Any],
        seed: int,
        progress: Progress,
    ) -> SpacyModel:
        """Fit on gold until the validation part, which is not learned, gains no more; keep the best state."""
        return self._fit(gold, encodings, validation, parameters=parameters, seed=seed, progress=progress)

    def _fit(
        self,
        gold: Sequence[Example],
        encodings: WordEncodings,
        validation: tuple[Sequence[Example], WordEncodings] | None,
        *,
        parameters: Mapping[str, Any],
        seed: int,
        progress: Progress,
    ) -> SpacyModel:
        options: SpacyParameters = read_parameters(SpacyParameters, parameters)
        lessons = read(gold, encodings, self._types, self.kind)
        if not lessons.counts:
            raise TooFewExamplesError(
                f"Entities: {len(gold)} confirmed documents hold none of the scheme's types; nothing to learn.",
                hint="Mark a few entities and confirm.",
            )
        began = time.perf_counter()
        progress(0.0, "making the pipeline")
        begun, warm_notes = self._start(lessons, options, parameters, _language(gold))
        sizes = _sizes(lessons)
        reach = min(lessons.longest + ROOM, MOST_REACH)
        finder = Finder(begun.nlp, begun.name, self.kind, longest=reach, types=sorted(lessons.counts))
        held = read(validation[0], validation[1], self._types, self.kind) if validation else None
        progress(0.0, f"training {begun.name} from {begun.origin} on {len(lessons.sentences):,} sentences")
        outcome = spacy_loop.train(begun, finder, lessons, options, validation=held, seed=seed, progress=progress)
        notes = [f"Began with {begun.origin}.", *warm_notes, *begun.notes, *lessons.notes]
        notes += self._lost(lessons, sizes)
        if held:
            notes.append(
                f"Kept pass {outcome.best} of {outcome.passes}, the best on the validation part; probabilities"
                f" fitted to it (temperature {finder.temperature:g})."
            )
        else:
            notes.append(f"No validation part: probabilities by the usual temperature, {finder.temperature:g}.")
        progress(1.0, f"trained in {time.perf_counter() - began:.1f} s")
        report = FitReport(len(gold), dict(lessons.counts), tuple(notes))
        return SpacyModel(finder, self.space, report, lines=outcome.lines)

    def _start(
        self, lessons: Lessons, options: SpacyParameters, given: Mapping[str, Any], language: str
    ) -> tuple[Start, list[str]]:
        begun = start(
            self.kind,
            options,
            given,
            language=language,
            types=sorted(lessons.counts),
            sizes=_sizes(lessons),
            space=self.space,
            words=sorted({word for sentence in lessons.sentences for word in sentence.words}),
        )
        warm, self._warm = self._warm, None
        if warm is None:
            return begun, ["Warm start: no run of this engine to go on from."] if options.rehearse else []
        known = set(warm.finder.component.labels)
        if self.kind == "spancat" and not known >= lessons.counts.keys():
            return begun, ["Warm start: the deployed run lacks types of the gold; learned from the beginning."]
        begun.nlp, begun.name, begun.fresh = warm.finder.nlp, warm.finder.name, ()
        begun.origin = "the deployed run"
        return begun, []

    def _lost(self, lessons: Lessons, sizes: Sequence[int]) -> list[str]:
        lengths = [end - first for spans in lessons.marked for first, end, _ in spans]
        if self.kind == "ner":
            beyond = sum(length > MOST_REACH for length in lengths)
            said = (
                [f"{beyond:,} entities are longer than {MOST_REACH} words; none so long is suggested."]
                if beyond
                else []
            )
            if self._overlapping:
                named = ", ".join(self._overlapping)
                said.append(
                    f"{named}: declared overlapping, learned as if not. The engine spacy-spancat learns overlaps."
                )
            return said
        beyond = sum(length not in sizes for length in lengths)
        return [f"{beyond:,} entities are longer than {max(sizes)} words and cannot be found."] if beyond else []


def _sizes(lessons: Lessons) -> list[int]:
    """Return the lengths of entities that are worth looking at: all up to one that covers nearly all of the gold."""
    lengths = Counter(end - first for spans in lessons.marked for first, end, _ in spans)
    covered, wanted = 0, _SIZES_OF * lengths.total()
    for length in sorted(lengths):
        covered += lengths[length]
        if covered >= wanted or length >= MOST_SIZE:
            return list(range(1, min(length, MOST_SIZE) + 1))
    return [1]


def _language(gold: Sequence[Example]) -> str:
    """Return the language that most of the documents are in; empty where they say none."""
    said = Counter(example.document.language for example in gold if example.document.language)
    return said.most_common(1)[0][0] if said else ""


def _flat(encodings: WordEncodings) -> tuple[list[int], list[Sentence]]:
    rows = [row for row, document in enumerate(encodings.documents) for _ in document]
    return rows, [sentence for document in encodings.documents for sentence in document]


def _suggestion(found: Found, sentence: Sentence, run: str, who: tuple[str, ...]) -> Suggestion:
    where = Span(sentence.part, sentence.starts[found.first], sentence.ends[found.end - 1])
    prob = round(found.prob, 4)
    return Suggestion("entity", found.label, (where,), prob=prob, who=who, source="run", run=run, other=found.other)


def _bags(space: WordSpace, encodings: WordEncodings) -> Any:
    """Return the words of each document, rare ones weighing more; words that the pool lacks are left out."""
    rows, sentences = _flat(encodings)
    counts = space.counts
    lines = np.repeat(rows, [len(sentence.words) for sentence in sentences]) if rows else np.zeros(0, np.int64)
    places = space.rows([word for sentence in sentences for word in sentence.words])
    met = places >= 0
    shape = (len(encodings), max(len(counts), 1))
    bags = sp.csr_matrix((np.ones(int(met.sum())), (lines[met], places[met])), shape=shape)
    bags.data = np.log(1 + counts.sum() / np.maximum(counts[bags.indices], 1))
    return bags


class SpacyEngines:
    """The registered factory."""

    kind: Kind = "ner"
    name = "spacy-ner"
    description = "entities: a spaCy pipeline with `ner`; for entities that do not overlap"

    def handles(self, task: str, scheme: Scheme) -> bool:
        """Say whether the task is entities and the scheme has types."""
        return task == ENTITIES and bool(scheme.entities)

    def learn(self, pool: Iterable[Document], *, seed: int, progress: Progress) -> WordSpace:
        """Learn the space from texts."""
        return learn_word_space(pool, seed=seed, progress=progress)

    def load_space(self, path: Path) -> WordSpace:
        """Read a space back; raises LearnError."""
        return load_word_space(path)

    def create(self, task: str, scheme: Scheme, space: WordSpace) -> SpacyEngine:
        """Make the engine of a scheme's entity types."""
        return SpacyEngine(scheme, space, self.kind)

    def load(self, folder: Path, space: WordSpace) -> SpacyModel:
        """Read a model back; raises LearnError when anything about it is wrong."""
        manifest = read_manifest(folder, engine=self.name)
        if manifest.space != space.digest:
            raise LearnError(f"{folder}: the model was fitted in another space than the one beside it.", hint=HINT)
        nlp = spacy_files.load(folder, manifest)
        try:
            name, types, longest = (manifest.details[key] for key in ("component", "types", "longest"))
            finder = Finder(nlp, str(name), self.kind, longest=int(longest), types=[str(one) for one in types])
            finder.temperature = min(max(float(manifest.details["temperature"]), 0.1), 10.0)
            if not set(finder.types) <= set(finder.component.labels):
                raise LearnError(f"{folder}: the pipeline lacks types that its description has.", hint=HINT)
        except (KeyError, TypeError, ValueError) as error:
            raise LearnError(f"{folder / 'model.json'}: does not fit the pipeline: {error}.", hint=HINT) from error
        return SpacyModel(finder, space, FitReport(0))


class SpancatEngines(SpacyEngines):
    """The registered factory for overlapping entities."""

    kind: Kind = "spancat"
    name = "spacy-spancat"
    description = "entities: a spaCy pipeline with `spancat`; for entities that overlap"


ENGINES: Mapping[Kind, type[SpacyEngines]] = {"ner": SpacyEngines, "spancat": SpancatEngines}

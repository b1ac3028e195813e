"""The engine `custom`: a user's own Python file learns and answers, each in a process of its own.

The file defines two functions:

    def train(examples, parameters, folder, progress): ...   # fits, and writes a model into `folder`
    def load(folder): ...                                    # returns something with `predict(texts)`

What it does wrong stays its own: it may raise, hang, print, crash or answer nonsense. A run keeps a copy of the file
with its checksum, and an altered one is refused. See the guide, docs/engines.md, for worked examples.
"""

from __future__ import annotations

import ast
import logging
import shutil
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import numpy as np
import scipy.sparse as sp

from tui_annotate.domain.annotations import Suggestion
from tui_annotate.domain.documents import Document
from tui_annotate.domain.scheme import Scheme
from tui_annotate.domain.tokens import tokenize
from tui_annotate.errors import LearnError, ParameterError, UsageError
from tui_annotate.learn.engines.base import Example, FitReport, Mention, Progress, Signals
from tui_annotate.learn.engines.custom_answers import Answer, Question, Reader, checked, examples_of, mention
from tui_annotate.learn.engines.custom_process import ScriptProcess
from tui_annotate.learn.engines.files import HINT, VERSION, Manifest, checksum, read_manifest, write_manifest
from tui_annotate.learn.parameters import CustomParameters

SCRIPT, FILES, OUTPUT = "script.py", "files", "output.txt"
"""In a run's folder: the copy of the script, what it wrote, what it printed while it trained."""
LOADING = 120.0
"""Seconds in which a script has to load its model; libraries of deep learning take some."""
ANSWERING = 20.0
"""Seconds in which it has to answer a few documents; and so many more for each:"""
PER_TEXT = 0.5
AT_ONCE = 32
"""Texts given to it at once, so that a hang is noticed soon."""
TRIED = 20
"""Documents of the gold on which a new model is tried before the run counts as made."""
_BUCKETS = 1 << 16


@dataclass(frozen=True, slots=True)
class CustomEncodings:
    """Documents as they are, with the entities that an attribute is asked of."""

    documents: tuple[Document, ...]
    mentions: tuple[tuple[Mention, ...], ...]

    def __len__(self) -> int:
        return len(self.documents)

    def about(self, mentions: Sequence[Sequence[Mention]]) -> CustomEncodings:
        """Return the same documents with these entities to judge."""
        return CustomEncodings(self.documents, tuple(tuple(one) for one in mentions))

    def select(self, rows: Sequence[int]) -> CustomEncodings:
        """Return those of the documents, in the order asked."""
        return CustomEncodings(tuple(self.documents[r] for r in rows), tuple(self.mentions[r] for r in rows))

    def join(self, other: CustomEncodings) -> CustomEncodings:
        """Return these and then the others."""
        return CustomEncodings(self.documents + other.documents, self.mentions + other.mentions)

    @property
    def size(self) -> int:
        """Bytes held, roughly."""
        return sum(200 + 2 * len(document.text) for document in self.documents)


class CustomSpace:
    """Nothing: a script learns from the gold alone, or from what it reads itself."""

    digest = "of no texts"

    def encode(self, documents: Sequence[Document]) -> CustomEncodings:
        """Return the documents themselves."""
        return CustomEncodings(tuple(documents), ((),) * len(documents))

    def save(self, path: Path) -> None:
        """Write a file that says so."""
        path.write_bytes(b"custom\n")


class CustomModel:
    """A script with what it learned; it answers from a process of its own, which is started again once if it dies."""

    def __init__(
        self,
        question: Question,
        folder: Path,
        limits: CustomParameters,
        report: FitReport | None = None,
        *,
        held: TemporaryDirectory[str] | None = None,
        output: str = "",
    ) -> None:
        """Take a model.

        Args:
            folder: With the script and the folder of its files.
            held: The folder, where it goes with the model.
            output: What the script printed while it trained.
        """
        self.space = CustomSpace()
        self.question = question
        self.report = report or FitReport(0)
        self.output = output
        self._folder = folder
        self._limits = limits
        self._held = held
        self._process: ScriptProcess | None = None
        self._deaths = 0

    @property
    def architecture(self) -> str:
        """Which script it is."""
        return f"{SCRIPT}, SHA-256 {checksum(self._folder / SCRIPT)}"

    def start(self) -> None:
        """Start the script's process and have it load its model; raises LearnError."""
        if self._process is not None and self._process.alive:
            return
        if self._deaths > 1:
            raise LearnError(
                "The script has died or hung twice while predicting, so it is not asked any more.",
                hint="Mend it and train again, or deploy another run.",
            )
        process = ScriptProcess(
            self._folder / SCRIPT,
            self._folder / FILES,
            memory=self._limits.memory_limit,
            held=None if self._held is None else self._folder,
        )
        process.load(seconds=LOADING)
        self._process = process

    def predict(self, encodings: CustomEncodings, *, run: str = "", minimum: float = 0.3) -> list[list[Suggestion]]:
        """Return what the script suggests; what makes no sense is left out and counted in the log."""
        return [answer.suggestions for answer in self.answers(encodings, run=run, minimum=minimum)]

    def signals(self, encodings: CustomEncodings) -> Signals:
        """Return how sure the script is; an answer is a label, an entity that it found, or an attribute of one."""
        size = len(encodings)
        margin, entropy, log_prob = np.ones(size), np.zeros(size), np.zeros(size)
        for row, answer in enumerate(self.answers(encodings, run="", minimum=0.0)):
            for probs in answer.probs:
                given = np.clip(np.sort(np.array(probs, dtype=np.float64)), 1e-9, 1.0)
                given /= given.sum()
                margin[row] = min(margin[row], given[-1] - given[-2] if len(given) > 1 else 1.0)
                entropy[row] -= float((given * np.log(given)).sum()) / len(answer.probs)
                log_prob[row] += float(np.log(given[-1]))
        vectors, tokens = _bags(encodings.documents)
        return Signals(margin, entropy, np.exp(log_prob), log_prob, tokens, vectors)

    def answers(self, encodings: CustomEncodings, *, run: str, minimum: float) -> list[Answer]:
        """Return the script's answers to some documents; raises LearnError."""
        reader = Reader(self.question)
        found: list[Answer] = []
        asked = [[one for one in row if self.takes(one)] for row in encodings.mentions]
        for begin in range(0, len(encodings), AT_ONCE):
            documents, mentions = encodings.documents[begin : begin + AT_ONCE], asked[begin : begin + AT_ONCE]
            given = self.ask(documents, mentions)
            for one, document, about in zip(given, documents, mentions, strict=True):
                found.append(reader.read(one, document, about, run=run, minimum=minimum))
        for note in reader.notes():
            logging.warning("script: %s", note)
        return found

    def takes(self, asked: Mention) -> bool:
        """Say whether an entity takes the attribute."""
        return not self.question.on or asked[0] in self.question.on

    def ask(self, documents: Sequence[Document], mentions: Sequence[Sequence[Mention]]) -> list[Any]:
        """Return the script's own answers, one for each document; raises LearnError."""
        arguments: list[Any] = [[document.text for document in documents]]
        if self.question.judges:
            if not any(mentions):
                return [{"entities": []} for _ in documents]
            arguments.append([[mention(d, one) for one in about] for d, about in zip(documents, mentions, strict=True)])
        self.start()
        assert self._process is not None
        try:
            given = self._process.predict(arguments, seconds=ANSWERING + PER_TEXT * len(documents))
        except LearnError:
            self._deaths += not self._process.alive
            raise
        return checked(given, len(documents))

    def save(self, folder: Path) -> None:
        """Write the script, its files, what it printed, and the manifest with a checksum of each."""
        shutil.copyfile(self._folder / SCRIPT, folder / SCRIPT)
        shutil.copytree(self._folder / FILES, folder / FILES, symlinks=False)
        (folder / OUTPUT).write_text(self.output, "utf-8")
        files = [SCRIPT, OUTPUT, *_files(folder)]
        details = {
            "question": msgspec.to_builtins(self.question),
            "limits": msgspec.to_builtins(self._limits),
            "runs_code": True,
        }
        manifest = Manifest(
            VERSION, CustomEngines.name, self.question.task, self.space.digest, dict.fromkeys(files, ""), details
        )
        write_manifest(folder, manifest)


class CustomEngine:
    """Learns one task by a script."""

    def __init__(self, question: Question, scheme: Scheme) -> None:
        self.question = question
        self._scheme = scheme

    def fit(
        self,
        gold: Sequence[Example],
        encodings: CustomEncodings,
        *,
        parameters: Mapping[str, Any],
        seed: int,
        progress: Progress,
    ) -> CustomModel:
        """Run the script's `train` on all gold, then try its `load` and `predict` on a few of the documents.

        Args:
            parameters: `script` names the file; `time_limit` and `memory_limit` are ours; the script gets the
                others, and `seed`.
        """
        script, limits, own = _parameters(parameters)
        rows, counts, notes = examples_of(self.question, self._scheme, gold)
        with ExitStack() as undo:
            held = TemporaryDirectory(prefix="tui-annotate-model-")
            undo.callback(held.cleanup)
            folder = Path(held.name)
            (folder / FILES).mkdir()
            (folder / SCRIPT).write_bytes(script)
            with closing(
                ScriptProcess(folder / SCRIPT, folder / FILES, memory=limits.memory_limit, held=folder)
            ) as made:
                progress(0.0, f"the script trains on {len(rows):,} documents")
                made.train(
                    rows,
                    {"task": self.question.task, "values": self.question.values, "seed": seed, **own},
                    seconds=60 * limits.time_limit,
                    progress=lambda share, message: progress(0.9 * share, message),
                )
            report = FitReport(len(rows), dict(counts), (*notes, *self._said(made)))
            model = CustomModel(self.question, folder, limits, report, held=held, output=made.output.text)
            progress(0.9, "trying the script's model")
            model.report = FitReport(len(rows), dict(counts), (*report.notes, *self._tried(model, gold, encodings)))
            undo.pop_all()
        progress(1.0, "the script has trained")
        return model

    def _said(self, process: ScriptProcess) -> list[str]:
        if not process.output.total:
            return []
        lines = process.output.text.splitlines()
        return [
            f"The script printed {process.output.total:,} bytes, kept in {OUTPUT}; the last line: {lines[-1][:200]}"
        ]

    def _tried(self, model: CustomModel, gold: Sequence[Example], encodings: CustomEncodings) -> list[str]:
        """Return what its answers to documents of the gold are worth; raises LearnError where it has none."""
        rows = range(min(TRIED, len(encodings)))
        reader = Reader(self.question)
        known = encodings.select(rows)
        if self.question.judges:
            known = known.about([[(e.type, e.spans) for e in gold[row].annotations.entities.values()] for row in rows])
        model.start()
        asked = [[one for one in about if model.takes(one)] for about in known.mentions]
        given = model.ask(known.documents, asked)
        understood = [
            reader.read(one, document, about, run="", minimum=0.0)
            for one, document, about in zip(given, known.documents, asked, strict=True)
        ]
        notes = [f"Tried on {len(rows)} documents: {note}" for note in reader.notes()]
        if notes and not any(answer.probs for answer in understood):
            raise LearnError(
                f"Of what the script's predict gave for {len(rows)} documents nothing could be used. {' '.join(notes)}",
                hint="The guide shows what it is to return: docs/engines.md.",
            )
        return notes


def _parameters(given: Mapping[str, Any]) -> tuple[bytes, CustomParameters, dict[str, Any]]:
    """Return the script, our limits, and the parameters that are the script's own; raises ParameterError."""
    named = str(given.get("script", ""))
    if not named:
        raise ParameterError("The engine custom needs a script.", hint="Name one: --script FILE.")
    path = Path(named).expanduser()
    try:
        source = path.read_bytes()
        tree = ast.parse(source, filename=path.name)
    except OSError as error:
        raise ParameterError(f"{path}: the script cannot be read: {error.strerror}.") from error
    except (SyntaxError, ValueError) as error:
        raise ParameterError(f"{path}: the script is no Python: {error}.", hint="Nothing was run.") from error
    defined = {node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    defined |= {
        alias.asname or alias.name for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    missing = [name for name in ("train", "load") if name not in defined]
    if missing:
        raise ParameterError(
            f"{path}: the script defines no {' and no '.join(missing)}.",
            hint="It needs `def train(examples, parameters, folder, progress)` and `def load(folder)`.",
        )
    ours = {name: value for name, value in given.items() if name in CustomParameters.__struct_fields__}
    try:
        limits = msgspec.convert(ours, CustomParameters, strict=False)
    except msgspec.ValidationError as error:
        raise ParameterError(f"Parameter out of range: {error}.") from error
    own = {name: value for name, value in given.items() if name not in ours and name != "script"}
    return source, limits, own


def _files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in (folder / FILES).rglob("*") if path.is_file())


def _bags(documents: Sequence[Document]) -> tuple[Any, Any]:
    """Return the words of each document by hash, rare ones weighing as any, and how many there are."""
    rows: list[int] = []
    columns: list[int] = []
    tokens = []
    known: dict[str, int] = {}
    for row, document in enumerate(documents):
        words = [token.text.lower() for token in tokenize(document.text)]
        tokens.append(len(words))
        for word in set(words):
            if word not in known:
                digest = blake2b(word.encode("utf-8", "surrogatepass"), digest_size=4).digest()
                known[word] = int.from_bytes(digest, "big") % _BUCKETS
            rows.append(row)
            columns.append(known[word])
    data = np.ones(len(rows))
    return sp.csr_matrix((data, (rows, columns)), shape=(len(documents), _BUCKETS)), np.array(tokens, dtype=np.int64)


class CustomEngines:
    """The registered factory."""

    name = "custom"
    description = "any task: a Python file of yours"

    def handles(self, task: str, scheme: Scheme) -> bool:
        """Say whether the scheme has the task."""
        try:
            Question.of(task, scheme)
        except UsageError:
            return False
        return True

    def learn(self, pool: Iterable[Document], *, seed: int, progress: Progress) -> CustomSpace:
        """Learn nothing; the texts are not even read."""
        return CustomSpace()

    def load_space(self, path: Path) -> CustomSpace:
        """Return the space; its file says nothing."""
        return CustomSpace()

    def create(self, task: str, scheme: Scheme, space: CustomSpace) -> CustomEngine:
        """Make the engine of a task; raises UsageError for one that the scheme lacks."""
        return CustomEngine(Question.of(task, scheme), scheme)

    def load(self, folder: Path, space: CustomSpace) -> CustomModel:
        """Read a run back and start its script.

        Raises:
            LearnError: A file was altered or is gone, or the script does not load its model.
        """
        manifest = read_manifest(folder, engine=self.name)
        strange = set(_files(folder)) - manifest.files.keys()
        if SCRIPT not in manifest.files or strange:
            named = folder / (min(strange) if strange else SCRIPT)
            raise LearnError(f"{named}: not written with the run, so its script is not run.", hint=HINT)
        try:
            question = msgspec.convert(manifest.details.get("question"), Question)
            limits = msgspec.convert(manifest.details.get("limits"), CustomParameters)
        except msgspec.ValidationError as error:
            raise LearnError(f"{folder / 'model.json'}: {error}.", hint=HINT) from error
        model = CustomModel(question, folder, limits)
        model.start()
        return model

"""Attaching: a run of another corpus, or an exported one, is put to use here.

Its folder is copied, loaded once by a learning process to see that it is whole, and entered into the registry. It
is not deployed by that. Its figures were measured elsewhere, and are kept as such.
"""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import msgspec

from tui_annotate.domain.scheme import ENTITIES, LABELS, Choice, DocumentLabel, EntityType, LabelKind, Scheme
from tui_annotate.errors import AnnotateError, LearnError, StoreError, UsageError
from tui_annotate.keymaps import keeping
from tui_annotate.services.loading import load_once
from tui_annotate.services.run_export import NOT_COPIED, SCRIPTS
from tui_annotate.store import rows, runs, settings
from tui_annotate.store.connection import Corpus
from tui_annotate.store.runs import RunRow


@dataclass(frozen=True, slots=True)
class Source:
    """A run that lies somewhere else."""

    folder: Path
    """With `model.json` and the model's files."""
    row: RunRow
    """As its own corpus has it, or as the export describes it."""
    where: str


@dataclass(frozen=True, slots=True)
class Attached:
    """What attaching did."""

    run: RunRow
    added: tuple[str, ...]
    """Entity types that the model has and the scheme lacked."""


class _Described(msgspec.Struct):
    """`run.json` of an export."""

    run: str
    task: str
    engine: str
    documents: int = 0


class _Details(msgspec.Struct):
    kind: LabelKind
    values: list[str | bool]


class _Model(msgspec.Struct):
    """`model.json` of a document label, as far as it is looked at here."""

    details: _Details


def find(source: Path, run: str = "") -> Source:
    """Return a run of another corpus file, or of a folder that `runs export` wrote.

    Raises:
        UsageError: There is no such file, folder or run, or several to choose from.
    """
    if source.is_dir():
        return _exported(source)
    if not source.is_file():
        raise UsageError(f"There is nothing at {source}.", hint="Name another corpus file, or an exported run.")
    with Corpus.open(source, readonly=True) as corpus:
        if not run:
            deployed = list(runs.deployed(corpus).values())
            if len(deployed) != 1:
                named = ", ".join(row.name for row in runs.all(corpus) if row.state == "finished")
                raise UsageError(f"Say which run of {source}.", hint=f"It has {named}." if named else "It has none.")
            run = deployed[0].name
        row = runs.get(corpus, run)
        if row.state != "finished":
            raise UsageError(f"Run {run} {row.state}, it has no model to attach.")
        return Source(runs.folder(corpus, run), row, f"{source.name}, run {run}")


def _exported(folder: Path) -> Source:
    try:
        described = msgspec.json.decode((folder / "run.json").read_bytes(), type=_Described)
    except OSError as error:
        raise UsageError(
            f"{folder} is no exported run: it has no run.json.", hint="`runs export` writes one."
        ) from error
    except msgspec.DecodeError as error:
        raise UsageError(f"{folder / 'run.json'}: {error}.", hint="`runs export` writes such a folder.") from error
    models = sorted(folder.glob("*/model/model.json")) or sorted(folder.glob("*/model.json"))
    if not models:
        raise UsageError(
            f"{folder} holds no model that can be attached.", hint="A spaCy run is attached from its corpus, by name."
        )
    row = RunRow(described.run, described.task, described.engine, documents=described.documents)
    return Source(models[0].parent, replace(row, metrics=_metrics(folder)), str(folder))


def _metrics(folder: Path) -> dict[str, Any]:
    with suppress(OSError, msgspec.DecodeError):
        found: dict[str, Any] = msgspec.json.decode((folder / "metrics.json").read_bytes(), type=dict)
        return found
    return {}


def attach(corpus: Corpus, source: Source, *, by: str, trust_script: bool = False) -> Attached:
    """Copy a run into this corpus; what the model predicts and the scheme lacks joins the scheme.

    Raises:
        UsageError: The run holds a script that nobody said to trust, or predicts what the scheme has otherwise.
        LearnError: The model does not load; nothing was changed.
    """
    row, scheme = source.row, settings.scheme(corpus)
    if row.engine in SCRIPTS and not trust_script:
        raise UsageError(
            f"{source.where} holds a script, which would run on this machine.",
            hint=f"Read {source.folder / 'script.py'}; then give --trust-script.",
        )
    if not (source.folder / "model.json").is_file():
        raise StoreError(f"{source.folder}: the run's files are gone.", hint="Train it again there, or attach another.")
    grown, added = _grown(scheme, source)
    name = runs.new_name(corpus, row.task)
    with runs.RunFolder(runs.folder(corpus, name)) as aside:
        shutil.copytree(source.folder, aside, dirs_exist_ok=True, ignore=shutil.ignore_patterns(*NOT_COPIED))
        text = f"{name}: attached from {source.where}, trained there on {row.documents} documents.\n"
        (aside / runs.LOG).write_text(text, "utf-8")
    attached = RunRow(
        name,
        row.task,
        row.engine,
        created=row.created or rows.now(),
        finished=rows.now(),
        documents=row.documents,
        parameters=row.parameters,
        metrics={"elsewhere": row.metrics, "from": source.where},
        by=by,
    )
    runs.register(corpus, attached)
    try:
        load_once(corpus, row.task, name)
    except AnnotateError as error:
        message = error.message.replace(str(runs.folder(corpus, name).absolute()), str(source.folder))
        runs.delete(corpus, name)
        raise LearnError(message, hint="Nothing was attached; attach another run.") from error
    if added:
        settings.set_scheme(corpus, keeping(scheme, grown), annotator=by, base=scheme)
    return Attached(runs.get(corpus, name), added)


def _grown(scheme: Scheme, source: Source) -> tuple[Scheme, tuple[str, ...]]:
    """Return the scheme with what the model predicts, and the names of what it lacked."""
    row = source.row
    if row.task == ENTITIES:
        trained = row.metrics.get("trained_on")
        names = [name for name in trained if scheme.entity(name) is None] if isinstance(trained, dict) else []
        for name in names:
            scheme = scheme.with_entity(EntityType(name))
        return scheme, tuple(names)
    if row.task in scheme.tasks:
        return scheme, ()
    label = _label(source) if row.task.startswith(LABELS) else None
    if label is None:
        near = get_close_matches(row.task, scheme.tasks, n=1)
        known = f"Did you mean {near[0]}?" if near else f"It has {', '.join(scheme.tasks) or 'nothing to learn'}."
        raise UsageError(f"This corpus has no {row.task}.", hint=known)
    return scheme.with_label(label), (label.name,)


def _label(source: Source) -> DocumentLabel | None:
    """Return the document label that a model was made for, as its description has it."""
    try:
        model = msgspec.json.decode((source.folder / "model.json").read_bytes(), type=_Model)
        values = tuple(Choice(str(value)) for value in model.details.values)
        options = () if model.details.kind == "boolean" else values
        return DocumentLabel(source.row.task.removeprefix(LABELS), model.details.kind, options)
    except OSError as error:
        raise StoreError(f"{source.folder}: the run's files are gone.", hint="Attach another run.") from error
    except msgspec.DecodeError:
        return None

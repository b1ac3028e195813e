"""Exporting a run: a folder that loads in other programs, with the lines that load it.

Engines of ours become a small package of Python (see `standalone`), installable by pip. A spaCy run is its
pipeline, for `spacy.load`. A run of a script is the script with its model. What an engine of another package made
needs that package and this program to load.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Literal, cast, get_args

import msgspec

from tui_annotate.domain import tasks
from tui_annotate.domain.figures import said
from tui_annotate.domain.scheme import ATTRIBUTES
from tui_annotate.errors import StoreError, UsageError
from tui_annotate.services import spacy_projects, standalone
from tui_annotate.services.loading import load_once
from tui_annotate.store import runs, settings
from tui_annotate.store.connection import Corpus
from tui_annotate.store.files import sync_tree
from tui_annotate.store.learned import FILE_NAME as LEARNED
from tui_annotate.store.runs import RunRow

README = "README.md"
BESIDE = (runs.LOG, "parameters.json", "metrics.json")
"""Of a run's folder: what is about its making, and goes beside the model."""
NOT_COPIED = ("predictions.db", *BESIDE)
"""What is about the corpus and not the model."""
NOT_EXPORTED = (*NOT_COPIED, LEARNED)
"""And which texts were learned: nobody outside is to find out whether one was."""
SCRIPTS = ("custom",)
"""Engines whose runs hold code of their own."""
PIPELINE = "pipeline"
"""Folder of a spaCy run's pipeline in its run folder."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """How the runs of an engine leave."""

    module: str
    factory: str
    libraries: tuple[str, ...]


_OURS: Mapping[str, _Kind] = {
    "labels": _Kind(
        "learn.engines.labels", "LabelEngines", ("numpy", "scipy", "scikit-learn", "skops", "msgspec", "regex")
    ),
    "entities": _Kind(
        "learn.engines.entities",
        "EntityEngines",
        ("numpy", "scipy", "scikit-learn", "python-crfsuite", "msgspec", "regex"),
    ),
    "attributes": _Kind(
        "learn.engines.assertion",
        "AttributeEngines",
        ("numpy", "scipy", "scikit-learn", "skops", "msgspec", "regex"),
    ),
}


Form = Literal["model", "spacy-project"]


def form(text: str) -> Form:
    """Return what to write a run as; raises UsageError."""
    if text not in get_args(Form):
        raise UsageError(f"A run is exported as {' or '.join(get_args(Form))}, not as {text!r}.")
    return cast(Form, text)


@dataclass(frozen=True, slots=True)
class ExportedRun:
    """What was written."""

    folder: Path
    name: str
    """Of the model, as the sources name theirs: `classification_<label>_<project>`."""
    snippet: tuple[str, ...]
    """The lines that load it."""


def model_name(corpus: Path, run: RunRow) -> str:
    """Return the name of an exported model: a Python identifier made of its kind, its label and the project."""
    return tasks.model_name(run.task, corpus.stem)


def export(corpus: Corpus, run: str, target: Path | None = None, *, form: Form = "model") -> ExportedRun:
    """Write a run's model to a new folder.

    Args:
        target: The folder; None for one named after the model, here.

    Raises:
        UsageError: There is no such run, it has no model, or the folder exists.
        StoreError: The run's own folder is gone.
        LearnError: The model does not load.
    """
    row = runs.get(corpus, run)
    held = runs.folder(corpus, run)
    if row.state != "finished":
        raise UsageError(f"Run {run} {row.state}, it has no model to export.")
    if not (held / "model.json").is_file():
        raise StoreError(f"{held}: the run's files are gone.", hint="Train again; what was decided is all there.")
    name = model_name(corpus.path, row)
    folder = target or Path(name)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} exists already.", hint="Name a folder that does not exist, with --output.")
    if row.engine in _OURS and form == "model":
        load_once(corpus, row.task, run)
    aside = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(aside, ignore_errors=True)
    try:
        aside.mkdir(parents=True)
        if form == "spacy-project":
            snippet = _write_project(corpus, row, held, aside, name)
        else:
            snippet = _write(corpus, row, held, aside, name)
            _describe(row, aside, name, snippet)
        sync_tree(aside)
        if folder.is_dir():
            folder.rmdir()
        aside.rename(folder)
    except OSError as error:
        raise StoreError(f"{folder}: cannot be written: {error.strerror or error}.") from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return ExportedRun(folder, name, snippet)


def _write(corpus: Corpus, row: RunRow, held: Path, aside: Path, name: str) -> tuple[str, ...]:
    """Write the model, and return the lines that load it."""
    for about in BESIDE:
        if (held / about).is_file():
            shutil.copyfile(held / about, aside / about)
    if (held / PIPELINE).is_dir():
        shutil.copytree(held / PIPELINE, aside / name)
        _require(aside, ("spacy",))
        return ("import spacy", f'nlp = spacy.load("{name}")', 'print(nlp("...").to_json())')
    kind = _OURS.get(row.engine)
    if kind is None:
        shutil.copytree(held, aside / name, ignore=shutil.ignore_patterns(*NOT_EXPORTED))
        if row.engine not in SCRIPTS:
            return _load_by_engine(row.engine, name)
        return (
            "import runpy",
            f'script = runpy.run_path("{name}/script.py")',
            f'model = script["load"]("{name}/files")',
        )
    shutil.copytree(held, aside / name / "model", ignore=shutil.ignore_patterns(*NOT_EXPORTED))
    call = _call(corpus, row)
    standalone.write(
        aside / name,
        package=name,
        module=kind.module,
        factory=kind.factory,
        run=row.name,
        title=f"{row.task}, as trained in {corpus.path.stem}.",
        minimum=settings.load(corpus).suggest_from,
        call=call,
    )
    _require(aside, kind.libraries)
    _make_installable(aside, name, kind.libraries)
    return (f"import {name}", f"model = {name}.load()", call)


def _call(corpus: Corpus, row: RunRow) -> str:
    """Return the line that asks a model; one of an attribute judges entities that it is given."""
    if not row.task.startswith(ATTRIBUTES):
        return 'print(model("..."))'
    scheme = settings.scheme(corpus)
    attribute = scheme.attribute(row.task.removeprefix(ATTRIBUTES))
    types = attribute.on if attribute and attribute.on else [one.name for one in scheme.entities]
    type = next((one for one in types if re.fullmatch(r"[\w -]+", one)), "TYPE")
    return f"print(model('No fever.', entities=[{{'start': 3, 'end': 8, 'label': '{type}'}}]))"


def _load_by_engine(engine: str, name: str) -> tuple[str, ...]:
    """Return the lines that load what an engine of another package made."""
    return (
        "from pathlib import Path",
        "from tui_annotate.learn.engines.registry import engine",
        f"made, folder = engine({engine!r}), Path({name!r})",
        'model = made.load(folder, made.load_space(folder / "space.npz"))',
    )


def _write_project(corpus: Corpus, row: RunRow, held: Path, aside: Path, name: str) -> tuple[str, ...]:
    """Write a project for `spacy train`, and return the lines that train and load it."""
    pipeline = held / PIPELINE
    spacy_projects.write(corpus, row, aside, name=name, pipeline=pipeline if pipeline.is_dir() else None)
    return (
        "# python -m spacy train config.cfg --output trained",
        "import spacy",
        'nlp = spacy.load("trained/model-best")',
    )


def _pins(libraries: Iterable[str]) -> list[str]:
    return [f"{library}=={version(library)}" for library in libraries]


def _require(aside: Path, libraries: Iterable[str]) -> None:
    (aside / "requirements.txt").write_text("".join(f"{pin}\n" for pin in _pins(libraries)), "utf-8")


def _make_installable(aside: Path, name: str, libraries: Iterable[str]) -> None:
    wanted = ", ".join(f'"{pin}"' for pin in _pins(libraries))
    text = (
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n\n'
        f'[project]\nname = "{name.replace("_", "-")}"\nversion = "1"\nrequires-python = ">=3.11"\n'
        f"dependencies = [{wanted}]\n\n"
        f'[tool.hatch.build.targets.wheel]\npackages = ["{name}"]\n'
    )
    (aside / "pyproject.toml").write_text(text, "utf-8")


def _describe(row: RunRow, aside: Path, name: str, snippet: tuple[str, ...]) -> None:
    """Write the page that says what this is and how to load it."""
    figure = said(row.metrics)
    lines = [
        f"# {name}",
        "",
        f"Made by tui-annotate: run {row.name}, task {row.task}, engine {row.engine},",
        f"trained on {row.documents} documents.",
        *([f"Held out: {figure}."] if figure else []),
        "",
        "With the libraries of `requirements.txt` (`pip install -r requirements.txt`), in this folder:",
        "",
        "```python",
        *snippet,
        "```",
        "",
        "`log.txt` says what it was trained on and how; `metrics.json` has the figures.",
    ]
    (aside / README).write_text("\n".join(lines) + "\n", "utf-8")
    described = {"name": name, "run": row.name, "task": row.task, "engine": row.engine, "documents": row.documents}
    (aside / "run.json").write_bytes(msgspec.json.format(msgspec.json.encode(described), indent=1))

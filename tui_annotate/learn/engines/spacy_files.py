"""A spaCy pipeline in a run's folder: every file is checked before spaCy sees it, and its config may name
nothing but spaCy's own functions, so that loading one runs no code that came with it.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import spacy
from spacy.about import __version__ as SPACY
from spacy.util import load_config, load_model_from_path

from tui_annotate.errors import LearnError
from tui_annotate.learn.engines.files import HINT, Manifest

PIPELINE = "pipeline"
"""Folder of the pipeline in a run's folder."""
FACTORIES = frozenset(
    (
        *("tok2vec", "ner", "beam_ner", "spancat", "spancat_singlelabel", "tagger", "morphologizer", "parser"),
        *("beam_parser", "senter", "sentencizer", "lemmatizer", "trainable_lemmatizer", "attribute_ruler"),
        *("entity_ruler", "span_ruler", "span_finder", "future_entity_ruler", "textcat", "textcat_multilabel"),
        *("merge_entities", "merge_noun_chunks", "merge_subtokens", "doc_cleaner", "token_splitter"),
        *("entity_linker", "experimental_edit_tree_lemmatizer"),
    )
)
"""spaCy's own components."""
_OWN = ("spacy.", "spacy-legacy.")
_OF_THINC = frozenset(
    (
        *("Adam.v1", "RAdam.v1", "SGD.v1", "compounding.v1", "constant.v1", "constant_then.v1", "decaying.v1"),
        *("cyclic_triangular.v1", "slanted_triangular.v1", "warmup_linear.v1"),
    )
)
"""The library under spaCy: optimisers, and how a figure changes from step to step."""
_AT_MAKING = ("before_creation", "after_creation", "after_pipeline_creation")
"""What a config may have called while its pipeline is made; those that this program saves never do."""
_RUNNABLE = ("components", "nlp", "initialize", "training", "corpora", "pretraining")


def check_config(config: Mapping[str, Any], where: Path) -> None:
    """Refuse a config that names functions or components of anybody but spaCy.

    Raises:
        LearnError: It does.
    """
    for path, name in _named({key: config[key] for key in _RUNNABLE if key in config}):
        own = name in FACTORIES if path.endswith(".factory") else name.startswith(_OWN) or name in _OF_THINC
        if not own:
            raise LearnError(
                f"{where}: [{path.rpartition('.')[0]}] asks for {name!r}, which is not spaCy's own, so it is not run.",
                hint="Only components and functions of spaCy itself are used here.",
            )


def check_whole(config: Mapping[str, Any], where: Path) -> None:
    """Refuse a saved pipeline whose config would have spaCy read another: from a path of its own, or at its making.

    Raises:
        LearnError: It would.
    """
    taken = [name for name, made in config.get("components", {}).items() if "source" in made]
    called = [name for name in _AT_MAKING if config.get("nlp", {}).get(name)]
    if taken or called:
        raise LearnError(
            f"{where}: {', '.join(taken + called)} would be read from elsewhere, so the run is not used.", hint=HINT
        )


def _named(config: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """Yield where a config names a function or a factory, and which."""
    for key, value in config.items():
        here = f"{path}.{key}" if path else str(key)
        if isinstance(value, Mapping):
            yield from _named(value, here)
        elif (str(key).startswith("@") or (key == "factory" and path.startswith("components."))) and value is not None:
            yield here, str(value)
        elif isinstance(value, list):
            for place, one in enumerate(value):
                if isinstance(one, Mapping):
                    yield from _named(one, f"{here}[{place}]")


def save(nlp: Any, folder: Path) -> list[str]:
    """Write a pipeline as spaCy does; returns its files, relative to the run's folder.

    What its config says of places on this machine is left out.
    """
    for section in ("paths", "corpora"):
        nlp.config[section] = dict.fromkeys(nlp.config[section]) if section == "paths" else {}
    nlp.config["nlp"] |= dict.fromkeys(_AT_MAKING)
    nlp.config["initialize"] = {**spacy.blank("xx").config["initialize"]}
    target = folder / PIPELINE
    nlp.to_disk(target)
    return sorted(path.relative_to(folder).as_posix() for path in target.rglob("*") if path.is_file())


def load(folder: Path, manifest: Manifest) -> Any:
    """Read a pipeline whose manifest was checked; raises LearnError.

    Files beside those of the manifest are refused, since spaCy might read them.
    """
    target = folder / PIPELINE
    there = {path.relative_to(folder).as_posix() for path in target.rglob("*") if not path.is_dir()}
    strange = sorted(there - manifest.files.keys())
    if strange:
        raise LearnError(f"{folder / strange[0]}: not written with the run, so the run is not used.", hint=HINT)
    made = str(manifest.details.get("spacy", ""))
    if made.split(".")[:2] != SPACY.split(".")[:2]:
        raise LearnError(f"{folder}: made with spaCy {made or 'of an unknown version'}; here is {SPACY}.", hint=HINT)
    try:
        config = load_config(target / "config.cfg")
        check_config(config, target / "config.cfg")
        check_whole(config, target / "config.cfg")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return load_model_from_path(target)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, EOFError, ImportError) as error:
        raise LearnError(f"{target}: spaCy cannot load it: {error}", hint=HINT) from error

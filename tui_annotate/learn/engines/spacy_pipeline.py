"""The pipeline that a training begins with: blank, from an installed pipeline or vectors, or from a config file.

Whatever it begins with, it gets our tokeniser, so that it finds the same in other programs. Vectors of all
imported text are given to a pipeline that has none.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
import spacy
from spacy.util import get_lang_class, is_package, load_config, load_model, load_model_from_config, registry
from spacy.vectors import Vectors
from thinc.api import Adam, compounding

from tui_annotate.errors import ParameterError
from tui_annotate.learn.engines.spacy_files import check_config
from tui_annotate.learn.engines.spacy_gold import Kind
from tui_annotate.learn.engines.wordspace import WordSpace
from tui_annotate.learn.parameters import SpacyParameters
from tui_annotate.spacy_docs import SPANS_KEY, make_tokenizer

FACTORIES: Mapping[Kind, tuple[str, ...]] = {
    "ner": ("ner", "beam_ner"),
    "spancat": ("spancat",),
}
_TOKENIZER = {"@tokenizers": "spacy.Tokenizer.v1"}
_TOK2VEC = {
    "@architectures": "spacy.HashEmbedCNN.v2",
    "width": 96,
    "depth": 4,
    "embed_size": 2000,
    "window_size": 1,
    "maxout_pieces": 3,
    "subword_features": True,
}
"""Of a pipeline that brings none; spaCy's own figures for `ner`."""
SMALLEST_BATCH = 100
"""Words of the first batch; they grow by a thousandth each, as spaCy's own training has it."""
MOST_WORDS = 100_000
"""With a vector from the pool."""


@dataclass(slots=True)
class Start:
    """A pipeline that is ready to be trained, and how."""

    nlp: Any
    name: str
    """Of the component that is trained."""
    optimizer: Any
    dropout: float
    epochs: int
    batcher: Callable[[Sequence[Any]], Iterator[list[Any]]] | None = None
    """The config's own; None for batches by words, see `SpacyParameters.batch`."""
    steps: int = 0
    """Most updates; 0 for as many as the passes have."""
    fresh: tuple[str, ...] = ()
    """Components that know nothing yet; the others go on from what they know."""
    notes: list[str] = field(default_factory=list)
    origin: str = ""
    """What it began with, for the log."""


def blank(language: str) -> Any:
    """Return an empty pipeline; raises ParameterError for a code that spaCy does not know."""
    try:
        get_lang_class(language)
        nlp = spacy.blank(language, config={"nlp": {"tokenizer": _TOKENIZER}})
    except (ImportError, ValueError) as error:
        near = get_close_matches(language, LANGUAGES, n=1)
        hint = f"Did you mean {near[0]}?" if near else "Codes are such as en, de, es, pt, it, da, ro; xx is for any."
        raise ParameterError(f"spaCy has no language {language!r}.", hint=hint) from error
    nlp.tokenizer = make_tokenizer(nlp.vocab)
    return nlp


LANGUAGES = ("xx", "en", "de", "es", "pt", "it", "da", "ro", "fr", "nl", "sv", "nb", "fi", "pl", "cs", "el", "ru", "uk")
"""The codes that are meant most often, to find the nearest."""


def start(
    kind: Kind,
    options: SpacyParameters,
    given: Mapping[str, Any],
    *,
    language: str,
    types: Sequence[str],
    sizes: Sequence[int],
    space: WordSpace,
    words: Sequence[str],
) -> Start:
    """Return the pipeline to train.

    Args:
        given: The parameters that were set, by name; they count more than what a config file says.
        language: Code to take where the parameters name none.
        types: Entity types to learn.
        sizes: Lengths of entities, in words, that `spancat` is to look at.
        words: All words of the gold, which get vectors whether the pool has them or not.
    """
    base = options.base.strip()
    code = (options.language or language or "xx").split("-")[0].lower()
    if base.startswith("blank:"):
        base, code = "", base.removeprefix("blank:").strip().lower() or code
    if base and Path(base).suffix == ".cfg":
        begun = _from_config(Path(base), kind, options, given)
    elif base:
        begun = _from_pipeline(base, kind, options, types)
    else:
        begun = Start(blank(code), kind, _optimizer(options), options.dropout, options.epochs, origin=f"blank:{code}")
        begun.fresh = (kind,)
    has_vectors = len(begun.nlp.vocab.vectors) > 0
    wanted = _wants_vectors(begun)
    if options.pool_vectors and not has_vectors and begun.name in begun.fresh and (space.width > 2 or wanted):
        _give_vectors(begun.nlp, space, words)
        has_vectors = True
    if wanted and not has_vectors:
        raise ParameterError(
            f"{base}: the config is for static vectors, and names none.",
            hint="Name some in its [initialize], or give it those of the corpus: pool_vectors=true.",
        )
    if begun.name not in begun.nlp.pipe_names:
        settings = _component(kind, sizes, has_vectors, _upstream(begun.nlp))
        begun.nlp.add_pipe(FACTORIES[kind][0], name=begun.name, config=settings)
    return begun


def _optimizer(options: SpacyParameters) -> Any:
    return Adam(options.learning_rate, L2=options.l2, L2_is_weight_decay=True, grad_clip=1.0, use_averages=False)


def growing(most: int) -> Iterator[float]:
    """Yield how many words each batch may have."""
    return iter(compounding(min(SMALLEST_BATCH, most), most, 1.001))


def _give_vectors(nlp: Any, space: WordSpace, words: Sequence[str]) -> None:
    """Put the vectors of the pool's words into the vocabulary, found by the words as they are usually written.

    spaCy can look vectors up by the lower-case form, but does not keep that it should when it saves a pipeline.
    """
    forms = list(dict.fromkeys([*(word.lower() for word in words), *space.words]))[:MOST_WORDS]
    data = np.ascontiguousarray(space.describe(forms), dtype=np.float32)
    strings = nlp.vocab.strings
    rows = {
        strings.add(written): row for row, form in enumerate(forms) for written in (form.upper(), form.capitalize())
    }
    rows |= {strings.add(form): row for row, form in enumerate(forms)}
    place = {form: row for row, form in enumerate(forms)}
    rows |= {strings.add(word): place[word.lower()] for word in words if word.lower() in place}
    vectors = Vectors(strings=strings, data=data, name="pool")
    for key, row in rows.items():
        vectors.add(key, row=row)
    nlp.vocab.vectors = vectors


def _wants_vectors(begun: Start) -> bool:
    """Say whether a pipeline as it came looks up vectors that it does not bring."""
    named = begun.nlp.config.interpolate()["initialize"].get("vectors")
    layers = (layer for _, pipe in begun.nlp.pipeline if hasattr(pipe, "model") for layer in pipe.model.walk())
    return not named and any(layer.name == "static_vectors" for layer in layers)


def _upstream(nlp: Any) -> int:
    """Return the width of the pipeline's own `tok2vec` component, 0 where it has none."""
    return int(nlp.get_pipe("tok2vec").model.get_dim("nO")) if "tok2vec" in nlp.pipe_names else 0


def _component(kind: Kind, sizes: Sequence[int], has_vectors: bool, upstream: int) -> dict[str, Any]:
    tok2vec: dict[str, Any] = {**_TOK2VEC, "pretrained_vectors": has_vectors or None}
    if upstream:
        tok2vec = {"@architectures": "spacy.Tok2VecListener.v1", "width": upstream, "upstream": "tok2vec"}
    made: dict[str, Any] = {"model": {"tok2vec": tok2vec}}
    if kind == "spancat":
        suggester = {"@misc": "spacy.ngram_suggester.v1", "sizes": list(sizes)}
        made |= {"spans_key": SPANS_KEY, "threshold": 0.5, "suggester": suggester}
    return made


def _from_pipeline(base: str, kind: Kind, options: SpacyParameters, types: Sequence[str]) -> Start:
    """Take an installed pipeline, one in a folder, or vectors: what is of use for the task stays, the rest goes."""
    folder = Path(base).expanduser()
    if folder.is_dir():
        check_config(load_config(folder / "config.cfg"), folder / "config.cfg")
    elif not is_package(base):
        raise ParameterError(
            f"{base}: no installed spaCy pipeline, no folder of one, and no config file (.cfg).",
            hint="Install it, e.g. `python -m spacy download en_core_web_sm`, or take blank:en.",
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            nlp = load_model(folder if folder.is_dir() else base)
    except (OSError, ValueError, KeyError, ImportError) as error:
        raise ParameterError(f"{base}: the pipeline does not load: {error}") from error
    nlp.tokenizer = make_tokenizer(nlp.vocab)
    nlp.config["nlp"]["tokenizer"] = dict(_TOKENIZER)
    kept = _kept(nlp, kind, types)
    for name in list(nlp.component_names):
        if name not in kept and not (name == "tok2vec" and (not kept or _listens(nlp, kept[0]))):
            nlp.remove_pipe(name)
    used = ", ".join([*nlp.component_names, *(["vectors"] if len(nlp.vocab.vectors) else [])]) or "its language alone"
    return Start(
        nlp,
        kept[0] if kept else kind,
        _optimizer(options),
        options.dropout,
        options.epochs,
        fresh=() if kept else (kind,),
        origin=f"{base} (taken: {used})",
    )


def _kept(nlp: Any, kind: Kind, types: Sequence[str]) -> list[str]:
    """Return the component that knows one of the types already, if there is one."""
    for name in nlp.component_names:
        if nlp.get_pipe_meta(name).factory in FACTORIES[kind]:
            known = set(nlp.get_pipe(name).labels)
            # The labels of a spancat are fixed once it is made.
            if known & set(types) if kind == "ner" else known >= set(types):
                return [name]
    return []


def _listens(nlp: Any, name: str) -> bool:
    return any(layer.name == "tok2vec-listener" for layer in nlp.get_pipe(name).model.walk())


def _from_config(path: Path, kind: Kind, options: SpacyParameters, given: Mapping[str, Any]) -> Start:
    """Make the pipeline that a config file describes, and take its way of training where nothing else is set."""
    path = path.expanduser()
    if not path.is_file():
        raise ParameterError(f"{path}: there is no such config file.")
    try:
        config = load_config(path)
        check_config(config, path)
        config.setdefault("nlp", {})["tokenizer"] = dict(_TOKENIZER)
        nlp = load_model_from_config(config, auto_fill=True)
        training = registry.resolve({"training": nlp.config.interpolate()["training"]})["training"]
    except (OSError, ValueError, KeyError, ImportError, TypeError) as error:
        raise ParameterError(f"{path}: the config cannot be used: {error}") from error
    nlp.tokenizer = make_tokenizer(nlp.vocab)
    found = [name for name in nlp.pipe_names if nlp.get_pipe_meta(name).factory in FACTORIES[kind]]
    if not found:
        raise ParameterError(
            f"{path}: its pipeline has no {' or '.join(FACTORIES[kind])}; it has {', '.join(nlp.pipe_names) or 'none'}."
        )
    unused = [name for name in nlp.component_names if name not in (found[0], "tok2vec")]
    for name in unused:
        nlp.remove_pipe(name)
    fresh = tuple(name for name in nlp.component_names if "source" not in config["components"].get(name, {}))
    notes = (
        [f"Of the config's pipeline {', '.join(unused)} is left out; there is nothing to teach it."] if unused else []
    )
    optimizer = training["optimizer"]
    for name, attribute in (("learning_rate", "learn_rate"), ("l2", "L2")):
        if name in given:
            optimizer.schedules.pop(attribute, None)
            setattr(optimizer, attribute, getattr(options, name))
    return Start(
        nlp,
        found[0],
        optimizer,
        options.dropout if "dropout" in given else float(training["dropout"]),
        options.epochs if "epochs" in given or not training["max_epochs"] > 0 else int(training["max_epochs"]),
        None if "batch" in given else training["batcher"],
        int(training["max_steps"]),
        fresh=fresh,
        notes=notes,
        origin=str(path),
    )

"""A folder that `spacy train` takes as it is: config, gold as two DocBin files, and the pipeline that is begun with.

The config names nothing but spaCy's own functions, so the folder needs no part of this program. Our tokeniser comes
with it as a pipeline without components, `base`, which brings the vectors of a run as well.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from tui_annotate.domain import wording
from tui_annotate.domain.interchange import ExchangedDocument, Problem
from tui_annotate.domain.scheme import Scheme
from tui_annotate.errors import DataError, NothingToDoError, StoreError
from tui_annotate.formats.base import WriteOptions
from tui_annotate.formats.docbin import write as write_docbin

BASE, CONFIG, README = "base", "config.cfg", "README.md"
Component = Literal["ner", "spancat", "textcat", "textcat_multilabel"]

_README = """# {name}

{documents}

In this folder, with spaCy {version} installed (`pip install "spacy>={version}"`):

```
python -m spacy train config.cfg --output trained
python -m spacy evaluate trained/model-best dev.spacy
```

then anywhere

```python
import spacy
nlp = spacy.load("trained/model-best")
print([(e.text, e.label_) for e in nlp("...").ents])
```

`base` is a pipeline without components. It brings the tokeniser by which the texts were annotated{vectors}.
Everything in `config.cfg` may be changed; `python -m spacy debug data config.cfg` says what spaCy thinks of the data.
"""


@dataclass(slots=True)
class Project:
    """What was written."""

    folder: Path
    documents: dict[str, int] = field(default_factory=dict)
    """By file: `train.spacy`, `dev.spacy`."""
    problems: list[Problem] = field(default_factory=list)
    """What spaCy cannot hold, such as entities that begin inside a word."""


def write_spacy_project(
    folder: Path,
    train: Iterable[ExchangedDocument],
    dev: Iterable[ExchangedDocument],
    *,
    test: Iterable[ExchangedDocument] = (),
    name: str = "",
    scheme: Scheme,
    component: Component = "ner",
    pipeline: Path | None = None,
    language: str = "",
) -> Project:
    """Write a project folder, which must not exist or be empty.

    Args:
        test: Documents for a file of their own, which the config does not name; none for no such file.
        name: What the README calls it; empty for the folder's name.
        component: What is to be trained, where no pipeline says so.
        pipeline: A saved pipeline, such as a run's: its components, tokeniser and vectors are begun with. None of
            its functions is run here.
        language: Code, where no pipeline says so; empty for any.

    Raises:
        NothingToDoError: There is nothing to train on.
        DataError: The pipeline cannot be read.
        StoreError: The folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        made = Project(folder)
        for file, documents in (("train.spacy", train), ("dev.spacy", dev)):
            made.documents[file] = _data(folder / file, documents, scheme, made.problems)
        held = list(test)
        if held:
            made.documents["test.spacy"] = _data(folder / "test.spacy", held, scheme, made.problems)
        if not made.documents["train.spacy"]:
            raise NothingToDoError("There are no documents to train on.", hint="Confirm some first.")
        config, has_vectors = _base(folder, pipeline, language or "xx", component)
        _point(config, has_vectors)
        config.to_disk(folder / CONFIG)
        (folder / README).write_text(_readme(made, name or folder.name, has_vectors), "utf-8")
    except OSError as error:
        raise StoreError(f"{folder}: cannot be written: {error.strerror or error}.") from error
    return made


def _data(path: Path, documents: Iterable[ExchangedDocument], scheme: Scheme, problems: list[Problem]) -> int:
    count = 0

    def counted() -> Iterable[ExchangedDocument]:
        nonlocal count
        for document in documents:
            count += 1
            yield document

    with path.open("wb") as stream:
        problems.extend(write_docbin(counted(), stream, WriteOptions(scheme=scheme)))
    return count


def _base(folder: Path, pipeline: Path | None, language: str, component: Component) -> tuple[Any, bool]:
    """Write the pipeline without components; return the config to train by, and whether there are vectors."""
    if pipeline is None:
        return _blank(folder, language, component), False
    from spacy.util import load_config

    try:
        config, bare = load_config(pipeline / CONFIG), load_config(pipeline / CONFIG)
        meta = json.loads((pipeline / "meta.json").read_text("utf-8"))
        vectors = int(meta.get("vectors", {}).get("vectors", 0))
        shutil.copytree(pipeline / "vocab", folder / BASE / "vocab")
        shutil.copyfile(pipeline / "tokenizer", folder / BASE / "tokenizer")
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise DataError(f"{pipeline}: no spaCy pipeline that could be begun with: {error}") from error
    bare["components"] = {}
    bare["nlp"]["pipeline"] = []
    bare.to_disk(folder / BASE / CONFIG)
    meta |= {"pipeline": [], "components": [], "disabled": [], "labels": {}, "performance": {}}
    (folder / BASE / "meta.json").write_text(json.dumps(meta, indent=1), "utf-8")
    return config, vectors > 0


def _blank(folder: Path, language: str, component: Component) -> Any:
    import spacy

    from tui_annotate.spacy_docs import SPANS_KEY, make_tokenizer

    try:
        nlp = spacy.blank(language, config={"nlp": {"tokenizer": {"@tokenizers": "spacy.Tokenizer.v1"}}})
    except ImportError as error:
        raise DataError(
            f"spaCy has no language {language!r}.", hint="Codes are such as en, de, es; xx is any."
        ) from error
    nlp.tokenizer = make_tokenizer(nlp.vocab)
    nlp.to_disk(folder / BASE)
    nlp.add_pipe(component, config={"spans_key": SPANS_KEY} if component == "spancat" else {})
    return nlp.config.copy()


def _point(config: Any, has_vectors: bool) -> None:
    """Have a config read the project's files, and begin with its base."""
    config["paths"] = {"train": "train.spacy", "dev": "dev.spacy", "vectors": BASE if has_vectors else None}
    reader = {"@readers": "spacy.Corpus.v1", "gold_preproc": False, "max_length": 0, "limit": 0, "augmenter": None}
    config["corpora"] = {name: {**reader, "path": f"${{paths.{name}}}"} for name in ("train", "dev")}
    copied = {"@callbacks": "spacy.copy_from_base_model.v1", "tokenizer": BASE, "vocab": None}
    config["initialize"] = {**config.get("initialize", {}), "vectors": "${paths.vectors}", "before_init": copied}
    config["initialize"]["init_tok2vec"] = None


def _readme(made: Project, name: str, has_vectors: bool) -> str:
    from spacy.about import __version__

    counts = ", ".join(f"{wording.counted(count, 'documents')} in {name}" for name, count in made.documents.items())
    vectors = ", and vectors learned from all imported text" if has_vectors else ""
    version = ".".join(__version__.split(".")[:2])
    return _README.format(name=name, documents=f"{counts}.", version=version, vectors=vectors)

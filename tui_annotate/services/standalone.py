"""A package of Python that loads one model without this program: just the modules that the engine needs.

The modules are copied as they are, with their imports made relative, so an exported model computes what
the run in the corpus computes.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import tui_annotate
from tui_annotate.domain.display import shown

NAME = "tui_annotate"
_ROOT = Path(tui_annotate.__file__).parent

START = '''"""{title}

Made by tui-annotate {version} from run {run}. It needs the libraries that requirements.txt names, not tui-annotate.

    import {package}
    model = {package}.load()
    {call}
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .domain.annotations import Suggestion
from .domain.documents import Document, Part
from .domain.spans import Span
from .{module} import {factory}

PART = "s1p1"


class Predictor:
    """Says what the model finds in a text. Offsets are code points, half-open; `prob` is 0..1."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def __call__(self, text: str, *, entities: Any = None, minimum: float = {minimum}) -> list[dict[str, Any]]:
        """Return what was found in one text.

        Args:
            text: What to look at.
            entities: For a model of attributes: the entities to judge, as dicts of `start`, `end` and `label`.
            minimum: Probability from which an entity is returned.
        """
        encodings = self.model.space.encode([Document("text", (Part(PART, text),))])
        if hasattr(encodings, "about"):
            if entities is None:
                raise TypeError("A model of attributes judges entities: say which, with entities=[...].")
            given = [(one["label"], (Span(PART, one["start"], one["end"]),)) for one in entities]
            encodings = encodings.about([given])
        return [_plain(text, one) for one in self.model.predict(encodings, run="", minimum=minimum)[0]]


def _plain(text: str, found: Suggestion) -> dict[str, Any]:
    said: dict[str, Any] = {{"label": found.name, "prob": found.prob}}
    if found.value is not None:
        said["value"] = found.value
    if found.spans:
        start, end = found.span.start, found.span.end
        said |= {{"start": start, "end": end, "text": text[start:end]}}
    return said


def load(folder: str | Path = Path(__file__).parent / "model") -> Predictor:
    """Read the model; every file is checked against the checksum in `model.json`."""
    factory = {factory}()
    folder = Path(folder)
    return Predictor(factory.load(folder, factory.load_space(folder / "space.npz")))
'''


def write(
    target: Path, *, package: str, module: str, factory: str, run: str, title: str, minimum: float, call: str
) -> None:
    """Write a package that loads the model in its folder `model`.

    Args:
        module: Where the engine is, in this program, without the leading name.
        factory: Class of the engine's factory.
        minimum: Probability from which entities are suggested in the corpus.
        call: How the model is asked, as a line of Python.
    """
    for path in _needed(_ROOT / f"{module.replace('.', '/')}.py"):
        there = target / path.relative_to(_ROOT)
        there.parent.mkdir(parents=True, exist_ok=True)
        there.write_text(_relative(path), "utf-8")
        for folder in there.relative_to(target).parents:
            start = target / folder / "__init__.py"
            if not start.exists():
                start.write_text('"""A part of an exported model."""\n', "utf-8")
    (target / "__init__.py").write_text(
        START.format(
            title=_said(title),
            version=tui_annotate.__version__,
            run=_said(run),
            package=package,
            module=module,
            factory=factory,
            minimum=minimum,
            call=call,
        ),
        "utf-8",
    )


def _said(text: str) -> str:
    """Return names of a corpus as they may stand in a docstring: one line that can neither end it nor escape."""
    return shown(text).replace("\\", "/").replace('"', "'")


def _needed(path: Path) -> set[Path]:
    """Return a module of ours and every module of ours that it imports, however far down."""
    found: set[Path] = set()
    waiting = [path, _ROOT / "domain/annotations.py", _ROOT / "domain/documents.py", _ROOT / "domain/spans.py"]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting.extend(_imported(one))
    return found


def _imported(path: Path) -> Iterator[Path]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == NAME:
            parts = (node.module or "").split(".")[1:]
            for name in [None, *(alias.name for alias in node.names)]:
                module = _ROOT.joinpath(*parts, *([name] if name else [])).with_suffix(".py")
                if module.is_file():
                    yield module


def _relative(path: Path) -> str:
    """Return a module's source with its imports of our modules relative to where it stands."""
    source = path.read_text("utf-8")
    dots = "." * len(path.relative_to(_ROOT).parts)
    lines = source.splitlines(keepends=True)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == NAME:
            rest = (node.module or "")[len(NAME) :].removeprefix(".")
            line = lines[node.lineno - 1]
            lines[node.lineno - 1] = line.replace(f"from {node.module} import", f"from {dots}{rest} import", 1)
    return "".join(lines)

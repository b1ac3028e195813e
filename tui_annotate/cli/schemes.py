"""`scheme`: the labels of a corpus, and what is wrong with them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tui_annotate.cli import options
from tui_annotate.cli.options import Annotator, CorpusPath, Json, examples
from tui_annotate.cli.output import out_json, out_lines, say
from tui_annotate.errors import DataError, NothingToDoError, SchemeError, UsageError

if TYPE_CHECKING:
    from tui_annotate.domain.scheme import Scheme

app = options.group("Show the labels of a corpus, or check a scheme.")

COLORS = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")

CorpusOrFile = Annotated[
    Path,
    typer.Argument(
        metavar="CORPUS", help="A corpus, or a scheme file (.toml, or an anndoc legend .json).", show_default=False
    ),
]


@app.command("show", epilog=examples("scheme show notes.db", "scheme show notes.db > labels.toml"))
def show(corpus: CorpusPath, json: Json = False, annotator: Annotator = None) -> None:
    """Print the labels of a corpus as TOML, fit for `new --scheme` and for an editor."""
    options.settled(corpus, annotator=annotator)
    scheme = _scheme_of(corpus)
    if json:
        from dataclasses import asdict

        out_json(asdict(scheme))
        return
    from tui_annotate.formats import scheme_toml

    out_lines(scheme_toml.write(scheme))


@app.command(
    "guidelines",
    epilog=examples("scheme guidelines notes.db", "scheme guidelines notes.db guidelines.md"),
)
def guidelines(
    corpus: CorpusPath,
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="Text or Markdown to take them from; - is stdin.", show_default=False),
    ] = None,
    annotator: Annotator = None,
) -> None:
    """Print the guidelines of a corpus, or take them from a file; in the app annotators read them with one key."""
    from dataclasses import replace

    from tui_annotate.store import settings

    who = options.settled(corpus, annotator=annotator).who
    if file is None:
        held = _scheme_of(corpus).guidelines
        if not held:
            raise NothingToDoError(f"{corpus} has no guidelines.", hint="`scheme guidelines CORPUS FILE` takes some.")
        out_lines(held)
        return
    text = _text_of(file)
    with options.opened(corpus) as opened:
        scheme = settings.scheme(opened)
        settings.set_scheme(opened, replace(scheme, guidelines=text), annotator=who, base=scheme)
    say(f"{corpus} has {len(text.split()):,} words of guidelines.")


def _text_of(file: Path) -> str:
    try:
        content = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        return content.decode("utf-8-sig").strip()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{file}: is not UTF-8 ({error.reason} at byte {error.start}).") from error


@app.command("check", epilog=examples("scheme check labels.toml", "scheme check notes.db"))
def check(corpus: CorpusOrFile, json: Json = False, annotator: Annotator = None) -> None:
    """Check a scheme: names, colours, references, keys. Clashing keys settle themselves, the rest is to be mended."""
    from tui_annotate.keymaps import assign

    is_file = corpus.suffix.lower() in (".toml", ".json")
    found = options.settled(None if is_file else corpus, annotator=annotator)
    scheme = options.read_scheme(corpus) if is_file else _scheme_of(corpus)
    problems = list(_problems(scheme))
    clashes = [str(clash) for clash in assign(scheme, found.keys).clashes]
    if json:
        out_json({"problems": problems, "clashes": clashes})
    for line in () if json else [*clashes, *problems]:
        say(line)
    if problems:
        raise SchemeError(f"{corpus}: {len(problems)} to be mended.")
    counts = [(len(scheme.entities), "entity type"), (len(scheme.labels), "document label")]
    counts += [(len(scheme.attributes), "attribute"), (len(scheme.relations), "relation type")]
    held = ", ".join(f"{n} {name}{'s' * (n != 1)}" for n, name in counts if n) or "no labels yet"
    say(f"{corpus} is a good scheme: {held}.")


def _scheme_of(corpus: Path) -> Scheme:
    from tui_annotate.store import settings

    with options.opened(corpus, readonly=True) as opened:
        return settings.scheme(opened)


def _problems(scheme: Scheme) -> Iterator[str]:
    types = [entity.name for entity in scheme.entities]
    for entity in scheme.entities:
        if entity.color and not _is_color(entity.color):
            yield f"{entity.name}: color {entity.color!r} is neither #rrggbb nor one of {', '.join(COLORS)}."
    for label in scheme.labels:
        if not 0 < label.threshold < 1:
            yield f"{label.name}: threshold {label.threshold} must lie between 0 and 1."
        if label.kind in ("choice", "choices") and len(label.options) < 2:
            yield f"{label.name}: one option is no choice; add another, or make it boolean."
    references = [(a.name, name) for a in scheme.attributes for name in a.on]
    references += [(r.name, name) for r in scheme.relations for name in r.ends if name]
    for owner, name in references:
        if name not in types:
            near = get_close_matches(name, types, n=1)
            yield f"{owner}: there is no entity type {name!r}." + (f" Did you mean {near[0]!r}?" if near else "")
    yield from scheme.faults
    for attribute in scheme.attributes:
        if attribute.kind == "choices":
            yield f"{attribute.name}: an entity holds one value of an attribute; make it a choice."
        elif attribute.kind == "choice" and len(attribute.options) < 2:
            yield f"{attribute.name}: one option is no choice; add another, or make it boolean."
    trained = [label.name for label in scheme.labels if label.train]
    if len(trained) > 1:
        yield f"{', '.join(trained)}: only one label can be trained before the others."


def _is_color(color: str) -> bool:
    if color.startswith("#"):
        return len(color) == 7 and all(c in "0123456789abcdefABCDEF" for c in color[1:])
    return color.removeprefix("bright_").removeprefix("ansi_") in COLORS

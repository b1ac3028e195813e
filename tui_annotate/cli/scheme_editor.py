"""Editing the labels of a corpus in the user's own editor, again and again until they fit; no text is ever lost."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from tui_annotate.cli import options
from tui_annotate.domain.scheme import Scheme
from tui_annotate.errors import AnnotateError, ChangedMeanwhileError, NothingToDoError, SchemeError, UsageError
from tui_annotate.formats.schemes import formats as schemes
from tui_annotate.services import scheme_checking, scheme_editing
from tui_annotate.store import settings

_MARK = "#! "
"""Begins the lines that are ours, and are taken out again."""
_COMMANDS = "Renaming a label that is in use, merging or deleting one: `tui-annotate scheme rename`, `merge`, `delete`."
_HEAD = (
    "The labels of {corpus}. Save and leave the editor to put them in force; leave it unchanged to change nothing.",
    _COMMANDS,
)


def edit(corpus: Path, *, annotator: str, keys: Mapping[str, Sequence[str]]) -> str:
    """Let the user edit the scheme, and return what to say about it.

    Raises:
        NothingToDoError: Nothing was changed.
        SchemeError: It does not fit and was left so; the text is kept beside the corpus.
        ChangedMeanwhileError: Somebody changed the scheme meanwhile; the text is kept too.
    """
    with options.opened(corpus) as opened:
        base = settings.scheme(opened)
        models = scheme_checking.models_of(opened)
    text = schemes.write(replace(base, template=""), "toml")[0]
    head = [line.format(corpus=corpus) for line in _HEAD]
    before = text
    while True:
        edited = _edited(_marked(head), text)
        if edited.strip() == before.strip():
            if head[0].startswith("The labels"):
                raise NothingToDoError("Nothing was changed.")
            raise SchemeError(f"{kept(corpus, edited)}\n" + "\n".join(head[1:]))
        text = before = edited
        reading = schemes.parse(edited.encode(), "scheme.toml", format="toml")
        findings = scheme_checking.check(reading.scheme, models=models, keys=keys, reading=reading)
        faults = scheme_editing.mended(findings)
        shift = 0 if not faults else len(faults) + 2
        head = ["Not in force yet: mend these, or leave the editor without a change to give up."]
        head += [f"{f'line {one.line + shift}: ' if one.line else ''}{one}" for one in faults]
        if faults:
            continue
        scheme = replace(reading.scheme, template=base.template)
        try:
            return _put(corpus, scheme, base, annotator, keys)
        except ChangedMeanwhileError as error:
            raise ChangedMeanwhileError(f"{error.message} {kept(corpus, edited)}") from error
        except SchemeError as error:
            head += [line for line in [*error.message.splitlines(), error.hint] if line]
            head += [_COMMANDS] if error.hint else []
        except AnnotateError as error:
            raise type(error)(f"{error.message} {kept(corpus, edited)}", hint=error.hint) from error


def _put(corpus: Path, scheme: Scheme, base: Scheme, annotator: str, keys: Mapping[str, Sequence[str]]) -> str:
    with options.opened(corpus) as opened:
        scheme_editing.put(opened, scheme, base=base, annotator=annotator, keys=keys)
    notes = [str(one) for one in scheme_checking.check(scheme, keys=keys) if one.severity == "clash"]
    return "\n".join([*notes, f"The labels of {corpus} are as you wrote them."])


def kept(corpus: Path, text: str) -> str:
    """Keep a text that is not in force, beside the corpus, and return a sentence that says where."""
    number = 1
    while (path := corpus.with_name(f"{corpus.stem}.scheme-draft{number if number > 1 else ''}.toml")).exists():
        number += 1
    path.write_text(text, "utf-8")
    return f"Your text is kept in {path}."


def _marked(lines: Sequence[str]) -> str:
    return "".join(f"{_MARK}{' '.join(line.split())}\n" for line in lines) + "\n"


def _edited(head: str, text: str) -> str:
    """Run the editor on a text, and return it without the lines that are ours."""
    command = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
    with tempfile.TemporaryDirectory(prefix="tui-annotate-") as folder:
        path = Path(folder) / "scheme.toml"
        path.write_text(head + text, "utf-8")
        try:
            code = subprocess.call([*command, str(path)])
        except OSError as error:
            hint = "Set EDITOR to an editor that is installed, or use `scheme show` and `scheme import`."
            raise UsageError(
                f"The editor {command[0]!r} cannot be run: {error.strerror or error}.", hint=hint
            ) from error
        if code:
            raise UsageError(f"The editor ended with code {code}; nothing was changed.")
        try:
            edited = path.read_text("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"What the editor left cannot be read: {error}.", hint="Save it as UTF-8.") from error
    lines = edited.splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith(_MARK.strip())).lstrip("\n")

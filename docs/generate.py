"""Write the pages of the guide that are made from the program: keys, commands, settings.

Run by `make docs`; a test fails when the pages in the repository are not current.
"""

from __future__ import annotations

import ast
import inspect
import os
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

FOLDER = Path(__file__).parent
NOTE = "<!-- Made by `make docs`; edit the program instead. -->\n\n"


def keys() -> str:
    """Return the page of all default keys."""
    from tui_annotate.keymaps.actions import ACTIONS
    from tui_annotate.keymaps.names import display_key

    where = {
        "review": "while reviewing",
        "selection": "while marking text",
        "corpus": "in the table of documents",
        "list": "in every list",
        "runs": "in the list of runs",
        "versions": "in the list of versions",
        "priorities": "in the order of annotators",
        "patterns": "in the list of patterns",
        "queue": "in the queue",
        "training": "in the training form",
        "figures": "in the figures",
        "second-look": "in the second look",
        "scheme": "in the editor of labels",
        "app": "everywhere",
    }
    page = "# Keys\n\n" + NOTE + KEYS_INTRODUCTION
    for (context, group), actions in groupby(ACTIONS, key=lambda action: (action.context, action.group)):
        page += f"\n## {group} ({where[context]})\n\n| key | does | id |\n|---|---|---|\n"
        for action in actions:
            keys = " ".join(f"`{display_key(key)}`" for key in action.keys)
            page += f"| {keys} | {action.tooltip} | `{action.id}` |\n"
    return page


def commands() -> str:
    """Return the page of all commands, as their `--help` prints them."""
    from typer.core import TyperGroup
    from typer.main import get_command

    from tui_annotate.cli.root import app

    def pages(command: Any, name: str, parent: Any = None) -> Iterator[str]:
        context = command.make_context(name, [], parent=parent, resilient_parsing=True, terminal_width=100)
        if not isinstance(command, TyperGroup):
            yield f"## {context.command_path}\n\n```\n{command.get_help(context).rstrip()}\n```\n"
            return
        for child in command.list_commands(context):
            yield from pages(command.get_command(context, child), child, context)

    os.environ["COLUMNS"] = "100"
    return "# Commands\n\n" + NOTE + COMMANDS_INTRODUCTION + "\n".join(pages(get_command(app), "tui-annotate"))


def settings() -> str:
    """Return the page of the user's settings and of a corpus's."""
    from tui_annotate import config
    from tui_annotate.store import settings as stored

    page = "# Settings\n\n" + NOTE + SETTINGS_INTRODUCTION
    page += "\n| setting | values | what it does | unset |\n|---|---|---|---|\n"
    for name, values, does, unset in config.schema():
        page += f"| `{name}` | {values} | {does} | {unset} |\n"
    page += CORPUS_INTRODUCTION + "\n| setting | default | what it does |\n|---|---|---|\n"
    for name, default, does in _documented(stored.Settings):
        page += f"| `{name}` | `{default}` | {does} |\n"
    return page


def _documented(schema: type[Any]) -> Iterator[tuple[str, str, str]]:
    """Yield name, default and the docstring under each field of a dataclass."""
    (body,) = ast.parse(inspect.getsource(schema)).body
    assert isinstance(body, ast.ClassDef)
    defaults = schema()
    types = get_type_hints(schema)
    for field, doc in zip(body.body, body.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(doc, ast.Expr) and isinstance(doc.value, ast.Constant):
            name = ast.unparse(field.target)
            default = getattr(defaults, name)
            options = get_args(types[name]) if get_origin(types[name]) is Literal else ()
            choices = [choice for choice in options if choice != default]
            says = " ".join(str(doc.value.value).split())
            yield name, _default(default), says + _or(choices)


def _default(value: object) -> str:
    from tui_annotate.store import settings as stored

    return stored.written(value) or "empty"


def _or(choices: list[str]) -> str:
    return f" (or {', '.join(choices)})" if choices else ""


KEYS_INTRODUCTION = """\
The default keys. `?` in the app, or `tui-annotate keys CORPUS`, lists the keys in force, the labels of your scheme
included.

Digits are entity types in the order of the scheme; on a suggestion a digit changes its type and accepts it. Document
labels have letters; a key that the scheme asks for is given where it is free. In a corpus with a single yes or no to
give, `y` and `n` (or `1` and `2`) answer and move on; with a single choice, digits and letters do.

Change any key by its id, in the table `[keys]` of your [settings](settings.md):

```toml
[keys]
accept = "z"
confirm = ["enter", "space"]
training = ""         # no key; the palette still has it
```

Your keys win over the defaults, those over what a scheme asks for; who loses a key gets the next free one, and the
clash is reported. Alt, Ctrl with digits, Shift with enter and the control letters that terminals and tmux keep for
themselves are refused.
"""
COMMANDS_INTRODUCTION = """\
Data go to standard output, messages to standard error. Exit codes: 0 all right, 1 failure, 2 wrong usage, 3 invalid
data, 4 locked, 5 damaged or too new, 6 nothing to do, 130 interrupted.

"""
SETTINGS_INTRODUCTION = """\
## Yours

Looked for in this order, the first that has a valid value wins: the flag of a command, the variable
`TUI_ANNOTATE_<NAME>`, the file `NAME.config.toml` beside the corpus `NAME.db`, your own file
(`~/.config/tui-annotate/config.toml` on Linux; `tui-annotate doctor` prints the path), the default.
`TUI_ANNOTATE_KEYS` takes pairs: `accept=z skip=n`. A value that makes no sense is reported with its file and line.
"""
CORPUS_INTRODUCTION = """
## A corpus's

They are kept in the corpus and travel with it: `tui-annotate settings CORPUS`, `tui-annotate settings CORPUS
retrain_every=50`.
"""
PAGES = {"keys.md": keys, "commands.md": commands, "settings.md": settings}


def main() -> None:
    """Write all pages."""
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())

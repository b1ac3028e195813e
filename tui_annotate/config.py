"""Settings of the program and its user, found in five places; what belongs to a corpus is in the corpus.

A flag wins over `TUI_ANNOTATE_<NAME>`, that over the file beside the corpus (`NAME.config.toml` beside
`NAME.db`), that over the user's file, that over the default. A value that makes no
sense is a notice with its file and line, and the next place is asked.
"""

from __future__ import annotations

import getpass
import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, get_args

import platformdirs

Look = Literal["terminal", "dark", "light", "no-colour"]
Placement = Literal["rows", "style", "gutter"]

APP = "tui-annotate"
PREFIX = "TUI_ANNOTATE_"


def _says(does: str, unset: str) -> dict[str, str]:
    return {"does": does, "unset": unset}


@dataclass(frozen=True, slots=True)
class Config:
    """The settings in force. Each field's metadata says what it does and what unset means."""

    annotator: str = field(
        default="",
        metadata=_says("Who you are: the name that your versions, decisions and exports carry.", "your login name"),
    )
    look: Look = field(
        default="terminal",
        metadata=_says(
            "Colours: the terminal's own palette, true-colour dark or light, or none at all.",
            "the terminal's palette; no colour where NO_COLOR is set",
        ),
    )
    labels: Placement = field(
        default="rows",
        metadata=_says(
            "Where labels stand: in a row under marked lines, in the style of the text only, or in a gutter.",
            "in rows",
        ),
    )
    mouse: bool = field(
        default=False,
        metadata=_says("Whether the app takes the mouse.", "off, so that the terminal selects and copies as usual"),
    )
    keys: Mapping[str, tuple[str, ...]] = field(
        default_factory=dict,
        metadata=_says(
            "Your own keys by the id of an action or a label (`tui-annotate keys` lists the ids): a key, or a list of"
            ' keys. scheme = "first" lets the hotkeys of a scheme win over actions.',
            "the default keys",
        ),
    )
    notices: tuple[str, ...] = ()
    """What was wrong in the files and the environment, for the user to see; nothing is refused for it."""

    @property
    def who(self) -> str:
        """Return the annotator's name, the login name where none is set."""
        return self.annotator or login_name()


def load(
    corpus: Path | None = None,
    *,
    flags: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
    user_file: Path | None = None,
) -> Config:
    """Return the settings in force for a corpus, or for none.

    Args:
        flags: What the command line gave, by field; None means not given.
        environ: Instead of the process's environment.
        user_file: Instead of the user's own file.
    """
    environ = os.environ if environ is None else environ
    notices: list[str] = []
    values: dict[str, Any] = {}
    if environ.get("NO_COLOR"):
        values["look"] = "no-colour"
    files = [user_file or user_path()] + ([beside(corpus)] if corpus else [])
    sources = [_file_values(path, notices) for path in files] + [_environment_values(environ)]
    sources.append((name, value, f"--{name}") for name, value in (flags or {}).items() if value is not None)
    for source in sources:
        for name, raw, where in source:
            _take(values, name, raw, where, notices)
    return Config(**values, notices=tuple(notices))


def user_path() -> Path:
    """Return where the user's own file is looked for."""
    return platformdirs.user_config_path(APP) / "config.toml"


def state_folder() -> Path:
    """Return where the program keeps what it may lose: recent corpora, logs."""
    return platformdirs.user_state_path(APP)


def data_folder() -> Path:
    """Return where the program makes corpora by itself."""
    return platformdirs.user_data_path(APP)


def demo_path(name: str) -> Path:
    """Return where the corpus of a demo is made, whoever asks for it."""
    return data_folder() / "demo" / f"{name}.db"


def beside(corpus: Path) -> Path:
    """Return the settings file that belongs to a corpus."""
    return corpus.parent / f"{corpus.stem}.config.toml"


def login_name() -> str:
    """Return the login name, or `annotator` where the system knows none or one that cannot be used."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "annotator"
    return name if annotator_problem(name) is None else "annotator"


def annotator_problem(name: str) -> str | None:
    """Say why a name cannot be an annotator's, or return None. It becomes a folder's name in anndoc."""
    if not name or name != name.strip():
        return "it must not be empty, nor begin or end with blanks"
    if name == "master":
        return "`master` is the agreed version"
    if name.startswith(".") or len(name) > 64 or not name.isprintable() or set(name) & set('/\\:*?"<>|'):
        return 'it becomes a folder name: no control characters, none of / \\ : * ? " < > |, no leading dot, 64 at most'
    return None


def schema() -> Iterator[tuple[str, str, str, str]]:
    """Yield name, accepted values, what it does and what unset means of every setting, for `doctor` and the guide."""
    accepts = {"annotator": "a name", "mouse": "true, false", "keys": "a table of action = key or list of keys"}
    accepts |= {"look": ", ".join(get_args(Look)), "labels": ", ".join(get_args(Placement))}
    for item in fields(Config):
        if item.metadata:
            yield item.name, accepts[item.name], item.metadata["does"], item.metadata["unset"]


_Values = Iterator[tuple[str, Any, str]]


def _file_values(path: Path, notices: list[str]) -> _Values:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        return
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        notices.append(f"{path}: cannot be read ({why}); its settings are not used.")
        return
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        notices.append(f"{path}: no valid TOML: {error}; its settings are not used.")
        return
    for name, value in table.items():
        yield name, value, f"{path}:{_line_of(text, name)}"


def _line_of(text: str, name: str) -> int:
    """Return the line where a top-level key or its table stands; tomllib does not say."""
    for number, line in enumerate(text.splitlines(), 1):
        if line.replace(" ", "").replace('"', "").startswith((f"{name}=", f"[{name}]", f"{name}.")):
            return number
    return 1


def _environment_values(environ: Mapping[str, str]) -> _Values:
    for name in ("annotator", "look", "labels", "mouse", "keys"):
        variable = PREFIX + name.upper()
        raw = environ.get(variable)
        if raw:
            value: Any = raw
            if name == "mouse":
                value = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}.get(raw, raw)
            if name == "keys":
                value = dict(pair.partition("=")[::2] for pair in raw.split(" ") if pair)
            yield name, value, variable


def _take(values: dict[str, Any], name: str, raw: object, where: str, notices: list[str]) -> None:
    known = [row[0] for row in schema()]
    if name not in known:
        near = get_close_matches(name, known, n=1)
        notices.append(f"{where}: there is no setting {name!r}." + (f" Did you mean {near[0]!r}?" if near else ""))
    elif name == "keys":
        values["keys"] = {**values.get("keys", {}), **_keys(raw, where, notices)}
    elif (problem := _problem(name, raw)) is not None:
        notices.append(f"{where}: {name}: {raw!r} is not used: {problem}.")
    else:
        values[name] = raw


def _problem(name: str, raw: object) -> str | None:
    if name == "mouse":
        return None if isinstance(raw, bool) else "it is true or false"
    if not isinstance(raw, str):
        return "it is a string"
    if name == "annotator":
        return annotator_problem(raw)
    choices = get_args(Look if name == "look" else Placement)
    return None if raw in choices else f"it is one of {', '.join(choices)}"


def _keys(raw: object, where: str, notices: list[str]) -> dict[str, tuple[str, ...]]:
    if not isinstance(raw, dict):
        notices.append(f"{where}: keys: it is a table of action = key.")
        return {}
    taken: dict[str, tuple[str, ...]] = {}
    for action, keys in raw.items():
        given = [keys] if isinstance(keys, str) else keys
        if isinstance(given, list) and all(isinstance(key, str) for key in given):
            taken[str(action)] = tuple(key for key in given if key)
        else:
            notices.append(f"{where}: keys: {action}: {keys!r} is not used: it is a key or a list of keys.")
    return taken

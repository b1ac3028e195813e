"""The formats of schemes by name: what each reads and writes, and what is lost on the way."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from tui_annotate.domain.scheme import Scheme
from tui_annotate.errors import DataError, SchemeError, UsageError
from tui_annotate.formats.schemes import label_studio as scheme_label_studio
from tui_annotate.formats.schemes import label_studio_write as scheme_label_studio_write
from tui_annotate.formats.schemes import legend as anndoc_legend
from tui_annotate.formats.schemes import lists as scheme_lists
from tui_annotate.formats.schemes import tagtog as scheme_tagtog
from tui_annotate.formats.schemes import toml as scheme_toml
from tui_annotate.formats.schemes import xml as scheme_xml
from tui_annotate.formats.schemes.reading import ListAs, Reading, lost, nearest
from tui_annotate.formats.source import JSON_ERRORS, decode

_LINES = re.compile(r"\s*(?:#[^\n]*\n\s*)*(?:\[\[\s*\w+\s*\]\]|\w+\s*=)")
"""How TOML of ours begins."""
_TABLE = re.compile(r"\[\[(?:entity|label|attribute|relation)\]\]\s")
"""The same, where a list of names is likelier."""


@dataclass(frozen=True, slots=True)
class SchemeFormat:
    """One format of schemes."""

    name: str
    description: str
    parse: Callable[[bytes, str, ListAs], Reading]
    """Takes the file, what reports call it, and what the names of a bare list are."""
    write: Callable[[Scheme], str]


def _toml(content: bytes, where: str, _: ListAs) -> Reading:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        reading = Reading(where)
        line = content[: error.start].count(b"\n") + 1
        reading.refuse(line, "", f"is not UTF-8 ({error.reason} at byte {error.start}).")
        return reading
    return scheme_toml.examine(text.replace("\r\n", "\n"), where)


def _legend(content: bytes, where: str, _: ListAs) -> Reading:
    reading = Reading(where)
    try:
        legend, notes = anndoc_legend.read(content)
        reading.scheme = legend.scheme()
    except (DataError, SchemeError) as error:
        reading.refuse(0, "", error.message)
        return reading
    for note in notes:
        reading.note(0, "", note)
    return reading


FORMATS: dict[str, SchemeFormat] = {
    one.name: one
    for one in (
        SchemeFormat("toml", "our own: everything a scheme says", _toml, scheme_toml.write),
        SchemeFormat(
            "label-studio",
            "labelling configuration of Label Studio and Annotation Lab, XML",
            lambda content, where, _: scheme_label_studio.parse(content, where),
            scheme_label_studio_write.write,
        ),
        SchemeFormat(
            "anndoc",
            "annotations-legend.json: ids and names",
            _legend,
            lambda scheme: anndoc_legend.write(scheme, {}).decode(),
        ),
        SchemeFormat(
            "tagtog",
            "project settings of tagtog, JSON",
            lambda content, where, _: scheme_tagtog.parse(content, where),
            scheme_tagtog.write,
        ),
        SchemeFormat(
            "doccano", "labels of doccano, a JSON list", scheme_lists.parse_doccano, scheme_lists.write_doccano
        ),
        SchemeFormat(
            "prodigy", "names on lines, or with commas", scheme_lists.parse_prodigy, scheme_lists.write_prodigy
        ),
    )
}


def get(name: str) -> SchemeFormat:
    """Return a format by name; raises UsageError with the nearest name."""
    if name in FORMATS:
        return FORMATS[name]
    near = nearest(name, FORMATS)
    hint = f"Did you mean {near}?" if near else f"There are {', '.join(FORMATS)}."
    raise UsageError(f"There is no format of schemes {name!r}.", hint=hint)


def read(path: Path, *, format: str = "", list_as: ListAs = "entities") -> Reading:
    """Read a scheme file, with all that has to be mended in it.

    Args:
        format: Its name; empty: by what the file is called and how it begins.
        list_as: What the names of a bare list are.

    Raises:
        UsageError: There is no such file or format.
        SchemeError: It cannot be read at all.
    """
    if not path.is_file():
        raise UsageError(f"There is no scheme file {path}.", hint="`tui-annotate scheme show CORPUS` prints one.")
    try:
        with path.open("rb") as stream:
            content = stream.read(scheme_xml.MOST_BYTES + 1)
    except OSError as error:
        raise SchemeError(f"{path}: cannot be read: {error.strerror or error}.") from error
    if len(content) > scheme_xml.MOST_BYTES:
        raise SchemeError(f"{path}: has more than {scheme_xml.MOST_BYTES:,} bytes, that is no scheme.")
    return parse(content, str(path), format=format, list_as=list_as)


def parse(content: bytes, where: str, *, format: str = "", list_as: ListAs = "entities") -> Reading:
    """Read a scheme as `read` does."""
    found = get(format) if format else FORMATS[sniff(content, where)]
    return found.parse(content, where, list_as)


def sniff(content: bytes, name: str) -> str:
    """Return the name of the format of a file."""
    suffix = Path(name).suffix.lower()
    if suffix == ".toml":
        return "toml"
    # A cut may end within a character, and some encodings are the format's own matter.
    wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    text = content[:4096].decode("utf-16" if wide else "utf-8", "replace").lstrip("\ufeff \t\r\n")
    if suffix == ".xml" or re.match(r"<(?:\?xml|!|View\b)" if suffix == ".txt" else "<", text):
        return "label-studio"
    if suffix == ".json" or (re.match(r"\{|\[\s*[{\]\"]", text) and _json(content) is not None):
        return _sniff_json(content)
    return "toml" if (_TABLE if suffix == ".txt" else _LINES).match(text) else "prodigy"


def _json(content: bytes) -> object:
    """Return what a JSON file holds; None where it is none."""
    try:
        return msgspec.json.decode(decode(content).text)
    except (*JSON_ERRORS, DataError):
        return None


def _sniff_json(content: bytes) -> str:
    given = _json(content)
    if isinstance(given, list):
        return "doccano"
    return "tagtog" if scheme_tagtog.is_settings(given) else "anndoc"


def write(scheme: Scheme, format: str) -> tuple[str, list[str]]:
    """Return a scheme as a file of a format, and what of it that cannot hold, found by reading it back.

    Raises:
        UsageError: There is no such format.
        SchemeError: A name holds what the format has no way to write.
    """
    found = get(format)
    text = found.write(scheme)
    # As bytes: a name may hold half a character, which no file can.
    try:
        content = text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise SchemeError(f"A name holds {error.object[error.start]!r}, which no file can hold. Rename it.") from error
    after = found.parse(content, "", scheme_lists.list_as(scheme)).scheme
    return text, lost(replace(scheme, template=""), replace(after, template=""))

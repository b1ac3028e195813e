"""What a scheme would look like: its palette with keys and colours, what each label is predicted by, a line of text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.color import Color, ColorParseError
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.style import Style
from rich.text import Text

from tui_annotate.domain.annotations import LabelContent
from tui_annotate.domain.display import shown
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.scheme import ATTRIBUTES, ENTITIES, LABELS, Attribute, DocumentLabel, Scheme
from tui_annotate.domain.spans import Span
from tui_annotate.keymaps.assignment import Keymap
from tui_annotate.keymaps.names import display_key
from tui_annotate.screens.layout_marks import Mark, type_colors

_MOST = 60
"""Labels of a kind that are drawn; more are counted."""
_PART = "s1v1"
_WORDS = 30
"""Characters of a name that are drawn."""


def colors_of(scheme: Scheme, *, colour: bool = True) -> Mapping[str, str]:
    """Return the colour of each entity type, as the document view has it."""
    asked = {type.name: type.color for type in scheme.entities if type.color}
    return {**type_colors(type.name for type in scheme.entities), **asked} if colour else {}


def palette_text(
    scheme: Scheme, keymap: Keymap, *, deployed: Mapping[str, str] | None = None, colour: bool = True
) -> Group:
    """Return labels with their keys and colours, and the model of each.

    Args:
        deployed: Name of the deployed run by task.
    """
    found: list[RenderableType] = []
    for heading, lines in _sections(scheme, keymap, deployed or {}, colors_of(scheme, colour=colour)):
        found.append(Text(heading, "bold underline"))
        found += lines[:_MOST]
        if len(lines) > _MOST:
            found.append(Text(f"  and {len(lines) - _MOST:,} more", "dim"))
    return Group(*found or [Text("No labels yet: `a` adds one, `i` takes them from a file.", "dim")])


def _sections(
    scheme: Scheme, keymap: Keymap, deployed: Mapping[str, str], colors: Mapping[str, str]
) -> Iterator[tuple[str, list[RenderableType]]]:
    if scheme.entities:
        by = deployed.get(ENTITIES, "")
        lines: list[RenderableType] = []
        for type in scheme.entities:
            key = _key(keymap, "entity", type.name)
            style = _style(colors.get(type.name, ""))
            name = (f" {shown(type.name, _WORDS)} ", style + Style(bold=True, underline=True))
            lines.append(Text.assemble(f"  {key} ", name, (_model(type.model, by), "dim")))
        yield "Entity types", lines
    if scheme.labels:
        yield (
            "Document labels",
            [_field(label, "label", keymap, deployed.get(LABELS + label.name, "")) for label in scheme.labels],
        )
    if scheme.attributes:
        yield (
            "Attributes of entities",
            [_field(a, "attribute", keymap, deployed.get(ATTRIBUTES + a.name, "")) for a in scheme.attributes],
        )
    if scheme.relations:
        yield (
            "Relations",
            [
                Text(f"  {shown(r.name, _WORDS)}  {_ends(r.ends, '→' if r.directed else '–')}".rstrip())
                for r in scheme.relations
            ],
        )


def _ends(ends: tuple[str, str], arrow: str) -> str:
    return f"{shown(ends[0] or 'any', _WORDS)} {arrow} {shown(ends[1] or 'any', _WORDS)}" if any(ends) else ""


def _field(field: DocumentLabel | Attribute, target: str, keymap: Keymap, by: str) -> RenderableType:
    """Return a label, and under it its values, each with its key."""
    words: list[str] = [field.kind] if field.kind in ("choices", "text") else []
    if isinstance(field, DocumentLabel) and field.train:
        words.append("trained first")
    if isinstance(field, Attribute):
        words += ["assertion"] * field.assertion + ([f"on {', '.join(field.on)}"] if field.on else [])
    said = f"  {shown(', '.join(words), 60)}" if words else ""
    head = Text.assemble((shown(field.name, _WORDS), "bold"), (said + _model(field.model, by), "dim"))
    values = []
    for hotkey in keymap.hotkeys:
        if hotkey.target == target and hotkey.name == field.name:
            key = display_key(hotkey.keys[0]) if hotkey.keys else "·"
            values.append(Text.assemble((f"{key} ", "bold"), shown(_value(hotkey.value, field), _WORDS)))
    return Group(Padding(head, (0, 0, 0, 2)), Padding(_Values(values), (0, 0, 0, 4)))


class _Values:
    """Values with their keys, as many in a row as fit, none of them parted."""

    def __init__(self, values: Sequence[Text]) -> None:
        self._values = values

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        line = Text()
        for value in self._values:
            if line and line.cell_len + 2 + value.cell_len > options.max_width:
                yield line
                line = Text()
            line = Text("  ").join([line, value]) if line else value.copy()
        if line:
            yield line


def _value(value: LabelContent | None, field: DocumentLabel | Attribute) -> str:
    if value is None:
        return "a text" if field.kind == "text" else "yes or no"
    return "yes" if value is True else "no" if value is False else str(value)


def _key(keymap: Keymap, target: str, name: str) -> str:
    keys = next((h.keys for h in keymap.hotkeys if h.target == target and h.name == name), ())
    return display_key(keys[0]) if keys else "·"


def _model(model: str, by: str) -> str:
    return f"  by {shown(model or by, _WORDS)}{' (outside)' if model else ''}" if model or by else ""


def _style(color: str) -> Style:
    try:
        return Style(color=Color.parse(color)) if color else Style()
    except ColorParseError:
        return Style()


def sample(
    scheme: Scheme, keymap: Keymap, letters: Mapping[str, str], *, colour: bool = True
) -> tuple[Document, list[Mark]]:
    """Return a text with each entity type once, the first as decided and the others as suggested."""
    colors = colors_of(scheme, colour=colour)
    text, marks = "", []
    for place, type in enumerate(scheme.entities[:8]):
        text += "Here stands " if not place else (", then " if place % 2 else ", and ")
        words = f"some {type.name.lower()}"
        span = Span(_PART, len(text), len(text) + len(words))
        text += words
        marks.append(
            Mark(
                type.name,
                (span,),
                label=shown(type.name),
                letter=letters.get(type.name, ""),
                prob=None if not place else max(0.5, 0.9 - place / 20),
                kind="annotation" if not place else "suggestion",
                color=colors.get(type.name, ""),
            )
        )
    if not text:
        return Document("sample", ()), []
    return Document("sample", (Part(_PART, text + "."),)), marks

"""What a scheme would look like: its palette with keys and colours, what each label is predicted by, a line of text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich.color import Color, ColorParseError
from rich.style import Style
from rich.text import Text

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
) -> Text:
    """Return labels with their keys and colours, and the model of each.

    Args:
        deployed: Name of the deployed run by task.
    """
    text = Text()
    for heading, lines in _sections(scheme, keymap, deployed or {}, colors_of(scheme, colour=colour)):
        text.append(f"{heading}\n", "bold")
        for line in lines[:_MOST]:
            text.append_text(line)
            text.append("\n")
        if len(lines) > _MOST:
            text.append(f"  and {len(lines) - _MOST:,} more\n", "dim")
    if not text:
        text.append("No labels yet. `a` adds one, `i` takes them from a file.\n", "dim")
    return text


def _sections(
    scheme: Scheme, keymap: Keymap, deployed: Mapping[str, str], colors: Mapping[str, str]
) -> Iterator[tuple[str, list[Text]]]:
    if scheme.entities:
        by = deployed.get(ENTITIES, "")
        lines = []
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
                Text(f"    {shown(r.name, _WORDS)}  {_ends(r.ends, '→' if r.directed else '–')}".rstrip())
                for r in scheme.relations
            ],
        )


def _ends(ends: tuple[str, str], arrow: str) -> str:
    return f"{shown(ends[0] or 'any', _WORDS)} {arrow} {shown(ends[1] or 'any', _WORDS)}" if any(ends) else ""


def _field(field: DocumentLabel | Attribute, target: str, keymap: Keymap, by: str) -> Text:
    """Return a label with its values, each with its key."""
    text = Text("    ")
    text.append(shown(field.name, _WORDS), "bold")
    words = [field.kind] * (field.kind in ("choices", "text"))
    if isinstance(field, DocumentLabel) and field.train:
        words.append("trained first")
    if isinstance(field, Attribute):
        words += ["assertion"] * field.assertion + ([f"on {', '.join(field.on)}"] if field.on else [])
    text.append(f"  {shown(', '.join(words), 60)}" if words else "", "dim")
    for hotkey in keymap.hotkeys:
        if hotkey.target == target and hotkey.name == field.name:
            value = (
                ""
                if hotkey.value is None
                else "yes"
                if hotkey.value is True
                else "no"
                if hotkey.value is False
                else hotkey.value
            )
            key = display_key(hotkey.keys[0]) if hotkey.keys else "·"
            text.append(f"  {key} ", "bold")
            text.append(shown(str(value), _WORDS))
    text.append(_model(field.model, by), "dim")
    return text


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

"""What a scheme would look like: its palette with keys and colours, what each label is predicted by, a line of text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.color import Color, ColorParseError
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.geometry import Region
from textual.widgets import Static

from tui_annotate.domain.annotations import LabelContent
from tui_annotate.domain.display import shown
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.scheme import ATTRIBUTES, ENTITIES, LABELS, Attribute, DocumentLabel, Scheme
from tui_annotate.domain.spans import Span
from tui_annotate.keymaps.assignment import Keymap
from tui_annotate.keymaps.names import display_key
from tui_annotate.screens.document_view import DocumentView
from tui_annotate.screens.layout_marks import Mark, type_colors
from tui_annotate.screens.marks import Marker

_MOST = 500
"""Labels of a kind that are drawn; more are counted."""
_PART = "s1v1"
_WORDS = 30
"""Characters of a name that are drawn."""


def colors_of(scheme: Scheme, *, colour: bool = True) -> Mapping[str, str]:
    """Return the colour of each entity type, as the document view has it."""
    asked = {type.name: type.color for type in scheme.entities if type.color}
    return {**type_colors(type.name for type in scheme.entities), **asked} if colour else {}


Place = tuple[str, str]
"""Group and name of a label."""


def palette_text(
    scheme: Scheme, keymap: Keymap, *, deployed: Mapping[str, str] | None = None, colour: bool = True
) -> Group:
    """Return labels with their keys and colours, and the model of each.

    Args:
        deployed: Name of the deployed run by task.
    """
    return Group(*(piece for _, piece in _pieces(scheme, keymap, deployed or {}, colour=colour)))


def _pieces(
    scheme: Scheme, keymap: Keymap, deployed: Mapping[str, str], *, colour: bool
) -> list[tuple[Place, RenderableType]]:
    """Return the parts of a palette from the top down, each with the label it is of."""
    found: list[tuple[Place, RenderableType]] = []
    for group, heading, things in _sections(scheme, keymap, deployed, colors_of(scheme, colour=colour)):
        found.append(((group, ""), Text(heading, "bold underline")))
        found += [((group, name), piece) for name, piece in things[:_MOST]]
        if len(things) > _MOST:
            found.append(((group, ""), Text(f"  and {len(things) - _MOST:,} more", "dim")))
    return found or [(("", ""), Text("No labels yet: `a` adds one, `i` takes them from a file.", "dim"))]


def _sections(
    scheme: Scheme, keymap: Keymap, deployed: Mapping[str, str], colors: Mapping[str, str]
) -> Iterator[tuple[str, str, list[tuple[str, RenderableType]]]]:
    if scheme.entities:
        by = deployed.get(ENTITIES, "")
        lines: list[tuple[str, RenderableType]] = []
        for type in scheme.entities:
            key = _key(keymap, "entity", type.name)
            style = _style(colors.get(type.name, ""))
            name = (f" {shown(type.name, _WORDS)} ", style + Style(bold=True, underline=True))
            lines.append((type.name, Text.assemble(f"  {key} ", name, (_model(type.model, by), "dim"))))
        yield "entity", "Entity types", lines
    if scheme.labels:
        yield (
            "label",
            "Document labels",
            [(m.name, _field(m, "label", keymap, deployed.get(LABELS + m.name, ""))) for m in scheme.labels],
        )
    if scheme.attributes:
        yield (
            "attribute",
            "Attributes of entities",
            [
                (a.name, _field(a, "attribute", keymap, deployed.get(ATTRIBUTES + a.name, "")))
                for a in scheme.attributes
            ],
        )
    if scheme.relations:
        yield (
            "relation",
            "Relations",
            [
                (r.name, Text(f"  {shown(r.name, _WORDS)}  {_ends(r.ends, '→' if r.directed else '–')}".rstrip()))
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
    scheme: Scheme, keymap: Keymap, letters: Mapping[str, str], *, colour: bool = True, at: str = ""
) -> tuple[Document, list[Mark]]:
    """Return a text with entity types once each, the first as decided and the others as suggested.

    Args:
        at: A type that is to be seen; the text begins with it, and the one before.
    """
    colors = colors_of(scheme, colour=colour)
    text, marks = "", []
    start = max(0, next((place for place, type in enumerate(scheme.entities) if type.name == at), 0) - 1)
    for place, type in enumerate(scheme.entities[start : start + 8]):
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


class Preview(Vertical):
    """Draws a line of text above the palette, and keeps one label of them in sight."""

    DEFAULT_CSS = """
    Preview { width: 1fr; height: 100%; border-left: solid $foreground 50%; padding: 0 1; }
    Preview > VerticalScroll { height: 1fr; }
    Preview > VerticalScroll Static { width: 100%; height: auto; }
    Preview > DocumentView { height: 6; border-bottom: solid $foreground 50%; }
    """

    def __init__(self, *, colour: bool) -> None:
        super().__init__(id="preview")
        self._colour = colour
        self._palette = Static(markup=False)
        self._sample = DocumentView(id="sample")
        self._sample.can_focus = False
        self._drawn: tuple[Scheme, Keymap] = (Scheme(), Keymap(()))
        self._pieces: list[tuple[Place, RenderableType]] = []

    def compose(self) -> ComposeResult:
        """Lay the text above the palette, since what is typed is asked at the foot."""
        yield self._sample
        with VerticalScroll(can_focus=False):
            yield self._palette

    def draw(self, scheme: Scheme, keymap: Keymap, at: Place, *, deployed: Mapping[str, str]) -> None:
        """Draw a scheme, with a label of it in sight."""
        self._drawn = scheme, keymap
        self._pieces = _pieces(scheme, keymap, deployed, colour=self._colour)
        self._palette.update(Group(*(piece for _, piece in self._pieces)))
        self._draw_sample(at)
        self.call_after_refresh(self._scroll, at)

    def look_at(self, at: Place) -> None:
        """Have another label in sight."""
        if at[0] == "entity":
            self._draw_sample(at)
        self._scroll(at)

    def _draw_sample(self, at: Place) -> None:
        scheme, keymap = self._drawn
        letters = Marker(scheme, keymap, colour=self._colour).letters
        name = at[1] if at[0] == "entity" else ""
        document, marks = sample(scheme, keymap, letters, colour=self._colour, at=name)
        self._sample.display = bool(marks)
        if marks:
            self._sample.show(document, marks)

    def _scroll(self, at: Place) -> None:
        pane = self.query_one(VerticalScroll)
        options = self.app.console.options.update(width=max(1, pane.scrollable_content_region.width))
        top = 0
        for place, piece in self._pieces:
            lines = len(self.app.console.render_lines(piece, options, pad=False))
            if place == at:
                pane.scroll_to_region(Region(0, top, 1, lines), animate=False, force=True)
                return
            top += lines

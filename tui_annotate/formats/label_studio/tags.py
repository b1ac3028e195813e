"""The tags and attributes of Label Studio's and Annotation Lab's configurations, and what their colours are."""

from __future__ import annotations

import re
from collections.abc import Mapping


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


LABELS = ("Labels", "HyperTextLabels", "ParagraphLabels")
"""Hold entity types."""
_CONTROL = """name toName visibleWhen whenTagName whenLabelValue whenChoiceValue perRegion perItem required
    requiredMessage className style"""
_LABELS = """choice maxUsages showInline showInLine value opacity fillColor strokeColor strokeWidth model granularity
    allowEmpty"""
ATTRIBUTES: Mapping[str, tuple[str, ...]] = {
    tag: _words(names)
    for tag, names in (
        *((tag, f"{_CONTROL} {_LABELS}") for tag in LABELS),
        (
            "Label",
            """value hotkey background model alias assertion hint selected maxUsages showAlias aliasStyle size
            selectedColor granularity html category style color""",
        ),
        (
            "Choices",
            f"""{_CONTROL} choice train showInLine showInline layout value model allownested allowNested condition
            inputType""",
        ),
        ("Choice", "value hotkey alias selected model hint html style color background"),
        (
            "TextArea",
            f"""{_CONTROL} value label placeholder maxSubmissions editable rows transcription displayMode skipDuplicates
            showSubmitButton smartOnly hotkey showDeleteButton""",
        ),
        ("Relations", "choice name toName"),
        ("Relation", "value background hotkey model"),
    )
}
"""Attributes by tag, of the tags that carry labels."""
PLAIN = _words(
    """View Text HyperText Paragraphs Header Style Collapse Panel Filter Shortcut Markdown Pagination Br Table Hint
    br p div span h1 h2 h3 h4 hr b i ul li img a"""
)
"""Show something, or arrange it: kept, and nothing of a scheme."""
UNUSED = _words(
    """Taxonomy Rating Number DateTime Ranker Pairwise List Bucket Image Audio AudioPlus Video Pdf Chat ReactCode
    TimeSeries TimeSeriesLabels Timeseries Channel TimelineLabels Repeater VideoRectangle MagicWand Typography
    Rectangle RectangleLabels Polygon PolygonLabels Brush BrushLabels Ellipse EllipseLabels KeyPoint KeyPointLabels
    Vector VectorLabels Bitmask BitmaskLabels"""
)
"""Ask for what is no label of a text or its entities: kept, and said."""
KNOWN = (*ATTRIBUTES, *PLAIN, *UNUSED)
CHOICE = {"single": "choice", "single-radio": "choice", "multiple": "choices"}
"""Kinds of document labels by the attribute `choice`."""
WITHOUT_MEANING = ("alias", "selected", "maxUsages", "required", "html")
"""Attributes that ask for something that is not done here."""

_ANSI = {
    "black": "#000000",
    "red": "#ff0000",
    "green": "#008000",
    "yellow": "#ffff00",
    "blue": "#0000ff",
    "magenta": "#ff00ff",
    "cyan": "#00ffff",
    "white": "#ffffff",
}
_BRIGHT = {
    "bright_black": "#808080",
    "bright_red": "#ff5555",
    "bright_green": "#55ff55",
    "bright_yellow": "#ffff55",
    "bright_blue": "#5555ff",
    "bright_magenta": "#ff55ff",
    "bright_cyan": "#55ffff",
    "bright_white": "#ffffff",
}
_WEB = {
    "aqua": "#00ffff", "brown": "#a52a2a", "coral": "#ff7f50", "crimson": "#dc143c", "darkblue": "#00008b",
    "darkgreen": "#006400", "darkorange": "#ff8c00", "darkred": "#8b0000", "darkviolet": "#9400d3",
    "fuchsia": "#ff00ff",
    "gold": "#ffd700", "gray": "#808080", "grey": "#808080", "indigo": "#4b0082", "khaki": "#f0e68c",
    "lightblue": "#add8e6", "lightgreen": "#90ee90", "lime": "#00ff00", "maroon": "#800000", "navy": "#000080",
    "olive": "#808000", "orange": "#ffa500", "orchid": "#da70d6", "pink": "#ffc0cb", "plum": "#dda0dd",
    "purple": "#800080", "salmon": "#fa8072", "silver": "#c0c0c0", "skyblue": "#87ceeb", "steelblue": "#4682b4",
    "tan": "#d2b48c", "teal": "#008080", "tomato": "#ff6347", "turquoise": "#40e0d0", "violet": "#ee82ee",
}  # fmt: skip
_RGB = re.compile(r"rgba?\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*(?:,[^)]*)?\)$")


def color_of(text: str) -> str | None:
    """Return a colour of the web as ours, `#rrggbb` or an ANSI name; None for what is none."""
    word = text.strip().lower()
    if word in _ANSI:
        return word
    if re.fullmatch(r"#[0-9a-f]{6}(?:[0-9a-f]{2})?", word):
        return word[:7]
    if re.fullmatch(r"#[0-9a-f]{3}", word):
        return "#" + "".join(digit * 2 for digit in word[1:])
    rgb = _RGB.match(word)
    if rgb:
        return "#" + "".join(f"{min(255, int(part)):02x}" for part in rgb.groups())
    return _WEB.get(word)


def web_color(color: str) -> str:
    """Return one of our colours as the web knows it."""
    return _BRIGHT.get(color.removeprefix("ansi_"), color.removeprefix("ansi_"))


def hex_color(color: str) -> str:
    """Return one of our colours as `#rrggbb`; empty for none."""
    found = web_color(color)
    return _ANSI.get(found, found)

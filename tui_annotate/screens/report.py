"""Reports: what an import did, line by line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from tui_annotate.domain.display import shown
from tui_annotate.screens.leaving import LeftOnce

if TYPE_CHECKING:
    from tui_annotate.services.importing import ImportReport


def import_line(report: ImportReport) -> str:
    """Return what an import did, in one line."""
    counts = report.counts
    said = [_counted(counts.created, "new document")]
    said += [f"{number:,} {word}" for number, word in _rest(report) if number]
    return "imported: " + ", ".join(said)


def _counted(number: int, thing: str) -> str:
    return f"{number:,} {thing}" + ("" if number == 1 else "s")


def _rest(report: ImportReport) -> list[tuple[int, str]]:
    counts = report.counts
    return [
        (counts.updated, "updated"),
        (counts.unchanged, "unchanged"),
        (counts.duplicates, "with a text that was there already"),
        (counts.refused, "refused"),
        (counts.suggestions, "suggestions"),
        (counts.entities, "entities"),
        (counts.labels, "document labels"),
    ]


def import_lines(report: ImportReport) -> list[str]:
    """Return what an import repaired, refused and added to the scheme."""
    lines = [import_line(report)]
    lines += [f"{file.where}: {file.format}, {_counted(file.documents, 'document')}" for file in report.files[:50]]
    if report.added:
        lines.append("new in the scheme: " + ", ".join(report.added))
    lines += [str(problem) for problem in report.problems]
    if report.more_problems:
        lines.append(f"and {report.more_problems} more")
    return lines


class ReportScreen(ModalScreen[None], LeftOnce[None]):
    """Shows lines that came from outside, made visible."""

    DEFAULT_CSS = """
    ReportScreen { align: center middle; background: transparent; }
    ReportScreen > VerticalScroll {
        width: 96; max-width: 100%; height: auto; max-height: 90%; padding: 0 1;
        background: $surface; border: round $foreground;
    }
    ReportScreen Static { height: auto; width: 100%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,enter,space", "dismiss", "close", show=False)]

    def __init__(self, title: str, lines: Sequence[str]) -> None:
        super().__init__()
        self._heading = title
        self._lines = lines

    def compose(self) -> ComposeResult:
        """Lay out the lines."""
        with VerticalScroll() as scroll:
            scroll.border_title = Text(shown(self._heading, 80))  # a bare string would be read as markup
            scroll.border_subtitle = "esc closes"
            yield Static(Text("\n".join(shown(line, 400) for line in self._lines)), markup=False)

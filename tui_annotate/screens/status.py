"""What the lines around the document say. Pure: state in, rows out; all that is data passes `display.shown`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

from tui_annotate.domain.alignment import misaligned
from tui_annotate.domain.decisions import VersionState
from tui_annotate.domain.display import shown
from tui_annotate.domain.selection import Review
from tui_annotate.domain.spans import Span
from tui_annotate.errors import AnnotateError
from tui_annotate.keymaps.names import display_key
from tui_annotate.screens.lines import Piece, Row, row
from tui_annotate.session.items import Item
from tui_annotate.session.working import WorkingDocument
from tui_annotate.store.counters import Progress
from tui_annotate.store.reviewing import Note

Sign = Literal["saved", "saving", "not saved", "read-only"]
_SIGNS: dict[Sign, Piece] = {
    "saved": ("saved ✓ ", "dim"),
    "saving": ("saving … ", "bold"),
    "not saved": ("NOT SAVED ", "bold reverse red"),
    "read-only": ("read-only ", "bold reverse"),
}


class Learning(Protocol):
    """What is shown of `services.training.LoopState`, which loads after the first picture."""

    @property
    def active(self) -> bool: ...
    @property
    def every(self) -> int: ...
    @property
    def since(self) -> int: ...
    @property
    def runs(self) -> Mapping[str, str]: ...
    @property
    def figure(self) -> str: ...
    @property
    def training(self) -> str: ...
    @property
    def fraction(self) -> float | None: ...
    @property
    def waiting(self) -> bool: ...
    @property
    def news(self) -> str: ...
    @property
    def failed(self) -> bool: ...


_BAR: Piece = (" │ ", "dim")


def header(name: str, progress: Progress | None, loop: Learning | None) -> Row:
    """Return the top line: the corpus, how far it is, the model and what it is worth, when it learns next."""
    left: list[Piece] = [(f" {shown(name, 30)}", "bold")]
    if progress is not None:
        left.append((f"  {progress.confirmed}/{progress.total} confirmed", ""))
        if progress.skipped:
            left.append((f"  {progress.skipped} skipped", ""))
    if loop is None:
        return row(*left)
    left.append(_BAR)
    left.append((_model(loop), ""))
    if loop.figure:
        left.append((f"  {shown(loop.figure)}", ""))
    left.append(_BAR)
    left.append((_learning(loop), ""))
    if loop.training:
        # At the very beginning the child may still be getting ready: there is no figure yet.
        percent = f" {loop.fraction * 100:.0f} %" if loop.fraction else " …"
        left.append((f" ▸ training{percent}", "bold"))
    return row(*left)


def _model(loop: Learning) -> str:
    names = sorted(set(loop.runs.values()))
    if not names:
        return "no model yet"
    if len(names) > 2:
        return f"{len(names)} runs"
    return ("run " if len(names) == 1 else "runs ") + shown(", ".join(names), 40)


def _learning(loop: Learning) -> str:
    if loop.failed:
        return "training failed"
    if not loop.active:
        return "retrain off"
    return f"retrain {min(loop.since, loop.every)}/{loop.every}" if loop.every else "retrain off"


def document_line(working: WorkingDocument, sign: Sign) -> Row:
    """Return the line over the text: which document it is, how far it is, why it was chosen."""
    left: list[Piece] = [(f" {shown(working.row.name or working.row.key, 60)}", "bold")]
    if working.row.folder:
        left.append((f"  {shown(working.row.folder, 40)}", ""))
    left += [(f"  #{shown(tag, 20)}", "") for tag in working.row.tags]
    left.append((f"  {state_word(working)}", "bold" if working.is_confirmed else ""))
    if working.note is not None:
        left.append((f"  {review_word(working.note)}", "bold"))
    why = (f"why here: {shown(working.reason, 60)}   ", "") if working.reason else ("", "")
    return row(*left, right=(why, _SIGNS[sign]))


def review_word(note: Note) -> str:
    """Say what a reviewer said of the version on screen."""
    said = {Review.ACCEPTED: "accepted", Review.REJECTED: "rejected", Review.TO_CORRECT: "to be corrected"}
    if note.review not in said:
        return ""
    text = f": {shown(note.text, 80)}" if note.text else ""
    return f"{said[note.review]} by {shown(note.by, 30)}{text}"


def state_word(working: WorkingDocument) -> str:
    """Say how far the document is."""
    if working.is_confirmed:
        return "confirmed ✓"
    if working.state is VersionState.SKIPPED:
        return "skipped"
    count = working.items.undecided
    return f"{count} undecided" if count else ""


def focus_line(working: WorkingDocument, item: Item | None, *, snap: Sequence[str] = ()) -> Row:
    """Return the line of the focused item: its text, type, probability, runner-up, and who made it.

    Args:
        snap: Keys that let its ends meet whole words, named where they do not.
    """
    if item is None:
        return row((" nothing is focused" if len(working.items) else "", "dim"))
    text = " … ".join(shown(working.document.slice(span), 40) for span in item.spans[:3])
    left: list[Piece] = [(" ▸ ", "bold"), (text or "document", "bold"), ("  ", "")]
    suggestion = item.suggestion
    if misaligned(working.document, item.spans):
        how = f": {display_key(snap[0])} snaps" if snap and len(item.spans) == 1 else ""
        left[-1:] = [("  ", ""), (f" not whole words{how} ", "reverse"), ("  ", "")]
    if suggestion is None:
        return row(*left, (f"{shown(item.name, 30)} ✓", "bold"), (_made_by(item.who), ""))
    name = shown(item.name, 30)
    if item.of is not None:
        left.append((f"{shown(item.of.type, 30)} ✓  ", ""))
    if suggestion.target != "entity":
        name += f" = {shown(value_word(suggestion.value), 30)}"
    left.append((f"{name} {suggestion.prob:.2f}", "bold"))
    if suggestion.other is not None:
        left.append((f"  next best {shown(suggestion.other[0], 30)} {suggestion.other[1]:.2f}", ""))
    source = (f"run {suggestion.run}",) if suggestion.run else suggestion.who
    left.append((_made_by(source), ""))
    return row(*left)


def selection_line(working: WorkingDocument, span: Span, item: Item | None) -> Row:
    """Return the line of what is being selected."""
    verb = "new entity" if item is None else f"new ends for {shown(item.name, 30)}"
    return row((" ▸ ", "bold"), (shown(working.document.slice(span), 60), "bold"), f"  {verb}")


def _made_by(who: Sequence[str]) -> str:
    return f"  by {shown(', '.join(who), 40)}" if who else ""


def value_word(value: object) -> str:
    """Say a document label's value."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return str(value)


def rule(notice: str = "", *, warning: bool = False) -> Row:
    """Return the rule over the panel, with what there is to tell in it."""
    if not notice:
        return row(fill="─", fill_style="dim")
    text: Piece = (f" {shown(notice)} ", "bold reverse" if warning else "bold")
    return row(("──", "dim"), text, fill="─", fill_style="dim")


def banner(error: AnnotateError) -> Row:
    """Return the line that says what could not be written."""
    return row((f" ✗ {shown(error.message)}", "bold reverse red"), fill_style="reverse red")


def banner_hint(error: AnnotateError, dropped: int = 0, *, readonly: bool = False) -> Row:
    """Return the line that says what to do about it.

    Args:
        readonly: The corpus was opened so; to try again would not help.
    """
    if readonly:
        return row((" Nothing was changed. Going to another document takes this away.", "bold red"))
    typed = f" {dropped} more keys were not taken." if dropped else ""
    what = f"{shown(error.hint)} " if error.hint else ""
    return row((f" {what}The same key tries again: nothing is lost, nothing was changed.{typed}", "bold red"))

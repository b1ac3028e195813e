"""The scheme editor: the labels in a table, and beside it what they look like and which keys they get, as one types."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import DataTable, Static

from tui_annotate.domain.scheme import Scheme
from tui_annotate.domain.scheme_changes import Group
from tui_annotate.errors import SchemeError
from tui_annotate.keymaps.assignment import Keymap
from tui_annotate.keymaps.names import display_key
from tui_annotate.screens.bindings import bindings
from tui_annotate.screens.document_view import DocumentView
from tui_annotate.screens.lines import Lines
from tui_annotate.screens.marks import Marker
from tui_annotate.screens.opened import OpenedCorpus
from tui_annotate.screens.picker import Choice, Picker, matching
from tui_annotate.screens.prompt import Prompt, typed_path
from tui_annotate.screens.rows_screen import Rows, RowsScreen, TableRow
from tui_annotate.screens.scheme_preview import palette_text, sample
from tui_annotate.screens.scheme_questions import Questions
from tui_annotate.services import scheme_checking, scheme_editing
from tui_annotate.services.scheme_draft import Draft, Row
from tui_annotate.store import runs, settings
from tui_annotate.store.connection import Corpus

_COLUMNS = ("key", "label", "is")
_SHORT: Mapping[Group, str] = {"entity": "entity", "label": "", "attribute": "attribute", "relation": "relation"}
_MOST_SAID = 6


class SchemeEditorScreen(RowsScreen[bool]):
    """Edits a draft of the scheme; its result says whether anything was put in force."""

    DEFAULT_CSS = """
    SchemeEditorScreen #both { height: 1fr; }
    SchemeEditorScreen Rows { width: 42%; height: 100%; overflow-x: hidden; }
    SchemeEditorScreen #preview { width: 1fr; height: 100%; border-left: solid $foreground 50%; padding: 0 1; }
    SchemeEditorScreen #palette { height: 1fr; }
    SchemeEditorScreen #palette Static { width: 100%; height: auto; }
    SchemeEditorScreen DocumentView { height: 6; border-bottom: solid $foreground 50%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("scheme")]
    HINTS = (
        ("change-field", "change"),
        ("add-label", "add"),
        ("add-option", "option"),
        ("drop-label", "delete"),
        ("label-up", "up"),
        ("take-back", "undo"),
        ("save-scheme", "save"),
    )

    def __init__(
        self,
        opened: OpenedCorpus,
        keymap: Keymap,
        *,
        keys: Mapping[str, Sequence[str]],
        colour: bool = True,
        load: bool = False,
    ) -> None:
        super().__init__(f"{opened.path.name}: labels", keymap)
        self.opened = opened
        self._keys_asked = keys
        self._colour = colour
        self._load_first = load
        self.draft = Draft(Scheme(), keys=keys)
        self._rows: dict[str, Row] = {}
        self._deployed: dict[str, str] = {}
        self.wrote = False
        self._questions = Questions(self)
        self._palette = Static(markup=False)
        self._sample = DocumentView(id="sample")

    def compose(self) -> ComposeResult:
        """Lay the table beside the preview, what is said under both."""
        yield Static(markup=False, id="heading")
        with Horizontal(id="both"):
            yield Rows(cursor_type="row")
            with Vertical(id="preview"):
                # Above: what is typed is asked at the foot.
                yield self._sample
                with VerticalScroll(id="palette", can_focus=False):
                    yield self._palette
        with VerticalScroll(id="details", can_focus=False):
            yield self._said
        below = Static(markup=False, id="below")
        below.display = False
        yield below
        yield Lines(1, id="keys")

    def on_mount(self) -> None:
        """Read the scheme in force."""
        self._sample.can_focus = False
        self.later(self._read)

    async def _read(self) -> None:
        def read(corpus: Corpus) -> tuple[Scheme, scheme_checking.Models, dict[str, str]]:
            deployed = {task: run.name for task, run in runs.deployed(corpus).items()}
            return settings.scheme(corpus), scheme_checking.models_of(corpus), deployed

        scheme, models, self._deployed = await self.opened.writer(read)
        self.draft = Draft(scheme, models=models, keys=self._keys_asked)
        self.show()
        if self._load_first:
            self._load_first = False
            self._load()

    # What is shown

    def show(self, cursor: Row | None = None) -> None:
        """Show the draft."""
        self._rows = {row.key: row for row in self.draft.rows()}
        keymap = self.draft.keymap()
        rows = [self._table_row(row, keymap) for row in self._rows.values()]
        self.fill(_COLUMNS, rows, cursor=cursor.key if cursor is not None else None)
        changes = self.draft.changes()
        self.tell(f"{len(changes)} not saved" if changes else "as in force" if rows else "none yet")
        self.preview(self.draft.scheme)

    def preview(self, scheme: Scheme) -> list[str]:
        """Draw what a scheme would look like, and return what has to be mended in it."""
        keymap = self.draft.keymap(scheme)
        self._palette.update(palette_text(scheme, keymap, deployed=self._deployed, colour=self._colour))
        letters = Marker(scheme, keymap, colour=self._colour).letters
        document, marks = sample(scheme, keymap, letters, colour=self._colour)
        self._sample.display = bool(marks)
        if marks:
            self._sample.show(document, marks)
        findings = self.draft.findings(scheme)
        said = [str(one) for one in findings if one.severity != "note"]
        more = [f"and {len(said) - _MOST_SAID} more"] if len(said) > _MOST_SAID else []
        self.show_below([*said[:_MOST_SAID], *more])
        return [str(one) for one in scheme_editing.mended(findings)]

    def _table_row(self, row: Row, keymap: Keymap) -> TableRow:
        thing = self.draft.thing(row)
        kind = getattr(thing, "kind", "")
        word = "" if row.option else " ".join(filter(None, (_SHORT[row.group], kind)))
        found = [
            hotkey.keys[0]
            for hotkey in keymap.hotkeys
            if hotkey.keys
            and hotkey.target == row.group
            and hotkey.name == row.name
            and (hotkey.value is None or hotkey.value is True or hotkey.value == row.option)
            and (bool(row.option) == isinstance(hotkey.value, str))
        ]
        name = f"  {row.option}" if row.option else row.name
        return TableRow(row.key, (display_key(found[0]) if found else "", name, word))

    def details(self, key: str) -> str:
        """Return a row's fields that say something."""
        row = self._rows[key]
        said = [f"{field.name}: {field.value}" for field in self.draft.fields(row)[1:] if field.value not in ("", "no")]
        return " · ".join(said)

    @property
    def row(self) -> Row | None:
        return self._rows.get(self.chosen or "")

    # Keys

    def action_do(self, id: str) -> None:
        """Do what a key is for."""
        table: dict[str, Callable[[], None]] = {
            "change-field": self._questions.change,
            "add-label": self._questions.add,
            "add-option": self._questions.add_option,
            "drop-label": self._drop,
            "label-up": lambda: self._move(-1),
            "label-down": lambda: self._move(1),
            "take-back": self._take_back,
            "load-labels": self._load,
            "save-scheme": self._save,
        }
        if id in table:
            table[id]()
        else:
            super().action_do(id)

    @on(DataTable.RowSelected)
    def _taken(self) -> None:
        self._questions.change()

    def ask(self, title: str, choices: Sequence[Choice[Any]], then: Callable[[Any], None]) -> None:
        def answered(answer: Choice[Any] | str | None) -> None:
            if isinstance(answer, Choice):
                then(answer.value)

        self.app.push_screen(Picker(title, lambda query: matching(query, choices)), answered)

    def attempt(self, step: Callable[[], Row | None]) -> None:
        """Take a step of the draft; why it cannot be taken is said."""
        try:
            row = step()
        except SchemeError as error:
            self.tell(str(error), warning=True)
            return
        self.show(row)

    # Rows

    def _move(self, step: int) -> None:
        row = self.row
        if row is not None:
            self.draft.move(row, step)
            self.show(row)

    def _drop(self) -> None:
        row = self.row

        def step() -> None:
            if row is not None:
                self.draft.delete(row)

        if row is not None:
            self.later(lambda: self._questions.in_force(row, "delete", "", lambda: self.attempt(step)))

    def _take_back(self) -> None:
        if self.draft.undo():
            self.show()
        else:
            self.tell("nothing to take back here")

    # Files

    def _load(self) -> None:
        def given(text: str | None) -> None:
            if text and text.strip():
                self.later(lambda: self._load_file(text))

        hint = "TOML, Label Studio XML, tagtog settings, an anndoc legend, doccano or Prodigy labels."
        self.app.push_screen(Prompt("load labels from", hint=hint), given)

    async def _load_file(self, text: str) -> None:
        schemes = await asyncio.to_thread(importlib.import_module, "tui_annotate.formats.schemes.formats")
        reading = await asyncio.to_thread(schemes.read, typed_path(text))
        joined = scheme_editing.join(self.draft.scheme, reading.checked())
        self.draft.put(joined.scheme)
        self.show()
        said = [f"{len(joined.added)} joined", *(f"differs: {line}" for line in joined.differing)]
        self.tell("; ".join(said[:3]) + "; not saved yet")

    # Saving and leaving

    def _save(self) -> None:
        changes = self.draft.changes()
        if not self.draft.is_changed:
            self.tell("nothing to save")
            return
        shown = ", ".join(changes[:4]) + (f" and {len(changes) - 4} more" if len(changes) > 4 else "")
        choices = [Choice(True, "put it in force", shown), Choice(False, "go on editing")]
        self.ask("save the labels?", choices, lambda yes: self.later(self._put) if yes else None)

    async def _put(self) -> None:
        draft, by, keys = self.draft, self.opened.annotator, self._keys_asked

        def put(corpus: Corpus) -> Scheme:
            return scheme_editing.put(corpus, draft.scheme, base=draft.base, annotator=by, keys=keys)

        await self.opened.writer(put)
        self.dismiss(True)

    def holds_back(self) -> bool:
        """Ask about what is not saved before the app is left; False where there is nothing to ask."""
        if self.draft.is_changed:
            self.close_list()
        return self.draft.is_changed

    def close_list(self) -> None:
        """Leave; what is not saved is asked about first."""
        if not self.draft.is_changed:
            self.dismiss(self.wrote)
            return
        choices = [
            Choice("save", "save and leave", ", ".join(self.draft.changes()[:3])),
            Choice("stay", "go on editing"),
            Choice("drop", "leave without saving", "what was changed here is gone"),
        ]

        def answered(answer: str) -> None:
            if answer == "save":
                self.later(self._put)
            elif answer == "drop":
                self.dismiss(self.wrote)

        self.ask("the labels are not saved", choices, answered)

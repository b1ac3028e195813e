"""The scheme editor: the labels in a table, and beside it what they look like and which keys they get, as one types."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import DataTable, Static

from tui_annotate.domain.display import shown
from tui_annotate.domain.scheme import Scheme
from tui_annotate.domain.scheme_changes import Group
from tui_annotate.errors import ChangedMeanwhileError, SchemeError, UsageError
from tui_annotate.keymaps.assignment import Keymap
from tui_annotate.keymaps.names import display_key
from tui_annotate.screens.bindings import bindings
from tui_annotate.screens.change_report import ChangeReport
from tui_annotate.screens.lines import Lines
from tui_annotate.screens.opened import OpenedCorpus
from tui_annotate.screens.picker import Choice, Picker, matching
from tui_annotate.screens.prompt import Prompt, typed_path
from tui_annotate.screens.rows_screen import Rows, RowsScreen, TableRow
from tui_annotate.screens.scheme_preview import Place, Preview
from tui_annotate.screens.scheme_questions import Questions
from tui_annotate.services import scheme_checking, scheme_editing
from tui_annotate.services.scheme_draft import Draft, Row
from tui_annotate.store import runs, settings
from tui_annotate.store.connection import Corpus

_COLUMNS = ("key", "label", "is")
_SHORT: Mapping[Group, str] = {"entity": "entity", "label": "", "attribute": "attribute", "relation": "relation"}
_MOST_SAID = 6
_SHARE = 0.42
"""Of the width, for the table; as the styles have it."""
_LEAST = 10
"""Characters of a name that are shown however narrow it is."""


class SchemeEditorScreen(RowsScreen[bool]):
    """Edits a draft of the scheme; its result says whether anything was put in force."""

    DEFAULT_CSS = """
    SchemeEditorScreen #both { height: 1fr; }
    SchemeEditorScreen Rows { width: 42%; height: 100%; overflow-x: hidden; }
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
        self.keys = keys
        self._load_first = load
        self.draft = Draft(Scheme(), keys=keys)
        self._rows: dict[str, Row] = {}
        self._deployed: dict[str, str] = {}
        self.wrote = False
        self._questions = Questions(self)
        self._preview = Preview(colour=colour)
        self._version = 0
        self._clashed: Scheme | None = None

    def compose(self) -> ComposeResult:
        """Lay the table beside the preview, what is said under both."""
        yield Static(markup=False, id="heading")
        with Horizontal(id="both"):
            yield Rows(cursor_type="row")
            yield self._preview
        with VerticalScroll(id="details", can_focus=False):
            yield self._said
        below = Static(markup=False, id="below")
        below.display = False
        yield below
        yield Lines(1, id="keys")

    def on_mount(self) -> None:
        """Read the scheme in force."""
        self.later(self._read)
        self.set_interval(2.0, self._look)

    async def _read(self) -> None:
        def read(corpus: Corpus) -> tuple[Scheme, scheme_checking.Models, dict[str, str]]:
            deployed = {task: run.name for task, run in runs.deployed(corpus).items()}
            return settings.scheme(corpus), scheme_checking.models_of(corpus), deployed

        scheme, models, self._deployed = await self.opened.writer(read)
        self.draft = Draft(scheme, models=models, keys=self.keys)
        self.show()
        if self._load_first:
            self._load_first = False
            self._load()

    # Others at the same time

    def _look(self) -> None:
        if self.is_current and self._rows:
            self.later(self._renew, group="look")

    async def _renew(self) -> None:
        """Take over what others put in force, with what was changed here on top of it."""

        def read(corpus: Corpus) -> tuple[int, Scheme | None]:
            version = corpus.data_version()
            return version, settings.scheme(corpus) if version != self._version else None

        self._version, held = await self.opened.reader(read)
        if held is None or held in (self.draft.base, self._clashed) or not self.is_current:
            return
        if self.draft.renew(held):
            self.show()
            mine = "; what is not saved here stands on top of that" if self.draft.is_changed else ""
            self.tell(f"somebody changed the labels{mine}", warning=True)
        else:
            self._clashed = held
            hint = "leave without saving, and open the labels again"
            self.tell(f"somebody changed the same labels as you, so yours cannot be saved: {hint}", warning=True)

    # What is shown

    def show(self, cursor: Row | None = None) -> None:
        """Show the draft."""
        self._rows = {row.key: row for row in self.draft.rows()}
        keymap = self.draft.keymap()
        # What a label is stays in sight beside a long name: each of three columns has a blank on either side.
        taken = len(_COLUMNS[0]) + max((len(self._word(row)) for row in self._rows.values()), default=0) + 8
        room = max(_LEAST, int(self.size.width * _SHARE) - taken)
        rows = [self._table_row(row, keymap, room) for row in self._rows.values()]
        self.fill(_COLUMNS, rows, cursor=cursor.key if cursor is not None else None)
        changes = self.draft.changes()
        self.tell(f"{len(changes)} not saved" if changes else "as in force" if rows else "none yet")
        self.preview(self.draft.scheme)

    def preview(self, scheme: Scheme) -> list[str]:
        """Draw what a scheme would look like, and return what has to be mended in it."""
        self._preview.draw(scheme, self.draft.keymap(scheme), self._place(scheme), deployed=self._deployed)
        findings = self.draft.findings(scheme)
        self._say_below([str(one) for one in findings if one.severity != "note"])
        return [str(one) for one in scheme_editing.mended(findings)]

    def _place(self, scheme: Scheme) -> Place:
        """Return which label is to be seen: the one that is being typed, else the one under the cursor."""
        before = scheme_editing.groups_of(self.draft.scheme)
        for group, things in scheme_editing.groups_of(scheme).items():
            for thing in things:
                if thing not in before[group]:
                    return group, thing.name
        return (self.row.group, self.row.name) if self.row is not None else ("", "")

    def _say_below(self, lines: Sequence[str]) -> None:
        more = [f"and {len(lines) - _MOST_SAID} more"] if len(lines) > _MOST_SAID else []
        self.show_below([*lines[:_MOST_SAID], *more])

    @on(DataTable.RowHighlighted)
    def _moved(self) -> None:
        if self.row is not None and self.is_current:
            self._preview.look_at((self.row.group, self.row.name))

    def _table_row(self, row: Row, keymap: Keymap, room: int) -> TableRow:
        word = self._word(row)
        name = shown(f"  {row.option}" if row.option else row.name, room)
        return TableRow(row.key, (_key_of(row, keymap), name, word))

    def _word(self, row: Row) -> str:
        kind = getattr(self.draft.thing(row), "kind", "")
        return "" if row.option else " ".join(filter(None, (_SHORT[row.group], kind)))

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

    def report(self, title: str, lines: Sequence[str], then: Callable[[], None]) -> None:
        """Show all of what is going to change, and go on if that is wanted."""
        self.app.push_screen(ChangeReport(title, lines), lambda yes: then() if yes else None)

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
            self.tell("nothing to take back here; what is in force is taken back in the document")

    # Files

    def _load(self) -> None:
        def given(text: str | None) -> None:
            if text and text.strip():
                self.later(lambda: self._load_file(text))

        hint = "TOML, Label Studio XML, tagtog settings, an anndoc legend, doccano or Prodigy labels."
        self.app.push_screen(Prompt("load labels from", hint=hint), given)

    async def _load_file(self, text: str) -> None:
        schemes = await asyncio.to_thread(importlib.import_module, "tui_annotate.formats.schemes.formats")
        try:
            reading = await asyncio.to_thread(schemes.read, typed_path(text))
        except UsageError as error:
            # Its hint is a command.
            self.tell(error.message, warning=True)
            return
        if reading.faults:
            self._say_below([": ".join(filter(None, (p.where, p.field, p.reason))) for p in reading.faults])
            self.tell(f"{len(reading.faults)} to be mended in {text.strip()}; nothing was loaded", warning=True)
            return
        joined = scheme_editing.join(self.draft.scheme, reading.scheme)
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
        if faults := self.draft.faults():
            self.tell(f"{len(faults)} to be mended first, see below: nothing was saved", warning=True)
            self._say_below([str(one) for one in faults])
            return
        self.report("save the labels?", changes, lambda: self.later(self._put))

    async def _put(self) -> None:
        draft, by, keys = self.draft, self.opened.annotator, self.keys

        def put(corpus: Corpus) -> Scheme:
            return scheme_editing.put(corpus, draft.scheme, base=draft.base, annotator=by, keys=keys)

        try:
            await self.opened.writer(put)
        except ChangedMeanwhileError:
            self._version = 0
            await self._renew()
            return
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


def _key_of(row: Row, keymap: Keymap) -> str:
    found = [
        hotkey.keys[0]
        for hotkey in keymap.hotkeys
        if hotkey.keys
        and hotkey.target == row.group
        and hotkey.name == row.name
        and (hotkey.value is None or hotkey.value is True or hotkey.value == row.option)
        and (bool(row.option) == isinstance(hotkey.value, str))
    ]
    return display_key(found[0]) if found else ""

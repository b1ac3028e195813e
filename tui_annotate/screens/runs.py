"""The runs screen: what was trained, with its figures; deploy, go back, read the log, export, attach, delete."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import BindingType

from tui_annotate.domain.clock import local_time
from tui_annotate.domain.figures import said
from tui_annotate.keymaps.assignment import Keymap
from tui_annotate.screens.bindings import bindings
from tui_annotate.screens.opened import OpenedCorpus
from tui_annotate.screens.picker import Choice, Picker, matching
from tui_annotate.screens.prompt import Prompt, typed_path
from tui_annotate.screens.report import ReportScreen
from tui_annotate.screens.rows_screen import RowsScreen, TableRow
from tui_annotate.screens.run_words import described
from tui_annotate.screens.status import Learning
from tui_annotate.store import runs
from tui_annotate.store.connection import Corpus
from tui_annotate.store.runs import RunRow

if TYPE_CHECKING:
    from tui_annotate.services.training import LearningLoop

_NO_YEAR = len("2026-")
"""Characters of a time that are left out in the table."""
_COLUMNS = ("", "run", "engine", "trained by", "documents", "figure on held out", "finished")


class RunsScreen(RowsScreen[None]):
    """Shows the runs, the newest first."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("runs")]
    HINTS = (
        ("deploy-run", "deploy"),
        ("roll-back", "roll back"),
        ("run-log", "log"),
        ("export-run", "export"),
        ("attach-run", "attach"),
        ("delete-run", "delete"),
    )

    def __init__(self, opened: OpenedCorpus, keymap: Keymap) -> None:
        super().__init__(f"{opened.path.name}: runs", keymap)
        self._opened = opened
        self._runs: dict[str, RunRow] = {}
        self._news = opened.loop.state.news if opened.loop is not None else ""

    def on_mount(self) -> None:
        """Read the registry."""
        self.later(self.renew)

    async def renew(self, *, cursor: str | None = None) -> None:
        """Show what the registry has now."""
        found = await self._opened.writer(runs.all)
        self._runs = {run.name: run for run in reversed(found)}
        if not self._runs:
            self.tell("nothing was trained yet")
        self.fill(_COLUMNS, [_row(run) for run in self._runs.values()], cursor=cursor)

    def learning_changed(self, state: Learning) -> None:
        """Show a run that has just been made, and what serves now."""
        if state.news != self._news:
            self._news = state.news
            self.tell(state.news)
            self.later(self.renew, group="renew")

    def details(self, key: str) -> str:
        """Return the run's data and figures."""
        run = self._runs[key]
        lines = [f"{run.name}: {run.task}, by {run.by or 'nobody known'}"]
        if run.error:
            lines.append(run.error)
        parameters = ", ".join(f"{name}={value}" for name, value in run.parameters.items())
        lines += [f"parameters: {parameters}"] if parameters else []
        return "\n".join([*lines, *described(run.metrics)])

    def action_do(self, id: str) -> None:
        """Do what a key is for."""
        table: dict[str, Callable[[], None]] = {
            "deploy-run": self._deploy,
            "roll-back": self._roll_back,
            "run-log": self._log,
            "export-run": self._export,
            "attach-run": self._attach_run,
            "delete-run": self._delete,
        }
        if id in table:
            table[id]()
        else:
            super().action_do(id)

    @property
    def _run(self) -> RunRow | None:
        return self._runs.get(self.chosen or "")

    def _deploy(self) -> None:
        run = self._run
        if run is not None:
            self._learn(lambda loop: loop.deploy(run.name))

    def _roll_back(self) -> None:
        run = self._run
        if run is not None:
            self._learn(lambda loop: loop.rollback(run.task))

    def _learn(self, verb: Callable[[LearningLoop], Awaitable[str]]) -> None:
        loop = self._opened.loop
        if loop is None:
            self.tell("nothing is learned here: the corpus is read-only, or was just opened", warning=True)
        else:
            self._tell_of(lambda: verb(loop))

    def _log(self) -> None:
        run = self._run
        if run is not None:
            self._tell_of(lambda: self._show_log(run))

    async def _show_log(self, run: RunRow) -> str:
        logs = await _service("run_logs")
        text = await self._opened.writer(lambda corpus: logs.text(corpus, run.name))
        self.app.push_screen(ReportScreen(run.name, text.splitlines()))
        return ""

    def _export(self) -> None:
        run = self._run
        if run is None:
            return

        async def write(target: Path) -> str:
            exporting = await _service("run_export")
            path = self._opened.path

            def export() -> Any:
                with Corpus.open(path, readonly=True) as corpus:
                    return exporting.export(corpus, run.name, target)

            self.tell(f"exporting to {target} …")
            done = await asyncio.to_thread(export)
            lines = [f"{run.name} is in {done.folder}.", "", "In that folder:", "", *done.snippet]
            self.app.push_screen(ReportScreen("export", lines))
            return f"exported to {done.folder}"

        def given(text: str | None) -> None:
            if text is not None and text.strip():
                self._tell_of(lambda: write(typed_path(text)))

        hint = "A folder that does not exist yet."
        value = str(Path.cwd() / run.name.replace(":", "-").replace("/", "-"))
        self.app.push_screen(Prompt("export to", value=value, hint=hint), given)

    def _attach_run(self) -> None:
        async def attach(source: Path, run: str = "") -> str:
            attaching = await _service("attaching")
            by = self._opened.annotator
            path = self._opened.path

            def copy() -> Any:
                with Corpus.open(path) as corpus:
                    return attaching.attach(corpus, attaching.find(source, run), by=by)

            self.tell(f"attaching {source} …")
            attached = await asyncio.to_thread(copy)
            if self._opened.loop is not None:
                await self._opened.loop.reload()
            await self.renew(cursor=attached.run.name)
            return f"{attached.run.name} is attached"

        def given(text: str | None) -> None:
            if text is not None and text.strip():
                source, _, run = text.strip().partition(".db ")
                path = typed_path(f"{source}.db" if run else source)
                self._tell_of(lambda: attach(path, run.strip()))

        hint = "Another corpus, with the run's name behind it (other.db entities-3), or an exported run."
        self.app.push_screen(Prompt("attach from", hint=hint), given)

    def _delete(self) -> None:
        run = self._run
        if run is None:
            return

        async def delete() -> str:
            await self._opened.writer(partial(runs.delete, name=run.name))
            await self.renew()
            return f"{run.name} is deleted"

        def answered(answer: Choice[bool] | str | None) -> None:
            if isinstance(answer, Choice) and answer.value:
                self._tell_of(delete)

        choices = [Choice(False, "keep it"), Choice(True, "delete it", "its model and log; no decision is lost")]
        self.app.push_screen(Picker(f"delete {run.name}?", lambda query: matching(query, choices)), answered)

    def _tell_of(self, job: Callable[[], Awaitable[str]]) -> None:
        """Do something that takes time, then show what changed and say how it went."""

        async def run() -> None:
            came_of = await job()
            await self.renew()
            self.tell(came_of)

        self.later(run)


async def _service(name: str) -> Any:
    """Load a service when it is wanted, off the event loop."""
    return await asyncio.to_thread(importlib.import_module, f"tui_annotate.services.{name}")


def _row(run: RunRow) -> TableRow:
    figure = said(run.metrics) if run.state == "finished" else ""
    cells = (
        "★" if run.deployed else "" if run.state == "finished" else run.state,
        run.name,
        run.engine,
        run.trigger,
        f"{run.documents:,}",
        figure,
        local_time(run.finished or run.created)[_NO_YEAR:],
    )
    return TableRow(run.name, cells, "bold" if run.deployed else "dim" if run.state != "finished" else "")

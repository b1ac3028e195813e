"""The root of the commands: it loads only the module of the command that is called."""

from __future__ import annotations

import importlib
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from types import FrameType
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup
from typer.main import get_command

from tui_annotate.cli.commands import COMMANDS
from tui_annotate.cli.output import say
from tui_annotate.errors import EXIT_INTERRUPTED, EXIT_OK, EXIT_USAGE

_ENDING = (signal.SIGTERM, signal.SIGHUP)
HELP = """Turn raw text into reviewed training data and a working model, in a terminal.

\b
tui-annotate            recent corpora, a new one, a demo
tui-annotate NOTES.db   review that corpus, from where you stopped
"""


class LazyGroup(TyperGroup):
    """A group whose commands are loaded from their module when they are asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return all names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Load one command; None for an unknown name."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"tui_annotate.cli.{COMMANDS[cmd_name]}")
        command: Any = get_command(module.app)
        if isinstance(command, TyperGroup) and cmd_name in command.commands:
            command = command.commands[cmd_name]
        return command

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Take a first argument that is no command as a corpus to open, unless it looks like a slip of the keys."""
        if args[0] not in COMMANDS:
            near = get_close_matches(args[0], COMMANDS, n=1)
            if near and "." not in args[0] and "/" not in args[0]:
                ctx.fail(f"There is no command {args[0]!r}. Did you mean {near[0]!r}?")
            return "open", self.get_command(ctx, "open"), args
        return super().resolve_command(ctx, args)


app = typer.Typer(cls=LazyGroup, help=HELP, rich_markup_mode=None, pretty_exceptions_enable=False)


def _version(asked: bool) -> None:
    if asked:
        from tui_annotate import __version__

        typer.echo(__version__)
        raise typer.Exit


@app.callback(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
def root(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        from tui_annotate.cli.starting import open_app

        raise typer.Exit(open_app(None))


@contextmanager
def _orderly_end() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end the command as Ctrl+C does: temporary files and children go with it."""

    def end(number: int, _: FrameType | None) -> NoReturn:
        raise SystemExit(128 + number)

    taken = []
    if threading.current_thread() is threading.main_thread():
        taken = [number for number in _ENDING if signal.getsignal(number) is signal.SIG_DFL]
    for number in taken:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, signal.SIG_DFL)


def invoke(arguments: list[str]) -> int:
    """Run a command and return its exit code; errors of its own pass through."""
    try:
        with _orderly_end():
            code = get_command(app)(arguments, prog_name="tui-annotate", standalone_mode=False)
    except typer.TyperException as error:
        context = getattr(error, "ctx", None)
        command = context.command_path if context is not None else "tui-annotate"
        message = error.format_message()
        is_help = message.startswith("Usage:")
        say(message if is_help else f"{command}: {message}\n`{command} --help` shows how it is used.")
        return EXIT_USAGE
    except typer.Abort:
        raise KeyboardInterrupt from None
    if code == EXIT_INTERRUPTED:
        say("tui-annotate: interrupted.")
    return code if isinstance(code, int) else EXIT_OK

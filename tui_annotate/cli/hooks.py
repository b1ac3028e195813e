"""`hook`: who is told when a document comes in or is saved or confirmed."""

from __future__ import annotations

import shlex
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from tui_annotate.cli import options
from tui_annotate.cli.options import Annotator, CorpusPath, Json, examples
from tui_annotate.cli.output import out_json, say, table
from tui_annotate.errors import AnnotateError, NothingToDoError, UsageError

if TYPE_CHECKING:
    from tui_annotate.domain.hooks import Hook
    from tui_annotate.services.hook_calls import Message
    from tui_annotate.store.outbox import Row

app = options.group("Call a URL or a local command when documents come in, are saved or confirmed.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="The webhook's name.", show_default=False)]
_STATES = ("waits", "told", "refused")
_HIDDEN = "•••"


class _NotReachedError(AnnotateError):
    """A webhook that was called for a test and did not answer as it should."""


@app.command(
    "add",
    short_help="Add a webhook, and trust it on this account.",
    epilog=examples(
        "hook add spam.db trainer http://127.0.0.1:5000/train --event confirmed",
        "hook add notes.db backup --command 'rsync -a notes.db vault:' --event confirmed --any-change",
        "hook add notes.db team https://example.org/hook --user me --password env:TEAM_PASSWORD --secret env:TEAM_KEY",
    ),
)
def add(
    corpus: CorpusPath,
    name: Name,
    url: Annotated[
        str, typer.Argument(metavar="[URL]", help="Begins with http:// or https://.", show_default=False)
    ] = "",
    command: Annotated[
        str, typer.Option(metavar="LINE", help="A local command instead of a URL; no shell.", show_default=False)
    ] = "",
    event: Annotated[
        list[str] | None,
        typer.Option(metavar="EVENT", help="created, saved or confirmed; again for more.", show_default="all three"),
    ] = None,
    payload: Annotated[Literal["ids", "ann.json"], typer.Option(help="What is sent.")] = "ids",
    any_change: Annotated[bool, typer.Option("--any-change", help="Not only changes made in the app.")] = False,
    user: Annotated[str, typer.Option(help="For Basic auth.", show_default=False)] = "",
    password: Annotated[
        str, typer.Option(metavar="TEXT", help="Its password; env:NAME takes it from there.", show_default=False)
    ] = "",
    secret: Annotated[
        str, typer.Option(metavar="TEXT", help="Key of the signature; env:NAME as well.", show_default=False)
    ] = "",
    timeout: Annotated[float, typer.Option(metavar="SECONDS", help="How long an answer may take.")] = 30.0,
    owner: Annotated[str, typer.Option(help="What the payload names.", show_default="as serve has it")] = "",
    project: Annotated[str, typer.Option(help="What the payload names.", show_default="as serve has it")] = "",
    replace: Annotated[bool, typer.Option("--replace", help="In place of the one of this name.")] = False,
    annotator: Annotator = None,
) -> None:
    """Add a webhook: a URL that gets a POST, or a local command that gets the same on its standard input."""
    from tui_annotate.domain.hooks import EVENTS, Hook
    from tui_annotate.services import hook_trust
    from tui_annotate.store import hooks

    options.settled(corpus, annotator=annotator)
    hook = Hook(
        name,
        url,
        _words(command),
        tuple(_event(given) for given in event) if event else EVENTS,
        payload,
        not any_change,
        user,
        password,
        secret,
        timeout,
        owner,
        project,
    )
    with options.opened(corpus) as opened:
        hooks.add(opened, hook, replace=replace)
    hook_trust.trust(hook)
    say(f"{hook.target} is called when a document is {' or '.join(hook.events)}{_by(hook)}.")
    say(f"It is called while the app or `serve` runs. Try it: tui-annotate hook test {corpus} {name}")
    if hook.password and not hook.password.startswith("env:"):
        say("The password is kept in the corpus file, readable; --password env:NAME keeps it out.")


def _words(command: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(command))
    except ValueError as error:
        raise UsageError(f"--command {command!r} cannot be cut into words: {error}.") from None


def _event(text: str) -> Any:
    from difflib import get_close_matches

    from tui_annotate.domain.hooks import EVENTS

    if text in EVENTS:
        return text
    near = get_close_matches(text, EVENTS, 1)
    hint = f"Did you mean {near[0]}?" if near else f"Events are {', '.join(EVENTS)}."
    raise UsageError(f"There is no event {text!r}.", hint=hint)


def _by(hook: Hook) -> str:
    return " in the app" if hook.only_app else ", wherever"


@app.command("list", epilog=examples("hook list notes.db", "hook list notes.db --json"))
def list_(corpus: CorpusPath, json: Json = False, annotator: Annotator = None) -> None:
    """List the webhooks: what they call, what waits for them, and what was the matter last."""
    from tui_annotate.services import hook_trust
    from tui_annotate.store import hooks

    options.settled(corpus, annotator=annotator)
    with options.opened(corpus, readonly=True) as opened:
        found = hooks.listing(opened)
    trusted = [hook_trust.is_trusted(row.hook) for row in found]
    if json:
        rows = [asdict(replace(row, hook=_hidden(row.hook))) for row in found]
        out_json([row | {"trusted": known} for row, known in zip(rows, trusted, strict=True)])
        return
    if not found:
        raise NothingToDoError(f"{corpus} has no webhooks.", hint="`tui-annotate hook add` makes one.")
    known = zip(found, trusted, strict=True)
    states = ["off" if not row.enabled else "on" if trusts else "untrusted" for row, trusts in known]
    table(
        ("name", "state", "events", "sends", "changes", "waiting", "refused", "calls", "trouble"),
        [
            (
                row.hook.name,
                state,
                ", ".join(row.hook.events),
                row.hook.payload,
                "in the app" if row.hook.only_app else "any",
                row.waiting,
                row.refused,
                row.hook.target,
                row.trouble,
            )
            for row, state in zip(found, states, strict=True)
        ],
    )


def _hidden(hook: Hook) -> Hook:
    def hide(value: str) -> str:
        return _HIDDEN if value and not value.startswith("env:") else value

    return replace(hook, password=hide(hook.password), secret=hide(hook.secret))


@app.command("test", epilog=examples("hook test notes.db trainer", "hook test notes.db trainer --document n-17"))
def try_(
    corpus: CorpusPath,
    name: Name,
    document: Annotated[
        str, typer.Option(metavar="ID", help="Which document to tell of.", show_default="the first")
    ] = "",
    json: Json = False,
    annotator: Annotator = None,
) -> None:
    """Call a webhook once with a sample, as if something had just happened to a document, and print its answer."""
    from tui_annotate.services import hook_calls
    from tui_annotate.store import documents, hooks, outbox

    who = options.settled(corpus, annotator=annotator).who
    with options.opened(corpus, readonly=True) as opened:
        hook = hooks.get(opened, name).hook
        first = documents.page(opened, limit=1)
        id = options.find_document(opened, document) if document else first[0].id if first else 0
        key = documents.row(opened, id).key if id else "sample"
        event = hook.events[-1]
        status = "created" if event == "created" else "updated"
        row = outbox.Row(0, hook, id, key, who, event, status, "GUI", "", 1, outbox.WAITING, "")
        message = hook_calls.message(opened, row)
    if message is None:
        raise NothingToDoError("The corpus has no document to send the annotations of.", hint="Import one first.")
    if not json:
        say(f"{'$' if hook.command else 'POST'} {hook.target}")
        for header, value in _shown_headers(hook, message).items():
            say(f"{header}: {value}")
        say(message.body.decode())
    outcome = hook_calls.call(hook, message)
    if json:
        out_json({"told": outcome.fate == "told", "answer": outcome.answer, "sent": message.body.decode()})
    else:
        say(f"-> {outcome.answer}")
    if outcome.fate != "told":
        raise _NotReachedError(f"The webhook {name} did not take it: {outcome.answer}.")


def _shown_headers(hook: Hook, message: Message) -> dict[str, str]:
    """Return the headers that are sent; a password is not shown."""
    from tui_annotate.services import hook_calls

    headers = hook_calls.headers_of(hook, message)
    if "Authorization" in headers:
        headers["Authorization"] = f"Basic {_HIDDEN}"
    return headers


@app.command("log", epilog=examples("hook log notes.db", "hook log notes.db trainer -n 5"))
def log(
    corpus: CorpusPath,
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="Only this one's.", show_default=False)] = "",
    count: Annotated[int, typer.Option("-n", metavar="N", help="How many.", min=1, max=1000)] = 20,
    json: Json = False,
    annotator: Annotator = None,
) -> None:
    """Show what webhooks were told, and what waits for them, newest first."""
    from tui_annotate.domain.clock import local_time
    from tui_annotate.store import hooks, outbox

    options.settled(corpus, annotator=annotator)
    with options.opened(corpus, readonly=True) as opened:
        if name:
            hooks.get(opened, name)
        found = outbox.history(opened, hook=name, limit=count)
    if json:
        out_json([_row(row) for row in found])
        return
    if not found:
        raise NothingToDoError("Nothing was told, and nothing waits.")
    heads = ("number", "at", "webhook", "event", "document", "version", "made in", "attempts", "state", "answer")
    table(heads, [tuple((_row(row) | {"at": local_time(row.at)}).values()) for row in found])


def _row(row: Row) -> dict[str, Any]:
    state = _STATES[row.state]
    where = "app" if row.source == "GUI" else "elsewhere"
    return {
        "number": row.id,
        "at": row.at,
        "webhook": row.hook.name,
        "event": row.event,
        "document": row.key,
        "version": row.member,
        "made_in": where,
        "attempts": row.attempts,
        "state": state,
        "answer": row.answer,
    }


@app.command("run", epilog=examples("hook run notes.db"))
def run(corpus: CorpusPath, annotator: Annotator = None) -> None:
    """Deliver what waits, once, without the app; exit 1 when something could not be delivered."""
    from tui_annotate.services import hook_trust
    from tui_annotate.services.delivering import Deliverer
    from tui_annotate.store import hooks

    options.settled(corpus, annotator=annotator)
    told = 0
    with options.opened(corpus) as opened:
        for row in hooks.listing(opened):
            if not row.enabled or not row.waiting:
                continue
            if not hook_trust.is_trusted(row.hook):
                say(f"{row.hook.name} is not trusted on this account; `tui-annotate hook trust` allows it.")
                continue
            hooks_told = Deliverer(opened, row.hook.name, on_trouble=say)
            while count := hooks_told.deliver():
                told += count
        waiting = sum(row.waiting for row in hooks.listing(opened) if row.enabled)
    say(f"{told} told, {waiting} waiting.")
    if waiting:
        raise _NotReachedError(f"{waiting} events wait still.", hint="`tui-annotate hook log` says why.")
    if not told:
        raise NothingToDoError("Nothing waited.")


@app.command("retry", epilog=examples("hook retry notes.db trainer"))
def retry(corpus: CorpusPath, name: Name, annotator: Annotator = None) -> None:
    """Send again what a webhook refused, and what waits, without waiting longer."""
    from tui_annotate.store import outbox

    options.settled(corpus, annotator=annotator)
    with options.opened(corpus) as opened:
        count = outbox.retry(opened, name)
    say(f"{count} event{'s' * (count != 1)} due now.")


@app.command("trust", epilog=examples("hook trust notes.db trainer"))
def trust(corpus: CorpusPath, name: Name, annotator: Annotator = None) -> None:
    """Let a webhook that came with the corpus be called from this account; read what it calls first."""
    from tui_annotate.services import hook_trust
    from tui_annotate.store import hooks

    options.settled(corpus, annotator=annotator)
    with options.opened(corpus, readonly=True) as opened:
        hook = hooks.get(opened, name).hook
    hook_trust.trust(hook)
    say(f"{name} is trusted on this account: it calls {hook.target}.")


@app.command("on", epilog=examples("hook on notes.db trainer"))
def on(corpus: CorpusPath, name: Name, annotator: Annotator = None) -> None:
    """Switch a webhook on."""
    _switch(corpus, name, annotator, enabled=True)


@app.command("off", epilog=examples("hook off notes.db trainer"))
def off(corpus: CorpusPath, name: Name, annotator: Annotator = None) -> None:
    """Switch a webhook off: what waits stays, of changes made meanwhile it is not told."""
    _switch(corpus, name, annotator, enabled=False)


def _switch(corpus: Any, name: str, annotator: str | None, *, enabled: bool) -> None:
    from tui_annotate.store import hooks

    options.settled(corpus, annotator=annotator)
    with options.opened(corpus) as opened:
        hooks.enable(opened, name, enabled=enabled)
    say(f"{name} is {'on' if enabled else 'off'}.")


@app.command("remove", epilog=examples("hook remove notes.db trainer"))
def remove(corpus: CorpusPath, name: Name, annotator: Annotator = None) -> None:
    """Remove a webhook with what waits for it."""
    from tui_annotate.store import hooks

    options.settled(corpus, annotator=annotator)
    with options.opened(corpus) as opened:
        waiting = hooks.remove(opened, name)
    say(f"{name} is gone{f', with {waiting} events that waited' if waiting else ''}.")

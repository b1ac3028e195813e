"""`serve`: the HTTP API on a corpus, while the app may have it open."""

from __future__ import annotations

import getpass
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tui_annotate.cli import options
from tui_annotate.cli.options import Annotator, CorpusPath, examples
from tui_annotate.cli.output import out, say
from tui_annotate.errors import UsageError

if TYPE_CHECKING:
    from tui_annotate.serve.options import ServeOptions

app = options.group()

PASSWORD = "TUI_ANNOTATE_PASSWORD"
_NEEDS = {"starlette": "starlette", "uvicorn": "uvicorn", "python_multipart": "python-multipart"}
_MEGABYTE = 1 << 20

Host = Annotated[str, typer.Option("--host", metavar="H", help="Address to listen on.")]
Port = Annotated[int, typer.Option("--port", metavar="P", help="Port to listen on; 0: any that is free.", min=0)]
User = Annotated[
    str,
    typer.Option(
        "--user",
        metavar="NAME",
        help=f"Who may log in; the password is asked for, or taken from {PASSWORD}.",
        show_default="who you are",
    ),
]
Owner = Annotated[str, typer.Option("--owner", metavar="O", help="The project's owner.", show_default="the user")]
Project = Annotated[
    str, typer.Option("--project", metavar="P", help="The project's name.", show_default="the corpus's")
]
Cert = Annotated[
    Path | None, typer.Option("--cert", metavar="FILE", help="Certificate (PEM): serve TLS.", show_default=False)
]
Key = Annotated[
    Path | None, typer.Option("--key", metavar="FILE", help="Key of the certificate (PEM).", show_default=False)
]
Unencrypted = Annotated[
    bool,
    typer.Option("--unencrypted", help="Listen beyond this machine without TLS: passwords can be read on the way."),
]
NewPassword = Annotated[bool, typer.Option("--new-password", help="Ask for a new password of --user.")]
MaxSize = Annotated[int, typer.Option("--max-size", metavar="MB", help="Largest request.", min=1)]
Rate = Annotated[float, typer.Option("--rate", metavar="N", help="Requests a second from one address; 0: any.", min=0)]
Quiet = Annotated[bool, typer.Option("--quiet", help="Write no line for each request.")]


@app.command(
    "serve",
    short_help="Answer tagtog's HTTP API.",
    epilog=examples(
        "serve notes.db",
        "serve notes.db --user alice --project clinic --port 8080",
        "serve notes.db --host 0.0.0.0 --cert cert.pem --key key.pem",
        "serve notes.db --user alice --new-password",
    ),
)
def serve(
    corpus: CorpusPath,
    host: Host = "127.0.0.1",
    port: Port = 8000,
    user: User = "",
    owner: Owner = "",
    project: Project = "",
    cert: Cert = None,
    key: Key = None,
    unencrypted: Unencrypted = False,
    new_password: NewPassword = False,
    max_size: MaxSize = 64,
    rate: Rate = 300,
    quiet: Quiet = False,
    annotator: Annotator = None,
) -> None:
    """Answer tagtog's HTTP API on a corpus, which the app may have open; Ctrl+C ends it."""
    _check_installed()
    from tui_annotate.cli.rim import log_fault
    from tui_annotate.serve import running
    from tui_annotate.serve.options import ServeOptions

    who = user or options.settled(corpus, annotator=annotator).who
    asked = ServeOptions(
        path=corpus,
        owner=owner or who,
        project=project or corpus.stem,
        host=host,
        port=port,
        certificate=cert,
        key=key,
        largest_request=max_size * _MEGABYTE,
        rate=rate,
    )
    _check_safe(asked, unencrypted=unencrypted)
    _log_in(corpus, who, new=new_password)

    def fault(error: Exception) -> None:
        log = log_fault(error, "serve")
        say(f"a fault of the program: {type(error).__name__}{f'; {log} has the details' if log else ''}")

    def ready(options: ServeOptions) -> None:
        _greet(options, who)

    running.run(asked, log=(lambda _: None) if quiet else say, fault=fault, on_ready=ready)
    say("stopped.")


def _check_installed() -> None:
    missing = [package for module, package in _NEEDS.items() if find_spec(module) is None]
    if missing:
        raise UsageError(
            f"serve needs {', '.join(missing)}, which is missing.",
            hint="Install it with: pip install 'tui-annotate[serve]'",
        )


def _check_safe(asked: ServeOptions, *, unencrypted: bool) -> None:
    """Refuse what would send passwords in the open, or serve with half a certificate."""
    if (asked.certificate is None) != (asked.key is None):
        raise UsageError("--cert and --key go together.", hint="Give both, as PEM files.")
    if not asked.is_loopback and not asked.is_encrypted and not unencrypted:
        raise UsageError(
            f"{asked.host} can be reached from other machines, and without TLS the passwords can be read on the way.",
            hint="Give --cert and --key; or keep to 127.0.0.1 and come through `ssh -L`; or say --unencrypted.",
        )
    for what, name in (("owner", asked.owner), ("project", asked.project)):
        if not name.strip() or "/" in name:
            raise UsageError(f"{name!r} cannot be a name of the {what}.", hint=f"Name another with --{what}.")


def _log_in(path: Path, who: str, *, new: bool) -> None:
    """See to it that the user has an account: by the environment, by what is kept, or by asking."""
    from tui_annotate.services.accounts import matches, set_password
    from tui_annotate.store import accounts

    with options.opened(path) as opened:
        kept = accounts.passwords(opened).get(who)
        given = os.environ.get(PASSWORD)
        if given is not None:
            if kept is None or not matches(given, kept):
                set_password(opened, who, given)
                say(f"the password of {who} is {'changed' if kept else 'set'}, as {PASSWORD} has it.")
        elif kept is None or new:
            set_password(opened, who, _asked(who))


def _asked(who: str) -> str:
    if not sys.stdin.isatty():
        hint = f"Set {PASSWORD}, or start it once in a terminal."
        raise UsageError(f"{who} has no password yet, and nobody is there to ask.", hint=hint)
    first = getpass.getpass(f"New password for {who}: ")
    if getpass.getpass("Once more: ") != first:
        raise UsageError("The two are not the same.", hint="Start again.")
    return first


def _greet(asked: ServeOptions, who: str) -> None:
    """Say where it is, and how to try it."""
    scheme = "https" if asked.is_encrypted else "http"
    host = f"[{asked.host}]" if ":" in asked.host else asked.host
    base = f"{scheme}://{host}:{asked.port}"
    out(f"serving {asked.path} at {base}")
    out(f"owner {asked.owner}, project {asked.project}, user {who}")
    out(f"try: curl -u {who} '{base}/-api/documents/v1?owner={asked.owner}&project={asked.project}&search=*'")
    sys.stdout.flush()

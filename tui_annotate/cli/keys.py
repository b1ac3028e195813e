"""`keys`: the bindings in force, and clashes."""

from __future__ import annotations

from itertools import groupby

from tui_annotate.cli import options
from tui_annotate.cli.options import Annotator, Json, OptionalCorpus, examples
from tui_annotate.cli.output import out, out_json, say

app = options.group()


@app.command(
    "keys", short_help="List the keys in force.", epilog=examples("keys", "keys notes.db", "keys notes.db --json")
)
def keys(corpus: OptionalCorpus = None, json: Json = False, annotator: Annotator = None) -> None:
    """List the keys in force; clashes are reported on stderr.

    Remap any of them by its id, in the table [keys] of your settings file:
    accept = "y", or confirm = ["enter", "space"].
    """
    from tui_annotate.domain.scheme import Scheme
    from tui_annotate.keymaps import assign
    from tui_annotate.keymaps.names import display_key

    found = options.settled(corpus, annotator=annotator)
    scheme = Scheme()
    if corpus is not None:
        from tui_annotate.store import settings

        with options.opened(corpus, readonly=True) as opened:
            scheme = settings.scheme(opened)
    keymap = assign(scheme, found.keys)
    for line in [*keymap.notices, *map(str, keymap.clashes)]:
        say(line)
    rows = keymap.rows()
    if json:
        out_json(rows)
        return
    shown = [
        (str(row["group"]), " ".join(map(display_key, row["keys"])), str(row["id"]), str(row["description"]))
        for row in rows
    ]
    wide = max(len(keys) for _, keys, _, _ in shown)
    longest = max(len(id) for _, _, id, _ in shown)
    for group, members in groupby(shown, key=lambda row: row[0]):
        out(group)
        for _, keys, id, does in members:
            out(f"  {keys:{wide}}  {id:{longest}}  {does}")

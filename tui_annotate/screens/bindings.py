"""Textual bindings made from the table of actions, and the keymap that goes over them.

Each action becomes `do('<id>')` on the node that has its context, so help, palette and remapping go by id.
"""

from __future__ import annotations

from textual.binding import Binding

from tui_annotate.keymaps.actions import ACTIONS, Context
from tui_annotate.keymaps.assignment import Keymap

NO_KEY = "f24"
"""Stands for "no key" in a keymap, since Textual takes an empty entry for the default."""


def bindings(context: Context) -> list[Binding]:
    """Return the bindings of a context with their default keys."""
    return [
        Binding(
            ",".join(action.keys) or NO_KEY,
            f"do('{action.id}')",
            action.description,
            show=False,
            id=action.id,
            tooltip=action.tooltip,
            group=Binding.Group(action.group),
        )
        for action in ACTIONS
        if action.context == context
    ]


def overlay(keymap: Keymap) -> dict[str, str]:
    """Return what `App.set_keymap` needs: only the actions whose keys are not the default ones."""
    usual = {action.id: action.keys for action in ACTIONS}
    return {a.id: ",".join(a.keys) or NO_KEY for a in keymap.actions if a.keys != usual[a.id]}

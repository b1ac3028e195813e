"""Every key of the app, headless: the table of actions, and the keymap that scheme and user make of it."""

from tui_annotate.keymaps.actions import ACTIONS as ACTIONS
from tui_annotate.keymaps.actions import Action as Action
from tui_annotate.keymaps.assignment import Keymap as Keymap
from tui_annotate.keymaps.assignment import assign as assign
from tui_annotate.keymaps.board import Clash as Clash
from tui_annotate.keymaps.keeping import keeping as keeping
from tui_annotate.keymaps.labels import Hotkey as Hotkey

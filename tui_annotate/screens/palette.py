"""The palette: every action that is alive, with its keys, and the commands that have no key of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.screen import Screen

from tui_annotate.keymaps.actions import ACTIONS
from tui_annotate.keymaps.names import display_key
from tui_annotate.screens.bindings import NO_KEY
from tui_annotate.screens.commands import Command


def bound_commands(screen: Screen[object]) -> Iterator[tuple[Command, Callable[[], object]]]:
    """Yield the actions that are bound on a screen, each once, with what runs it."""
    keys: dict[str, list[str]] = {}
    found = {}
    for key, active in screen.active_bindings.items():
        binding = active.binding
        if binding.id is not None and binding.id != "palette" and active.enabled:
            if key != NO_KEY:
                keys.setdefault(binding.id, []).append(display_key(key))
            found[binding.id] = active
    order = {action.id: place for place, action in enumerate(ACTIONS)}
    for id, active in sorted(found.items(), key=lambda entry: order.get(entry[0], len(order))):
        shown = " ".join(keys.get(id, ()))
        name = active.binding.description + (f"  ({shown})" if shown else "")
        # Brackets would be taken for markup.
        name = name.replace("[", "\\[")
        yield (
            Command(id, name, active.binding.tooltip),
            partial(screen.app.run_action, active.binding.action, active.node),
        )


class CommandProvider(Provider):
    """Offers the commands of the screen below."""

    async def discover(self) -> Hits:
        """Yield everything, for an empty search."""
        for command, run in self._commands():
            yield DiscoveryHit(command.name, run, help=command.help)

    async def search(self, query: str) -> Hits:
        """Yield what fits the search."""
        matcher = self.matcher(query)
        for command, run in self._commands():
            score = max(matcher.match(command.name), 0.8 * matcher.match(command.help))
            if score > 0:
                yield Hit(score, matcher.highlight(command.name), run, text=command.name, help=command.help)

    def _commands(self) -> Iterator[tuple[Command, Callable[[], object]]]:
        bound = list(bound_commands(self.screen))
        yield from bound
        ids = {command.id for command, _ in bound}
        for command in self.screen.app.extra_commands(self.screen):  # type: ignore[attr-defined]
            if command.id in ids:
                continue
            yield command, partial(self.screen.app.run_action, f"do('{command.id}')")

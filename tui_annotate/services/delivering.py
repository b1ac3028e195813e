"""Delivering what is in the outbox, on a thread beside the app or the server.

Nothing is taken out of the outbox before the receiver said yes, so a killed program delivers again what it was
delivering. A receiver that is down is tried again with growing pauses, one event at a time; each webhook has a
thread of its own, so one that is slow holds no other up.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

from tui_annotate.domain.display import shown
from tui_annotate.domain.hooks import Hook
from tui_annotate.errors import AnnotateError
from tui_annotate.services import hook_calls, hook_trust
from tui_annotate.services.hook_calls import Outcome
from tui_annotate.store import hooks, outbox
from tui_annotate.store.connection import Corpus
from tui_annotate.store.outbox import Row

LOOK_EVERY = 1.0
"""Seconds between looks at the outbox when nothing is due."""
LOOK_FOR_HOOKS_EVERY = 2.0
"""Seconds between looks at which webhooks there are."""
OPEN_AGAIN_AFTER = 30.0
"""Seconds that the corpus is left alone when it could not be read or written."""
LONGEST_PAUSE = 300.0
"""Seconds that a receiver which is down is left alone, at most."""
REFUSALS = 5
"""Attempts after which an event that the receiver does not want is put aside."""
_TOGETHER = 20

Trouble = Callable[[str], None]
"""Is told, in a sentence, when a webhook cannot be reached, and when it can be again."""


class Deliverer:
    """Delivers what is due of one webhook, on the thread of whoever calls it."""

    def __init__(self, corpus: Corpus, name: str, *, on_trouble: Trouble | None = None) -> None:
        self.corpus = corpus
        """The connection; another one may take its place between deliveries."""
        self._name = name
        self._on_trouble = on_trouble or (lambda _: None)
        self._pauses = 0
        """Attempts in a row that found the receiver down."""
        self._until = 0.0
        """When it is tried again."""

    @property
    def pause(self) -> float:
        """Seconds that the receiver is left alone from now on; 0 when it is not."""
        return max(0.0, self._until - time.time()) if self._pauses else 0.0

    def deliver(self, stopping: Callable[[], bool] = lambda: False) -> int:
        """Deliver what is due now, or try to; returns how many events were told."""
        if self.pause:
            return 0
        together = 1 if self._pauses else _TOGETHER
        told = 0
        for row in outbox.claim(self.corpus, only=self._name, now=time.time(), limit=together):
            if stopping() or self.pause:
                outbox.release(self.corpus, row.id)
            else:
                told += self._one(row)
        return told

    def _one(self, row: Row) -> int:
        message = hook_calls.message(self.corpus, row)
        if message is None:
            outbox.settle(self.corpus, row.id, state=outbox.SENT, answer="the document was deleted")
            return 0
        outcome = hook_calls.call(row.hook, message)
        if outcome.fate == "told":
            outbox.settle(self.corpus, row.id, state=outbox.SENT, answer=outcome.answer)
            if self._pauses:
                again = "works again" if row.hook.command else "is reached again"
                self._on_trouble(f"The webhook {self._name} {again}.")
            self._pauses = 0
            return 1
        if outcome.fate == "down":
            self._leave_alone(row, outcome)
        elif row.attempts >= REFUSALS:
            outbox.settle(self.corpus, row.id, state=outbox.REFUSED, answer=outcome.answer)
            reason = f"The webhook {self._name} refuses {shown(row.key)}: {outcome.answer}"
            self._on_trouble(f"{reason}. `tui-annotate hook retry` sends it again.")
        else:
            due = time.time() + min(2.0**row.attempts, LONGEST_PAUSE)
            outbox.settle(self.corpus, row.id, state=outbox.WAITING, answer=outcome.answer, due=due)
        return 0

    def _leave_alone(self, row: Row, outcome: Outcome) -> None:
        self._until = time.time() + max(outcome.wait, min(2.0**self._pauses, LONGEST_PAUSE))
        self._pauses += 1
        outbox.settle(self.corpus, row.id, state=outbox.WAITING, answer=outcome.answer, counts=False)
        if self._pauses == 1:
            self._on_trouble(f"The webhook {self._name} {_came_of(row.hook, outcome)}; its events wait.")


def _came_of(hook: Hook, outcome: Outcome) -> str:
    """Say how a webhook is down: an address is not reached, a command ends in its own way."""
    if not hook.command:
        return f"is not reached ({outcome.answer})"
    if not outcome.answer.startswith("exit "):
        return f"did not work ({outcome.answer})"
    code, _, said = outcome.answer.removeprefix("exit ").partition(" ")
    return f"ended with exit {code}{said and f' ({said})'}"


class Delivery:
    """Delivers as long as the program runs: a thread that looks after the webhooks, and one for each of them."""

    def __init__(self, path: Path, *, on_trouble: Trouble | None = None) -> None:
        self._path = path
        self._on_trouble = on_trouble or (lambda _: None)
        self._ending = threading.Event()
        self._workers: dict[str, threading.Thread] = {}
        self._wanted: set[str] = set()
        """Names of the webhooks that are on and trusted."""
        self._untrusted: set[str] = set()
        """Those that were reported."""
        self._thread = threading.Thread(target=self._watch, name="webhooks", daemon=True)

    def start(self) -> None:
        """Begin; what waited since the last time is delivered first."""
        self._thread.start()

    def close(self, *, timeout: float = 2.0) -> None:
        """End; a call that hangs longer than `timeout` seconds is left to itself, its event is due again later."""
        self._ending.set()
        end = time.monotonic() + timeout
        for thread in (self._thread, *self._workers.values()):
            if thread.is_alive():
                thread.join(max(0.0, end - time.monotonic()))

    def _watch(self) -> None:
        """Keep a thread for each webhook that may be called, as they come, go and are switched."""
        self._stay(self._look)

    def _look(self, corpus: Corpus) -> float:
        found = [row for row in hooks.listing(corpus) if row.enabled]
        trusted = {row.hook.name for row in found if hook_trust.is_trusted(row.hook)}
        for row in found:
            name = row.hook.name
            if name not in trusted and name not in self._untrusted:
                self._untrusted.add(name)
                hint = f"`tui-annotate hook trust {self._path.name} {name}`"
                self._on_trouble(f"The webhook {name} was not set up on this account and is not called: {hint}.")
        self._wanted = trusted
        for name in trusted:
            if name not in self._workers or not self._workers[name].is_alive():
                thread = threading.Thread(target=self._work, args=(name,), name=f"webhook {name}", daemon=True)
                self._workers[name] = thread
                thread.start()
        return LOOK_FOR_HOOKS_EVERY

    def _work(self, name: str) -> None:
        deliverer: Deliverer | None = None

        def deliver(corpus: Corpus) -> float:
            nonlocal deliverer
            if name not in self._wanted:
                return -1.0
            deliverer = deliverer or Deliverer(corpus, name, on_trouble=self._on_trouble)
            deliverer.corpus = corpus
            told = deliverer.deliver(self._ending.is_set)
            return 0.0 if told else min(max(deliverer.pause, LOOK_EVERY), 2 * LOOK_EVERY)

        self._stay(deliver)

    def _stay(self, act: Callable[[Corpus], float]) -> None:
        """Do something again and again, on a connection of this thread, until the end or until it says so.

        `act` returns the seconds to rest, less than 0 to stop.
        """
        rest = 0.0
        while rest >= 0 and not self._ending.is_set():
            try:
                with Corpus.open(self._path) as corpus:
                    while rest >= 0 and not self._ending.is_set():
                        rest = act(corpus)
                        self._ending.wait(max(rest, 0.0))
            except AnnotateError as error:
                self._on_trouble(f"Webhooks wait: {error}")
                self._ending.wait(OPEN_AGAIN_AFTER)

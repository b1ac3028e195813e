"""Where the learning loop stands: what is shown of it, and what it goes by in the corpus."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tui_annotate.domain.deployment import Change
from tui_annotate.domain.scheme import Scheme
from tui_annotate.learn import messages
from tui_annotate.learn.underway import Underway
from tui_annotate.store import counters, runs, settings
from tui_annotate.store.connection import Corpus
from tui_annotate.store.runs import RunRow
from tui_annotate.store.settings import Settings


@dataclass(frozen=True, slots=True)
class LoopState:
    """What is shown of learning: the status line takes a word of it, the training screen all."""

    active: bool = True
    every: int = 0
    """N: confirmations from one training to the next."""
    since: int = 0
    """Confirmations since the last training began."""
    runs: Mapping[str, str] = field(default_factory=dict)
    """Deployed run by task."""
    figure: str = ""
    """Holdout figure of the deployed run, or `n/30 held out`."""
    course: Underway | None = None
    """The training that runs, as the learner keeps account of it: how far, seconds left, lines of its log."""
    waiting: bool = False
    """Another training waits behind this one."""
    news: str = ""
    """The last thing that happened, for one line."""
    failed: bool = False
    """What happened last went wrong; what is deployed goes on serving."""
    cause: messages.Cause | None = None
    """Why the last training failed, see `messages.CAUSES`; None when it did not."""
    log: tuple[str, ...] = ()
    """Lines of the training that ended last."""
    changes: tuple[Change, ...] = ()
    """What the last training's deployment changed, by label."""

    @property
    def training(self) -> str:
        """What is being trained, empty when nothing is."""
        return ", ".join(self.course.tasks) if self.course is not None else ""

    @property
    def fraction(self) -> float | None:
        """Progress of the training, 0..1; None when nothing is trained."""
        return self.course.fraction if self.course is not None else None


@dataclass(frozen=True, slots=True)
class Stored:
    """What the loop goes by, as the corpus has it."""

    settings: Settings
    scheme: Scheme
    deployed: Mapping[str, RunRow]
    since: int


def stored(corpus: Corpus) -> Stored:
    """Read what the loop goes by."""
    return Stored(
        settings.load(corpus),
        settings.scheme(corpus),
        runs.deployed(corpus),
        counters.confirmed_since_training(corpus),
    )

"""Make the README's picture from the app itself: `python docs/picture.py`.

The BC5CDR demo is played by the oracle until the model has something to say, with the real learner; then the app
opens the next documents until one shows several suggestions, and its screen is saved as SVG.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from tui_annotate import samples
from tui_annotate.app import AnnotateApp
from tui_annotate.config import Config
from tui_annotate.screens.opened import OpenedCorpus
from tui_annotate.services import demo, gold, on_request, oracle
from tui_annotate.session.desk import Desk
from tui_annotate.session.review import ReviewSession
from tui_annotate.store import settings
from tui_annotate.store.connection import Corpus

TARGET = Path(__file__).parent / "picture.svg"
CONFIRMED = 330
ANNOTATOR = "maria"
SIZE = (116, 14)


def play(path: Path) -> None:
    """Confirm documents as somebody who knows the answers, and train once."""
    sample = samples.get("bc5cdr")
    demo.make(sample, path, annotator=ANNOTATOR)
    right = {d.document.key: d.versions[0].annotations for d in gold.load(sample.gold).documents}
    with Corpus.open(path) as corpus:
        desk = Desk(corpus, ANNOTATOR)
        session = ReviewSession(ANNOTATOR, settings.scheme(corpus))
        for _ in range(CONFIRMED):
            session.show(desk.open(desk.following()[0].document))
            oracle.review(session, right[session.document.document.key], desk.write)
        on_request.train(corpus, annotator=ANNOTATOR)


async def picture(path: Path) -> str:
    """Return the screen of the app on a document with suggestions."""
    opened = OpenedCorpus(path, ANNOTATOR)
    config = replace(Config(), look="dark")
    app = AnnotateApp(config, ANNOTATOR, corpus=(opened, opened.wait()))
    async with app.run_test(size=SIZE) as pilot:
        while app.opened is None or app.opened.loop is None or not app.opened.loop.state.figure:
            await asyncio.sleep(0.2)
        for turn in range(60):
            await pilot.press("enter" if turn == 0 else "s")
            await asyncio.sleep(0.4)
            working = app.review.reviewing.session.working if app.review is not None else None
            if working is not None and working.items.undecided >= 4 and len(working.document.text) > 200:
                break
        await pilot.press("a", "a")
        await asyncio.sleep(0.3)
        return app.export_screenshot(title="tui-annotate")


def main() -> None:
    """Write the picture."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "abstracts.db"
        play(path)
        TARGET.write_text(asyncio.run(picture(path)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

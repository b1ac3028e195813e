"""The learning loop: when it trains, what it deploys, what it tells; the children are played by a recorder."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
import pytest_asyncio

from tui_annotate.domain.annotations import Suggestion
from tui_annotate.domain.decisions import Changes, Decision, Kind, VersionState
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.interchange import ExchangedDocument
from tui_annotate.domain.scheme import DocumentLabel, EntityType, Scheme
from tui_annotate.domain.spans import Span
from tui_annotate.errors import AnnotateError, LearnError, LockedError, NothingToDoError, UsageError
from tui_annotate.learn import messages
from tui_annotate.learn.messages import TrainOptions
from tui_annotate.learn.underway import Underway
from tui_annotate.services import ordering, training
from tui_annotate.services.loop_state import LoopState
from tui_annotate.services.training import LearningLoop
from tui_annotate.session.desk import Predictions
from tui_annotate.store import log, queue, runs, settings
from tui_annotate.store.connection import Corpus
from tui_annotate.store.intake import Intake
from tui_annotate.store.queue import QueueEntry

T = TypeVar("T")
SCHEME = Scheme((EntityType("DRUG"),), (DocumentLabel("urgent", "boolean"),))


class Recorder:
    """Stands in for the client: writes down what it is asked, and says what the test makes it say."""

    made: Recorder

    def __init__(self, path: Path, *, on_event: Callable[[messages.AnyEvent], None], annotator: str) -> None:
        self._tell = on_event
        self.asked: list[tuple[str, Any]] = []
        self.waiting = False
        self.options = TrainOptions()
        self.underway: Underway | None = None
        Recorder.made = self

    async def start(self, *, ahead: bool) -> None:
        self.asked.append(("start", ahead))

    def get_ready(self) -> None:
        self.asked.append(("get ready", None))

    async def stop(self) -> None:
        self.asked.append(("stop", None))

    def train(self, options: TrainOptions, *, trigger: messages.Trigger) -> int:
        self.asked.append(("train", (tuple(options.tasks), trigger)))
        self.options = options
        if self.underway is not None:
            self.waiting = True
        else:
            self.begin(options.tasks, trigger)
        return 1

    def begin(self, tasks: list[str], trigger: messages.Trigger = "manual") -> None:
        self.underway = Underway(messages.Train(request=1, tasks=tasks, trigger=trigger), tuple(tasks))
        self._tell(messages.TrainingStarted(request=1, tasks=tasks, trigger=trigger))

    def say(self, event: messages.AnyEvent) -> None:
        """Tell the loop of an event; after a training that ended, the one that waits begins at once."""
        ended = isinstance(event, messages.TrainingFinished | messages.TrainingFailed)
        if ended:
            self.underway = None
        elif self.underway is not None:
            self.underway = self.underway.after(event)
        self._tell(event)
        if ended and self.waiting:
            self.waiting = False
            self.begin(["entities"])

    def serve(self, deployed: dict[str, str]) -> None:
        self.asked.append(("serve", dict(deployed)))

    def predict(self, documents: list[int]) -> None:
        self.asked.append(("predict", list(documents)))

    def rank(self, **options: Any) -> None:
        self.asked.append(("rank", options["n"]))

    def cancel(self) -> None:
        self.asked.append(("cancel", None))

    def of(self, verb: str) -> list[Any]:
        return [what for asked, what in self.asked if asked == verb]


class Stage:
    """A corpus, a loop over it, and what it told."""

    def __init__(self, corpus: Corpus) -> None:
        self.corpus = corpus
        self.told: list[LoopState] = []
        self.loop = LearningLoop(corpus.path, "ann", write=self.write, on_change=self.told.append)
        self.children = Recorder.made

    async def write(self, function: Callable[[Corpus], T]) -> T:
        return function(self.corpus)

    async def settle(self) -> None:
        """Let everything that was begun end."""
        while self.loop._follow_ups:
            await asyncio.gather(*self.loop._follow_ups)

    async def finish(self, number: int, *, trigger: str = "active learning", value: float | None = None) -> None:
        headline = None if value is None else {"name": "F1", "value": value, "low": value - 0.1, "high": value + 0.1}
        self.children.say(
            messages.TrainingFinished(
                runs=[
                    messages.FinishedRun(
                        f"entities-{number}",
                        "entities",
                        "entities",
                        "",
                        12,
                        number,
                        {"holdout": {"documents": 40, "needed": 30, "headline": headline}},
                        {},
                        "2026-01-01T00:00:00.000Z",
                        0.5,
                    )
                ],
                trigger=trigger,  # type: ignore[arg-type]
                by="ann",
            )
        )
        await self.settle()


@pytest_asyncio.fixture
async def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    monkeypatch.setattr(training, "Learner", Recorder)
    with Corpus.create(tmp_path / "c.db", scheme=SCHEME) as corpus:
        settings.change(corpus, retrain_every=3, holdout_share=0.0)
        arrivals = [ExchangedDocument(Document(f"d{i}", (Part("s1v1", f"text {i}"),))) for i in range(9)]
        assert not list(Intake(corpus).add(arrivals))
        stage = Stage(corpus)
        await stage.loop.start()
        yield stage
        await stage.loop.stop()


async def test_trains_every_n_confirmations_and_counts_on_meanwhile(stage: Stage) -> None:
    for _ in range(2):
        stage.loop.confirmed()
    assert not stage.children.of("train")
    stage.loop.confirmed()
    assert stage.children.of("train") == [(("entities", "labels:urgent"), "active learning")]
    assert (stage.loop.state.since, stage.loop.state.training) == (0, "entities, labels:urgent")
    for _ in range(3):
        stage.loop.confirmed()
    assert len(stage.children.of("train")) == 2
    assert stage.loop.state.waiting


async def test_a_training_that_is_due_when_the_corpus_is_opened_begins_at_once(stage: Stage) -> None:
    for id in (1, 2, 3):
        changes = Changes(state=(None, VersionState.CONFIRMED))
        log.record(stage.corpus, [Decision(Kind.CONFIRM, id, "ann", changes)])
    again = Stage(stage.corpus)
    await again.loop.start()
    assert again.children.of("train") == [(("entities", "labels:urgent"), "active learning")]


async def test_the_children_start_when_a_training_is_near(stage: Stage) -> None:
    assert stage.children.of("start") == [False]
    await stage.loop.set_every(6)
    before = len(stage.children.of("get ready"))
    for _ in range(2):
        stage.loop.confirmed()
    assert len(stage.children.of("get ready")) == before
    stage.loop.confirmed()
    assert len(stage.children.of("get ready")) == before + 1


async def test_a_confirmation_taken_back_counts_back(stage: Stage) -> None:
    for change in (1, 1, -1, 1):
        stage.loop.confirmed(change)
    assert not stage.children.of("train")
    assert stage.loop.state.since == 2


async def test_switched_off_it_trains_only_when_asked(stage: Stage) -> None:
    assert await stage.loop.toggle() is False
    for _ in range(5):
        stage.loop.confirmed()
    assert not stage.children.of("train")
    assert await stage.loop.train_now() == "training started"
    assert stage.children.of("train")[0][1] == "manual"
    assert settings.load(stage.corpus).active_learning is False


async def test_a_finished_run_is_registered_deployed_and_told_with_its_gain(stage: Stage) -> None:
    await stage.finish(1, value=0.81)
    await stage.finish(2, value=0.84)
    assert runs.deployed(stage.corpus)["entities"].name == "entities-2"
    assert stage.children.of("serve") == [{"entities": "entities-1"}, {"entities": "entities-2"}]
    assert stage.loop.state.news == "entities-1 → entities-2 serves: F1 0.81 to 0.84"
    assert stage.loop.state.figure == "F1 0.84 (0.74-0.94, 40 held out)"
    assert stage.loop.state.training == ""


async def test_train_only_leaves_the_deployed_run_but_a_manual_training_deploys(stage: Stage) -> None:
    await stage.finish(1)
    settings.change(stage.corpus, deploy="never")
    await stage.loop.reload()
    await stage.finish(2)
    assert stage.loop.state.runs == {"entities": "entities-1"}
    assert "not deployed" in stage.loop.state.news
    await stage.finish(3, trigger="manual")
    assert stage.loop.state.runs == {"entities": "entities-3"}


async def test_rolling_back_serves_the_run_before(stage: Stage) -> None:
    await stage.finish(1)
    await stage.finish(2)
    await stage.loop.rollback("entities")
    assert stage.children.of("serve")[-1] == {"entities": "entities-1"}
    assert stage.loop.state.runs == {"entities": "entities-1"}
    with pytest.raises(NothingToDoError):
        await stage.loop.rollback("entities")


async def test_a_failure_keeps_the_deployed_run_and_says_why(stage: Stage) -> None:
    await stage.finish(1)
    stage.children.say(messages.TrainingFailed(message="Memory ran out.", hint="Train on fewer documents."))
    await stage.settle()
    assert stage.loop.state.runs == {"entities": "entities-1"}
    assert stage.loop.state.failed
    assert stage.loop.state.news == "not trained: Memory ran out. Train on fewer documents."


async def test_a_training_that_waited_stays_on_show_when_the_one_before_it_is_registered(stage: Stage) -> None:
    await stage.loop.train_now()
    assert await stage.loop.train_now() == "waits for the running training"
    assert stage.loop.state.waiting
    await stage.finish(1)
    assert (stage.loop.state.training, stage.loop.state.waiting) == ("entities", False)
    assert stage.loop.state.news == "entities-1 serves, trained on 12"
    await stage.finish(2)
    assert stage.loop.state.training == ""


async def test_a_ranking_that_cannot_be_stored_does_not_end_the_training_on_show(stage: Stage) -> None:
    async def locked(function: Callable[[Corpus], T]) -> T:
        raise LockedError("c.db is in use by another program.")

    await stage.loop.train_now()
    stage.loop._write = locked
    stage.children.say(messages.QueueRanked(entries=[], run="entities-1"))
    await stage.settle()
    assert (stage.loop.state.training, stage.loop.state.failed) == ("entities, labels:urgent", True)
    assert "in use" in stage.loop.state.news


async def test_a_deployed_run_that_cannot_be_loaded_is_told_and_the_others_suggest(stage: Stage) -> None:
    await stage.finish(1)
    await stage.finish(2)
    reason = "run entities-2 cannot be loaded: model.json is gone. Until then entities-1 suggests."
    stage.children.say(messages.ServerReady(runs={"entities": "entities-1"}, failed={"entities": reason}))
    assert (stage.loop.state.failed, stage.loop.state.news) == (True, reason)
    stage.children.say(messages.PredictionsReady(run="entities-1", task="entities", predictions={2: []}))
    await stage.settle()
    assert [found.run for found in await stage.loop.predictions_for(2)] == ["entities-1"]
    stage.children.say(messages.ServerReady(runs={}, failed={"entities": "lost"}))
    assert await stage.loop.predictions_for(3) == []
    assert stage.children.of("predict") == []


async def test_until_the_server_is_there_what_was_predicted_before_is_shown(stage: Stage) -> None:
    found = Suggestion("entity", "DRUG", (Span("s1v1", 0, 4),), prob=0.9, source="run", run="entities-1")
    folder = runs.folder(stage.corpus, "entities-1")
    folder.mkdir(parents=True)
    runs.write_predictions(folder, [(2, [found])])
    assert await stage.loop.predictions_for(2) == []
    await stage.finish(1)
    assert await stage.loop.predictions_for(2) == [Predictions("entities-1", (found,))]
    assert await stage.loop.predictions_for(3) == []
    assert stage.children.of("predict") == []
    (folder / "predictions.db").write_bytes(b"torn" * 2000)
    assert await stage.loop.predictions_for(2) == []
    assert "predictions.db" in stage.loop.state.news


async def test_what_an_outside_model_suggests_is_not_taken_from_an_older_prediction(stage: Stage) -> None:
    found = Suggestion("entity", "DRUG", (Span("s1v1", 0, 4),), prob=0.9, source="run", run="entities-1")
    runs.folder(stage.corpus, "entities-1").mkdir(parents=True)
    runs.write_predictions(runs.folder(stage.corpus, "entities-1"), [(2, [found])])
    await stage.finish(1)
    settings.set_scheme(stage.corpus, Scheme((EntityType("DRUG", model="theirs"),)), annotator="ann")
    await stage.loop.reload()
    assert await stage.loop.predictions_for(2) == [Predictions("entities-1", ())]


async def test_an_order_is_taken_over_only_where_documents_come_by_it(stage: Stage) -> None:
    entries = [QueueEntry(2, 1.0, "least certain")]
    settings.change(stage.corpus, order="file")
    ordering.take_over(stage.corpus, entries, run="entities-1")
    assert queue.entries(stage.corpus) == []
    settings.change(stage.corpus, order="informative")
    ordering.take_over(stage.corpus, entries, run="entities-1")
    assert queue.entries(stage.corpus) == entries


async def test_a_run_goes_on_suggesting_until_the_next_one_is_loaded(stage: Stage) -> None:
    await stage.finish(1)
    stage.children.say(messages.ServerReady(runs={"entities": "entities-1"}))
    stage.children.say(messages.PredictionsReady(run="entities-1", task="entities", predictions={2: []}))
    await stage.settle()
    await stage.finish(2)
    assert [found.run for found in await stage.loop.predictions_for(2)] == ["entities-1"]
    stage.children.say(messages.ServerReady(runs={"entities": "entities-2"}))
    assert await stage.loop.predictions_for(2) == []
    stage.children.say(messages.ServerReady(runs={"entities": "entities-2"}))
    await stage.loop.rollback("entities")
    assert await stage.loop.predictions_for(2) == []


async def test_reading_the_corpus_anew_keeps_what_happened_meanwhile(stage: Stage) -> None:
    await stage.loop.train_now()

    async def slow(function: Callable[[Corpus], T]) -> T:
        found = function(stage.corpus)
        stage.children.say(messages.TrainingProgress(request=1, fraction=0.5, message="fitting"))
        stage.loop.confirmed()
        return found

    stage.loop._write = slow
    await stage.loop.reload()
    assert (stage.loop.state.fraction, stage.loop.state.since) == (0.5, 1)


async def test_what_the_server_could_not_do_is_told(stage: Stage) -> None:
    stage.children.say(messages.Failed(message="The disk is gone.", hint="The log has the details."))
    assert (stage.loop.state.failed, stage.loop.state.news) == (True, "The disk is gone. The log has the details.")


async def test_too_few_answers_yet_are_no_failure(stage: Stage) -> None:
    stage.children.say(messages.TrainingFailed(message="Only ham so far.", kind="TooFewExamplesError"))
    await stage.settle()
    assert not stage.loop.state.failed
    assert stage.loop.state.news == "not trained: Only ham so far."


async def test_predictions_are_asked_for_once_kept_and_given_with_their_run(stage: Stage) -> None:
    await stage.finish(1)
    stage.loop.expect([2, 3])
    assert not stage.children.of("predict")
    stage.children.say(messages.ServerReady(runs={"entities": "entities-1"}))
    assert stage.children.of("predict") == [[2, 3]]
    assert stage.children.of("rank") == [3, 3]
    found = Suggestion("entity", "DRUG", (Span("s1v1", 0, 4),), prob=0.9, source="run", run="entities-1")
    stage.children.say(messages.PredictionsReady(run="entities-1", task="entities", predictions={2: [found], 3: []}))
    await stage.settle()
    (prediction,) = await stage.loop.predictions_for(2)
    assert (prediction.run, prediction.suggestions) == ("entities-1", (found,))
    stage.loop.expect([3])
    assert len(stage.children.of("predict")) == 1


async def test_predictions_of_a_run_that_was_replaced_are_not_shown(stage: Stage) -> None:
    await stage.finish(1)
    await stage.finish(2)
    stage.children.say(messages.ServerReady(runs={"entities": "entities-2"}))
    late = messages.PredictionsReady(run="entities-1", task="entities", predictions={2: []})
    stage.children.say(late)
    await stage.settle()
    assert await stage.loop.predictions_for(2) == []
    assert stage.children.of("predict") == [[2]]


async def test_the_queue_is_written_as_ranked_unless_another_order_was_chosen(stage: Stage) -> None:
    ranked = messages.QueueRanked(entries=[QueueEntry(4, 0.9, "least certain")], run="entities-1")
    stage.children.say(ranked)
    await stage.settle()
    assert [e.document for e in queue.entries(stage.corpus)] == [4]
    queue.replace(stage.corpus, [], run="")
    settings.change(stage.corpus, order="random")
    await stage.loop.reload()
    stage.children.say(ranked)
    await stage.settle()
    assert queue.entries(stage.corpus) == []


async def test_nothing_to_train_is_said(tmp_path: Path, stage: Stage) -> None:
    settings.set_scheme(stage.corpus, Scheme(), annotator="ann")
    await stage.loop.reload()
    with pytest.raises(LearnError, match="nothing to train"):
        await stage.loop.train_now()
    stage.loop.confirmed(3)
    assert not stage.children.of("train")


async def test_a_training_that_fails_or_is_cancelled_is_in_the_registry_with_its_log(stage: Stage) -> None:
    await stage.finish(1)
    done = messages.FinishedRun("labels:urgent-1", "labels:urgent", "labels", "", 9, 1, {}, {}, "", 0.1, "abc")
    failure = messages.TaskFailure("entities", "Not enough memory.", "Close other programs.", "ResourcesError")
    stage.children.say(
        messages.TrainingFailed(
            message="Not enough memory.", kind="ResourcesError", failures=[failure], runs=[done], lines=["one", "two"]
        )
    )
    await stage.settle()
    rows = {row.name: row for row in runs.all(stage.corpus)}
    assert {name: row.state for name, row in rows.items()} == {
        "entities-1": "finished",
        "labels:urgent-1": "finished",
        "entities-2-failed": "failed",
    }
    failed = rows["entities-2-failed"]
    assert failed.engine == "entities"
    assert failed.error == "Not enough memory. Close other programs."
    assert failed.metrics == {"training": "abc", "cause": "resources"}
    log = (runs.folder(stage.corpus, failed.name) / "log.txt").read_text("utf-8")
    assert log.startswith("one\ntwo\nrun entities-2-failed failed (not enough memory or processor time)")
    assert stage.loop.state.runs == {"entities": "entities-1", "labels:urgent": "labels:urgent-1"}
    assert (stage.loop.state.cause, stage.loop.state.log) == ("resources", ("one", "two"))
    stage.children.say(messages.TrainingFailed(message="Cancelled.", cancelled=True, failures=[failure]))
    await stage.settle()
    assert runs.get(stage.corpus, "entities-3-cancelled").state == "cancelled"
    assert (stage.loop.state.news, stage.loop.state.cause) == ("training cancelled", None)


async def test_what_active_learning_tried_too_early_does_not_fill_the_registry(stage: Stage) -> None:
    early = messages.TaskFailure("labels:urgent", "Only ham.", "", "PoorExamplesError")
    for trigger in ("active learning", "manual"):
        stage.children.say(
            messages.TrainingFailed(message="Only ham.", kind=early.kind, failures=[early], trigger=trigger)
        )
        await stage.settle()
    assert [(row.name, row.trigger) for row in runs.all(stage.corpus)] == [("labels:urgent-1-failed", "manual")]


async def test_what_active_learning_fails_with_again_and_again_is_listed_once(stage: Stage) -> None:
    lost = messages.TaskFailure("entities", "There is no engine 'gone'.", "", "UsageError")
    for trigger in ("active learning", "active learning", "manual"):
        stage.children.say(
            messages.TrainingFailed(message=lost.message, kind=lost.kind, failures=[lost], trigger=trigger)
        )
        await stage.settle()
    assert [row.trigger for row in runs.all(stage.corpus)] == ["active learning", "manual"]


async def test_where_no_training_may_wait_a_second_one_is_refused_and_a_due_one_begins_after(stage: Stage) -> None:
    settings.change(stage.corpus, queue_trainings=False)
    await stage.loop.reload()
    await stage.loop.train_now()
    assert "runs already: entities, labels:urgent" in stage.loop.why_not_now
    with pytest.raises(LearnError, match="runs already"):
        await stage.loop.train_now()
    for id in (1, 2, 3):
        changes = Changes(state=(None, VersionState.CONFIRMED))
        log.record(stage.corpus, [Decision(Kind.CONFIRM, id, "ann", changes)])
        stage.loop.confirmed()
    assert len(stage.children.of("train")) == 1
    await stage.finish(1, trigger="manual")
    assert [trigger for _, trigger in stage.children.of("train")] == ["manual", "active learning"]
    assert stage.loop.why_not_now != ""


async def test_options_are_checked_before_anything_starts_and_go_all_the_way(stage: Stage) -> None:
    for wrong in (TrainOptions(tasks=["urgnt"]), TrainOptions(parameters={"cc": 1}), TrainOptions(engine="bert")):
        with pytest.raises(AnnotateError):
            await stage.loop.train_now(wrong)
    assert not stage.children.of("train")
    settings.change(stage.corpus, engines={"entities": "spacy-ner"})
    await stage.loop.reload()
    await stage.loop.train_now(TrainOptions(tasks=["labels"], seed=4, deploy=False))
    asked = stage.children.options
    assert (asked.tasks, asked.seed, asked.deploy) == (["labels:urgent"], 4, False)
    assert asked.engines == {"entities": "spacy-ner"}


async def test_a_manual_training_deploys_only_when_it_is_to(stage: Stage) -> None:
    await stage.finish(1)
    run = messages.FinishedRun("entities-2", "entities", "entities", "", 9, 1, {}, {}, "", 0.1, "abc")
    stage.children.say(messages.TrainingFinished(runs=[run], options=TrainOptions(deploy=False)))
    await stage.settle()
    assert stage.loop.state.runs == {"entities": "entities-1"}
    assert stage.loop.state.news == "entities-2 is not deployed, trained on 9"
    assert await stage.loop.deploy("entities-2") == "DRUG: entities-1 → entities-2"
    assert [(change.old, change.new) for change in stage.loop.state.changes] == [("entities-1", "entities-2")]


async def test_labels_tied_to_an_outside_model_are_not_suggested_by_our_runs(stage: Stage) -> None:
    tied = Scheme(
        (EntityType("DRUG"), EntityType("GENE", model="bionlp")), (DocumentLabel("urgent", "boolean", model="m"),)
    )
    settings.set_scheme(stage.corpus, tied, annotator="ann")
    await stage.loop.reload()
    await stage.finish(1)
    assert stage.loop.state.news.endswith("GENE: stays with the outside model bionlp")
    stage.children.say(messages.ServerReady(runs={"entities": "entities-1"}))
    found = [Suggestion("entity", name, (Span("s1v1", 0, 4),), prob=0.9) for name in ("DRUG", "GENE")]
    stage.children.say(messages.PredictionsReady(run="entities-1", task="entities", predictions={2: found}))
    await stage.settle()
    ((shown,),) = [one.suggestions for one in await stage.loop.predictions_for(2)]
    assert shown.name == "DRUG"
    run = messages.FinishedRun("labels:urgent-1", "labels:urgent", "labels", "", 9, 1, {}, {}, "", 0.1, "abc")
    stage.children.say(messages.TrainingFinished(runs=[run]))
    await stage.settle()
    assert "labels:urgent" not in stage.loop.state.runs
    with pytest.raises(UsageError, match="stays with the outside model m"):
        await stage.loop.deploy("labels:urgent-1")

"""Gold, spaces, trainings and loaded runs, in this process."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.learn.making import SCHEME, corpus, document, truth
from tui_annotate.domain.annotations import LabelValue
from tui_annotate.domain.decisions import Changes, Decision, EntityChange, Kind, LabelChange, VersionState
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.figures import overfitting
from tui_annotate.domain.interchange import ExchangedDocument, ExchangedVersion
from tui_annotate.domain.scheme import DocumentLabel, Scheme
from tui_annotate.errors import LearnError, NothingToDoError, StoreError, TooFewExamplesError, UsageError
from tui_annotate.learn import data, spaces
from tui_annotate.learn.data import Gold
from tui_annotate.learn.engines import base, registry
from tui_annotate.learn.engines.base import no_progress
from tui_annotate.learn.engines.entities import EntityEngine
from tui_annotate.learn.engines.labels import LabelEngines
from tui_annotate.learn.engines.registry import engine, engine_for
from tui_annotate.learn.inquiry import inquire
from tui_annotate.learn.messages import Measure, Measured, Rank, TaskFailure, Train
from tui_annotate.learn.serving import Serving
from tui_annotate.learn.training import Training
from tui_annotate.store import annotators, documents, log, runs, settings
from tui_annotate.store.connection import Corpus
from tui_annotate.store.intake import Intake

CONFIRMED, IN_PROGRESS = VersionState.CONFIRMED, VersionState.IN_PROGRESS


@pytest.fixture
def own(made_corpus: Path, tmp_path: Path) -> Path:
    """Return a corpus of this test's own."""
    return Path(shutil.copy(made_corpus, tmp_path / "notes.db"))


def confirm(opened: Corpus, number: int) -> int:
    """Confirm a pending note as it is true; returns its row."""
    id = documents.find(opened, f"note-{number}")
    assert id is not None
    held = truth(number)
    changes = Changes(
        entities=tuple(EntityChange(None, entity) for entity in held.entities.values()),
        labels=tuple(LabelChange(None, label) for label in held.labels.values()),
        state=(None, CONFIRMED),
    )
    log.record(opened, [Decision(Kind.CONFIRM, id, "ann", changes)])
    return id


def pooled(opened: Corpus, seed: int = 0, first: Sequence[int] = ()) -> list[int]:
    """Return the pool."""
    return [id for batch in data.pool(opened, seed=seed, first=first) for id in batch]


def ids(examples: list[base.Example]) -> set[int]:
    """Return the documents of examples."""
    return {example.id for example in examples}


def train(opened: Corpus, *wanted: str, **options: Any) -> list[Any]:
    """Train and return the finished runs."""
    return Training(opened).train(Train(tasks=list(wanted), **options), no_progress)[0]


def test_gold_is_split_into_training_holdout_and_fixed_test(own: Path) -> None:
    with Corpus.open(own) as opened:
        for number in range(45, 120):
            confirm(opened, number)
        gold = Gold(opened)
        held = gold.refresh()
        split = gold.split()
        tagged = {doc.id for doc in held if "Test" in doc.marks.tags}
        held_out = {doc.id for doc in held if doc.marks.held_out} - tagged
        assert len(tagged) == 5
        assert len(held_out) >= 2
        assert ids(split.test) == tagged
        assert ids(split.holdout) == held_out
        assert ids(split.train) == {doc.id for doc in held} - tagged - held_out


def test_gold_follows_new_and_reopened_documents(own: Path) -> None:
    with Corpus.open(own) as opened:
        gold = Gold(opened)
        before = {doc.id for doc in gold.refresh()}
        new = confirm(opened, 60)
        assert {doc.id for doc in gold.refresh()} == before | {new}
        changes = Changes(state=(CONFIRMED, IN_PROGRESS))
        log.record(opened, [Decision(Kind.REOPEN, new, "ann", changes)])
        assert {doc.id for doc in gold.refresh()} == before
        assert {doc.id for doc in Gold(opened).refresh()} == before


def test_gold_follows_a_label_that_was_changed_after(own: Path) -> None:
    with Corpus.open(own) as opened:
        gold = Gold(opened)
        id = confirm(opened, 60)
        gold.refresh()
        old = truth(60).labels["kind"]
        changes = Changes(labels=(LabelChange(old, LabelValue("kind", "order")),))
        log.record(opened, [Decision(Kind.SET_LABEL, id, "ann", changes)])
        gold.refresh()
        (example,) = gold.examples([id])
        assert example.annotations.labels["kind"].value == "order"


def test_a_text_that_is_measured_on_is_never_trained_on_in_another_document(own: Path) -> None:
    with Corpus.open(own) as opened:
        for number in range(45, 120):
            confirm(opened, number)
        held = Gold(opened).refresh()
        tested = next(doc for doc in held if "Test" in doc.marks.tags)
        held_out = next(doc for doc in held if doc.marks.held_out)
        twins = [
            ExchangedDocument(
                Document(f"twin-{n}", doc.document.parts), (ExchangedVersion(doc.annotations, confirmed=True),)
            )
            for n, doc in enumerate((tested, held_out))
        ]
        assert len(list(Intake(opened).add(twins))) == 2
        rows = [documents.find(opened, f"twin-{n}") for n in range(2)]
        gold = Gold(opened)
        assert set(rows) < {doc.id for doc in gold.refresh()}
        split = gold.split()
        assert not set(rows) & (ids(split.train) | ids(split.holdout) | ids(split.test))


def test_a_document_tagged_as_test_later_is_not_trained_on_by_a_trainer_that_was_ready(own: Path) -> None:
    with Corpus.open(own) as opened:
        gold = Gold(opened)
        gold.refresh()
        first = min(ids(gold.split().train))
        documents.add_tag(opened, first, "Test", annotator="ann")
        gold.refresh()
        assert first in ids(gold.split().test)
        documents.remove_tag(opened, first, "Test", annotator="ann")
        gold.refresh()
        assert first in ids(gold.split().train)


def test_gold_follows_who_counts_more(own: Path) -> None:
    with Corpus.open(own) as opened:
        id = confirm(opened, 60)
        old = truth(60).labels["kind"]
        changes = Changes(labels=(LabelChange(old, LabelValue("kind", "order")),), state=(None, CONFIRMED))
        log.record(opened, [Decision(Kind.CONFIRM, id, "bob", changes)])
        gold = Gold(opened)

        def kind() -> object:
            gold.refresh()
            return gold.examples([id])[0].annotations.labels["kind"].value

        assert kind() == "order"
        annotators.set_order(opened, ["ann"])
        assert kind() == "note"
        settings.change(opened, tie="recent")
        assert kind() == "order"


def test_training_can_be_kept_to_tags_and_to_documents(own: Path) -> None:
    with Corpus.open(own) as opened:
        gold = Gold(opened)
        first, second = [doc.id for doc in gold.refresh()][:2]
        documents.add_tag(opened, first, "ward 3", annotator="ann")
        gold = Gold(opened)
        gold.refresh()
        assert ids(gold.split(tags=["ward 3"]).train) == {first}
        assert ids(gold.split(only=[second]).train) == {second}


def test_the_pool_holds_neither_confirmed_nor_held_out_documents(own: Path) -> None:
    with Corpus.open(own) as opened:
        confirmed = confirm(opened, 60)
        pool = pooled(opened)
        rows = documents.page(opened, limit=500)
        assert confirmed not in pool
        assert set(pool) == {r.id for r in rows if r.state == 0 and not r.holdout}
        assert any(r.holdout for r in rows)
        documents.add_tag(opened, pool[0], "Test", annotator="ann")
        assert set(pooled(opened)) == set(pool[1:])


def test_a_large_pool_is_sampled(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "SAMPLE", 20)
    monkeypatch.setattr(data, "PAGE", 10)
    with Corpus.open(own) as opened:
        assert len(pooled(opened, seed=1)) <= 20
        assert pooled(opened, seed=1) == pooled(opened, seed=1)
        assert pooled(opened, seed=1) != pooled(opened, seed=2)
        monkeypatch.setattr(data, "MOST_TEXTS", 30)
        assert len(list(data.texts(opened, seed=1))) == 30
        documents.add_tag(opened, 3, "Test", annotator="ann")
        monkeypatch.setattr(data, "SAMPLE", 1000)
        learned_from = [document.key for document in data.texts(opened, seed=1)]
        assert documents.row(opened, 3).key not in learned_from
        assert documents.row(opened, 4).key in learned_from
        monkeypatch.setattr(data, "SAMPLE", 20)
        usable = pooled(opened, seed=2)[-1]
        assert pooled(opened, seed=1, first=[1, usable])[0] == usable
        assert pooled(opened, seed=2, first=[usable]).count(usable) == 1


def test_a_run_folder_holds_model_log_figures_and_predictions(own: Path) -> None:
    with Corpus.open(own) as opened:
        finished = train(opened, trigger="manual", by="ann")
        assert [run.task for run in finished] == ["entities", "labels:kind", "labels:urgent", "labels:topics"]
        run = finished[0]
        folder = opened.runs_folder / run.folder
        assert {path.name for path in folder.iterdir()} == {
            "entities-0.crfsuite",
            "learned.json",
            "log.txt",
            "metrics.json",
            "model.json",
            "parameters.json",
            "predictions.db",
            "space.npz",
        }
        assert run.documents == 40
        assert run.metrics["holdout"]["headline"] is None
        assert run.metrics["test"]["documents"] == 5
        written = (folder / "log.txt").read_text("utf-8")
        assert "by ann" in written
        assert "40 trained on, 0 held out, 5 tagged Test" in written
        assert msgspec.json.decode((folder / "metrics.json").read_bytes()) == run.metrics
        tagged = [row.id for row in documents.page(opened, tags=["Test"])]
        assert set(runs.predictions(folder, tagged)) == set(tagged)


def test_what_cannot_be_learned_is_left_out_with_the_reason(tmp_path: Path) -> None:
    scheme = Scheme(entities=SCHEME.entities, labels=(DocumentLabel("never set", "choice", SCHEME.labels[0].options),))
    with Corpus.open(corpus(tmp_path / "c.db", gold=20, pending=5, scheme=scheme)) as opened:
        finished, left_out = Training(opened).train(Train(), no_progress)
        assert [run.task for run in finished] == ["entities"]
        assert "never set" in left_out["labels:never set"]
        with pytest.raises(TooFewExamplesError):
            train(opened, "labels:never set")


def test_a_training_without_gold_or_labels_says_so(tmp_path: Path) -> None:
    with (
        Corpus.open(corpus(tmp_path / "a.db", gold=0, pending=9)) as opened,
        pytest.raises(TooFewExamplesError, match="no confirmed document"),
    ):
        train(opened)
    with (
        Corpus.open(corpus(tmp_path / "b.db", gold=0, pending=9, scheme=Scheme())) as opened,
        pytest.raises(NothingToDoError, match="nothing to learn"),
    ):
        train(opened)


def test_a_new_scheme_is_noticed_by_a_training_that_waited(own: Path) -> None:
    with Corpus.open(own) as opened:
        training = Training(opened)
        training.prepare()
        settings.set_scheme(opened, Scheme(entities=SCHEME.entities), annotator="ann")
        finished, _ = training.train(Train(), no_progress)
        assert [run.task for run in finished] == ["entities"]


def test_a_failed_training_leaves_nothing(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*anything: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(runs, "write_predictions", fail)
    with Corpus.open(own) as opened:
        with pytest.raises(StoreError, match="disk full"):
            train(opened, "entities")
        assert [p.name for p in opened.runs_folder.iterdir()] == ["cache"]


def test_a_cached_space_is_used_until_the_corpus_is_another(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Corpus.open(own) as opened:
        factory = engine("labels")
        first, kept = spaces.current(opened, factory, seed=0, progress=no_progress)
        path = kept.path
        stamp = path.stat().st_mtime_ns
        again, _ = spaces.current(opened, factory, seed=0, progress=no_progress)
        assert again.digest == first.digest
        assert path.stat().st_mtime_ns == stamp
        more = [ExchangedDocument(Document(f"x{n}", (Part("s1v1", f"wholly new words {n}"),))) for n in range(30)]
        assert not [p for p in Intake(opened).add(more) if p.severity == "refused"]
        grown, _ = spaces.current(opened, factory, seed=0, progress=no_progress)
        assert grown.digest != first.digest
        path.write_bytes(b"garbage")
        assert spaces.current(opened, factory, seed=0, progress=no_progress)[0].digest == grown.digest


def test_a_run_keeps_its_own_space_when_another_process_learned_a_new_one(own: Path, tmp_path: Path) -> None:
    with Corpus.open(own) as opened:
        factory = engine("labels")
        space, kept = spaces.current(opened, factory, seed=0, progress=no_progress)
        for folder, other in (("same", False), ("other", True)):
            (tmp_path / folder).mkdir()
            if other:
                kept.path.unlink()
                factory.learn(iter(()), seed=1, progress=no_progress).save(kept.path)
            spaces.link(kept, space, tmp_path / folder)
            assert factory.load_space(tmp_path / folder / spaces.SPACE_FILE).digest == space.digest
        assert kept.path.stat().st_nlink == 1, "what another process learned is not shared"
        assert (tmp_path / "other" / spaces.SPACE_FILE).stat().st_nlink == 1


def test_loaded_runs_predict_and_rank_the_pool(own: Path) -> None:
    with Corpus.open(own) as opened:
        finished = train(opened, "entities", "labels:kind")
        serving = Serving(opened)
        assert serving.serve({run.task: run.name for run in finished}) == {run.task: run.name for run in finished}
        id = documents.find(opened, "note-60")
        assert id is not None
        found = {one.task: predicted for one, predicted in serving.predict([id, 99_999])}
        assert {s.name for s in found["entities"][id]} == {"DRUG", "DISEASE"}
        assert [s.value for s in found["labels:kind"][id]] == ["note"]
        assert 99_999 not in found["entities"]
        entries = serving.rank(Rank(size=20, n=5))
        assert entries is not None
        assert len(entries) == 20
        assert {e.document for e in entries} <= set(pooled(opened))
        assert [e.score for e in entries] == sorted((e.score for e in entries), reverse=True)
        assert {e.task for e in entries} == {"entities", "labels:kind"}
        assert serving.rank(Rank(), between=lambda: False) is None


def test_runs_of_one_space_share_it(own: Path) -> None:
    with Corpus.open(own) as opened:
        finished = train(opened, "labels:kind", "labels:urgent")
        serving = Serving(opened)
        serving.serve({run.task: run.name for run in finished})
        first, second = serving.loaded.values()
        assert first.encoded is second.encoded


def test_a_run_that_cannot_be_loaded_keeps_the_old_one(own: Path) -> None:
    with Corpus.open(own) as opened:
        (good,), (bad,) = train(opened, "labels:kind"), train(opened, "labels:kind")
        serving = Serving(opened)
        serving.serve({"labels:kind": good.name})
        (opened.runs_folder / bad.folder / "labels.skops").write_bytes(b"PK garbage")
        with pytest.raises(LearnError, match="altered"):
            serving.serve({"labels:kind": bad.name})
        assert serving.loaded["labels:kind"].run == good.name
        with pytest.raises(LearnError, match="not of 'entities'"):
            serving.serve({"entities": good.name})


def test_a_run_folder_half_deleted_gives_way_to_the_run_before_it(own: Path) -> None:
    with Corpus.open(own) as opened:
        (first,), (second,), (other,) = (train(opened, t) for t in ("labels:kind", "labels:kind", "entities"))
        for run in (first, second, other):
            runs.register(opened, runs.RunRow(run.name, run.task, run.engine))
            runs.deploy(opened, run.name)
        deployed = {task: row.name for task, row in runs.deployed(opened).items()}
        (opened.runs_folder / second.folder / "labels.skops").unlink()
        serving = Serving(opened)
        failed = serving.serve_what_loads(deployed)
        assert {task: one.run for task, one in serving.loaded.items()} == {
            "labels:kind": first.name,
            "entities": other.name,
        }
        assert list(failed) == ["labels:kind"]
        assert f"run {second.name} cannot be loaded" in failed["labels:kind"]
        assert f"{first.name} suggests" in failed["labels:kind"]
        shutil.rmtree(opened.runs_folder)
        failed = Serving(opened).serve_what_loads(deployed)
        assert set(failed) == {"labels:kind", "entities"}
        assert "nothing does" in failed["entities"]
    with Corpus.open(own) as opened:
        assert {task: row.name for task, row in runs.deployed(opened).items()} == deployed


def test_encoded_documents_are_let_go_when_they_grow_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spaces, "MOST_BYTES", 100)
    space = engine("entities").learn([document(n) for n in range(9)], seed=0, progress=no_progress)
    encoded = spaces.Encoded(space)
    loaded: list[int] = []

    def load(wanted: Any) -> dict[int, Document]:
        loaded.extend(wanted)
        return {n: document(n) for n in wanted if n < 9}

    assert encoded.get([1, 2], load)[0] == [1, 2]
    known, encodings = encoded.get([2, 3, 50], load)
    assert known == [2, 3]
    assert [s.words for d in encodings.documents for s in d] == [
        s.words for d in space.encode([document(2), document(3)]).documents for s in d
    ]
    assert loaded == [1, 2, 2, 3, 50]


def test_engines_are_found_by_task_name_and_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    assert SCHEME.tasks == ["entities", "labels:kind", "labels:urgent", "labels:topics"]
    assert engine_for("entities", SCHEME).name == "entities"
    assert engine_for("labels:kind", SCHEME).name == "labels"
    with pytest.raises(UsageError, match="Engines: labels, entities"):
        engine("bert")
    with pytest.raises(UsageError, match="cannot learn"):
        engine_for("entities", SCHEME, name="labels")
    with pytest.raises(UsageError, match="Tasks: entities"):
        engine_for("labels:none", SCHEME)

    class Point:
        name = "mine"

        @staticmethod
        def load() -> Any:
            return type("Mine", (), {"name": "mine", "handles": lambda self, task, scheme: task == "labels:none"})

    monkeypatch.setattr(registry, "entry_points", lambda group: [Point])
    assert engine_for("labels:none", SCHEME).name == "mine"


def test_the_log_says_what_a_training_was_made_of_and_what_came_of_it(own: Path) -> None:
    with Corpus.open(own) as opened:
        told: list[str] = []
        command = Train(tasks=["entities"], by="ann", validation=0.2, seed=7, parameters={"epochs": 9}, tags=[])
        (run,), _ = Training(opened).train(command, no_progress, log=told.append)
        folder = opened.runs_folder / run.folder
        written = (folder / "log.txt").read_text("utf-8")
        described = msgspec.json.decode((folder / "parameters.json").read_bytes())
    assert written.splitlines() == told
    for part in (
        "entities: engine entities, manual, by ann",
        "python-crfsuite",
        "iterations 9 (set)",
        "seed 7",
        "8 for validation (20 %, drawn once by text with seed 7)",
        "start: from the beginning",
        "train and validation: 8/30 documents for a figure",
        "architecture:",
        "linear-chain CRF (CRFsuite, lbfgs, c1 0.05, c2 0.05, at most 9 steps)",
        "DISEASE, DRUG: 5 labels, ",
        "abbreviations",
        "validating",
        "run entities-1",
    ):
        assert part in written, part
    counts = [line.split() for line in told if line.startswith("  D")][:2]
    assert counts == [["DRUG", "32", "8", "5"], ["DISEASE", "32", "8", "5"]]
    assert (run.documents, run.metrics["training"]) == (40, run.training)
    assert (run.metrics["train"]["documents"], run.metrics["validation"]["documents"]) == (32, 8)
    assert described["parameters"] == {"iterations": 9}
    assert (described["validation"], described["warm"], described["training"]) == (0.2, "", run.training)


def test_the_gap_between_training_and_validation_is_measured_on_a_fit_without_that_part(own: Path) -> None:
    with Corpus.open(own) as opened:
        for number in range(45, 120):
            confirm(opened, number)
        (run,) = train(opened, "labels:kind", validation=0.4)
        (plain,) = train(opened, "labels:kind", validation=0.0)
    assert run.documents == plain.documents > 90
    assert run.metrics["validation"]["documents"] >= 30
    assert run.metrics["train"]["headline"]["value"] >= run.metrics["validation"]["headline"]["value"] - 0.1
    assert "gap" in overfitting(run.metrics)
    assert "validation" not in plain.metrics


def test_a_new_run_is_held_against_the_deployed_one(own: Path) -> None:
    with Corpus.open(own) as opened:
        for number in range(45, 80):
            documents.add_tag(opened, confirm(opened, number), "Test", annotator="ann")
        (first,) = train(opened, "labels:kind")
        assert not {"paired", "stability"} & set(first.metrics)
        runs.register(opened, runs.RunRow(first.name, first.task, first.engine))
        runs.deploy(opened, first.name)
        (second,) = train(opened, "labels:kind")
    assert (second.metrics["paired"]["run"], second.metrics["paired"]["on"]) == (first.name, "test")
    assert second.metrics["paired"]["documents"] == 40
    assert second.metrics["stability"]["kappa"] == 1.0


class Warm:
    """An engine that goes on from a model, and one that chooses by the validation part."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.started: list[Any] = []

    def warm_start(self, model: Any) -> None:
        self.started.append(model)

    def fit_validated(self, gold: Any, encodings: Any, *, validation: Any, **options: Any) -> Any:
        assert len(gold) == len(encodings) == 32
        assert len(validation[0]) == len(validation[1]) == 8
        return self.inner.fit(gold, encodings, **options)

    def fit(self, gold: Any, encodings: Any, **options: Any) -> Any:
        return self.inner.fit(gold, encodings, **options)


def test_an_engine_may_go_on_from_the_deployed_run_and_choose_by_the_validation_part(
    own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Corpus.open(own) as opened:
        told: list[str] = []
        cold = Train(tasks=["labels:kind"], warm=True)
        (first,), _ = Training(opened).train(cold, no_progress, log=told.append)
        assert any("labels learns all of it anew each time" in line for line in told)
        runs.register(opened, runs.RunRow(first.name, first.task, first.engine))
        runs.deploy(opened, first.name)
        made: list[Warm] = []
        create = LabelEngines.create

        def warm(self: LabelEngines, *about: Any) -> Any:
            made.append(Warm(create(self, *about)))
            return made[-1]

        monkeypatch.setattr(LabelEngines, "create", warm)
        (second,), _ = Training(opened).train(
            Train(tasks=["labels:kind"], warm=True, validation=0.2), no_progress, log=told.append
        )
    assert second.metrics["warm"] == first.name
    assert [len(engine.started) for engine in made] == [0, 1]
    assert any(f"start: from {first.name} (warm start)" in line for line in told)
    assert second.documents == 32
    assert second.metrics["validation"]["documents"] == 0
    assert any(f"8 documents are not measured on, {first.name} had learned their text" in line for line in told)


def test_one_task_that_fails_leaves_the_others_alone(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def explode(*anything: object, **more: object) -> None:
        raise MemoryError

    monkeypatch.setattr(EntityEngine, "fit", explode)
    with Corpus.open(own) as opened:
        done: list[str] = []
        failed: list[TaskFailure] = []
        finished, left_out = Training(opened).train(
            Train(), no_progress, done=lambda run: done.append(run.task), failed=failed.append
        )
        assert done == [run.task for run in finished] == ["labels:kind", "labels:urgent", "labels:topics"]
        assert list(left_out) == ["entities"]
        assert [(failure.task, failure.cause) for failure in failed] == [("entities", "resources")]
        assert len({run.training for run in finished}) == 1


def test_a_run_is_not_measured_on_what_it_learned_before_that_was_tagged_test(own: Path) -> None:
    with Corpus.open(own) as opened:
        for number in range(45, 80):
            documents.add_tag(opened, confirm(opened, number), "Test", annotator="ann")
        (first,) = train(opened, "labels:kind")
        runs.register(opened, runs.RunRow(first.name, first.task, first.engine))
        runs.deploy(opened, first.name)
        for number in range(5):
            id = documents.find(opened, f"note-{number}")
            assert id is not None
            documents.add_tag(opened, id, "Test", annotator="ann")
        (second,) = train(opened, "labels:kind")
        assert second.metrics["test"]["documents"] == 45
        assert second.metrics["paired"]["documents"] == 40
        measured = inquire(Training(opened), Measure(task="labels:kind", run=first.name), no_progress)
    assert isinstance(measured, Measured)
    assert (measured.parts["test"]["documents"], measured.parts["test"]["left_out"]) == (40, 5)


def test_a_run_that_goes_on_from_another_is_compared_with_it_as_it_was(
    own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Corpus.open(own) as opened:
        (first,), _ = Training(opened).train(Train(tasks=["labels:kind"]), no_progress)
        runs.register(opened, runs.RunRow(first.name, first.task, first.engine))
        runs.deploy(opened, first.name)
        create = LabelEngines.create
        made: list[Warm] = []

        def warm(self: LabelEngines, *about: Any) -> Any:
            made.append(Warm(create(self, *about)))
            return made[-1]

        monkeypatch.setattr(LabelEngines, "create", warm)
        training = Training(opened)
        deployed = training.deployed.load("labels:kind")
        (second,), _ = training.train(Train(tasks=["labels:kind"], warm=True), no_progress)
        assert [model for engine in made for model in engine.started if model is deployed.model] == []
        assert training.deployed.load("labels:kind").model is deployed.model
        learned = [runs.learned(runs.folder(opened, run.name)) for run in (first, second)]
    assert len(learned[0]) == 40
    assert learned[0] == learned[1]

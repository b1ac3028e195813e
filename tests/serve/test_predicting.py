"""What runs and patterns say is there when a document's annotations are answered."""

from __future__ import annotations

import pytest

from tests.serve.conftest import Api, annotation
from tui_annotate.domain.annotations import Suggestion
from tui_annotate.domain.patterns import Pattern
from tui_annotate.domain.spans import Span
from tui_annotate.errors import LearnError
from tui_annotate.serve import predicting
from tui_annotate.store import patterns, runs
from tui_annotate.store.connection import Corpus
from tui_annotate.store.runs import RunRow


class FakeWorker:
    """Stands for the process that loads runs: it finds `Aspirin`."""

    started = 0
    fails = False

    def __init__(self, path: object, *, nice: int = 0) -> None:
        type(self).started += 1

    def serve(self, runs: dict[str, str]) -> dict[str, str]:
        if self.fails:
            raise LearnError("the model is gone.")
        return dict(runs)

    def predict(self, documents: list[int]) -> dict[str, dict[int, list[Suggestion]]]:
        one = Suggestion("entity", "Drug", (Span("s1v1", 0, 7),), prob=0.75, who=("ml:entities-1",))
        return {"entities": {id: [one] for id in documents}}

    def close(self) -> None:
        return


@pytest.fixture(autouse=True)
def worker(monkeypatch: pytest.MonkeyPatch) -> type[FakeWorker]:
    monkeypatch.setattr(predicting, "Worker", FakeWorker)
    monkeypatch.setattr(FakeWorker, "started", 0)
    return FakeWorker


def deploy(api: Api) -> None:
    with Corpus.open(api.path) as corpus:
        runs.register(corpus, RunRow("entities-1", "entities", "entities"))
        runs.deploy(corpus, "entities-1")


def test_an_upload_is_annotated_before_it_is_answered(api: Api) -> None:
    deploy(api)
    found = api.post(files=[("file", ("a.txt", b"Aspirin was given"))], output="ann.json").json()
    assert [(e["offsets"][0]["text"], e["confidence"]) for e in found["entities"]] == [
        ("Aspirin", {"state": "pre-added", "who": ["ml:entities-1"], "prob": 0.75})
    ]
    assert FakeWorker.started == 1
    id = api.upload(("b.txt", "Aspirin again"))["items"][0]["docid"]
    assert len(api.annotations(id)["entities"]) == 1
    assert FakeWorker.started == 1


def test_what_came_with_annotations_goes_out_without_others(api: Api) -> None:
    deploy(api)
    pair = (("a.txt", "Aspirin or fever"), ("a.ann.json", annotation(("e_2", 11, "fever"))))
    id = api.upload(*pair)["items"][0]["docid"]
    assert [e["classId"] for e in api.annotations(id)["entities"]] == ["e_2"]
    assert FakeWorker.started == 0


def test_an_answer_goes_out_without_predictions_and_says_why(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    deploy(api)
    monkeypatch.setattr(FakeWorker, "fails", True)
    answer = api.post(files=[("file", ("a.txt", b"Aspirin"))], output="ann.json")
    assert (answer.status_code, answer.json()["entities"]) == (200, [])
    assert "the model is gone" in answer.headers["warning"]


def test_patterns_say_what_they_know(api: Api) -> None:
    with Corpus.open(api.path) as corpus:
        patterns.add(corpus, [Pattern("entity", "Disease", "words", "fever")], annotator="alice")
    found = api.post(data={"text": "no fever"}, output="ann.json").json()
    assert [e["offsets"][0]["text"] for e in found["entities"]] == ["fever"]
    assert FakeWorker.started == 0

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.learn.making import SCHEME, document, examples, truth
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.scheme import Attribute, Choice, EntityType, Scheme
from tui_annotate.domain.spans import Span
from tui_annotate.errors import LearnError, ParameterError, TooFewExamplesError, UsageError
from tui_annotate.learn.engines.base import Example, no_progress
from tui_annotate.learn.engines.custom import CustomEngines, CustomModel
from tui_annotate.learn.engines.custom_answers import Answer, Question, Reader, examples_of
from tui_annotate.learn.messages import Rank
from tui_annotate.learn.serving import Serving
from tui_annotate.learn.spaces import Encoded
from tui_annotate.store.connection import Corpus

FACTORY = CustomEngines()
SPACE = FACTORY.learn([], seed=0, progress=no_progress)
GOOD = """
import json, pathlib, sys
def train(examples, parameters, folder, progress):
    progress(0.5, "half way")
    print("garbage", "\\x1b[2J", file=sys.stderr)
    words = sorted({e["text"].split()[0] for e in examples if e["label"] == "order"})
    kept = {"words": words, "seed": parameters["seed"], "depth": parameters.get("depth")}
    (pathlib.Path(folder) / "model.json").write_text(json.dumps(kept))
class Model:
    def __init__(self, kept):
        self.kept = kept
    def predict(self, texts):
        return [{"probs": {"order": 0.9 if t.split()[0] in self.kept["words"] else 0.2}} for t in texts]
def load(folder):
    return Model(json.loads((pathlib.Path(folder) / "model.json").read_text()))
"""
SPANS = """
def train(examples, parameters, folder, progress): ...
class Model:
    def predict(self, texts): return [{"spans": SPANS} for t in texts]
def load(folder): return Model()
"""


def fit(
    folder: Path, source: str, task: str = "labels:kind", scheme: Scheme = SCHEME, **parameters: Any
) -> CustomModel:
    path = folder / "mine.py"
    path.write_text(source, "utf-8")
    gold = examples(range(12))
    encodings = SPACE.encode([example.document for example in gold])
    told: list[str] = parameters.pop("told", [])
    return FACTORY.create(task, scheme, SPACE).fit(
        gold,
        encodings,
        parameters={"script": str(path), **parameters},
        seed=7,
        progress=lambda share, message: told.append(message),
    )


def body(train: str, predict: str = "return [{'label': 'order'} for t in texts]", load: str = "return Model()") -> str:
    return (
        "import os, sys, time\n"
        f"def train(examples, parameters, folder, progress):\n    {train}\n"
        f"class Model:\n    def predict(self, texts):\n        {predict}\n"
        f"def load(folder):\n    {load}\n"
    )


def is_gone(pid: int) -> bool:
    """Wait until a process has ended; False when it goes on."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    return bool(select.select([handle], [], [], 10)[0])


def test_a_script_learns_is_kept_with_its_checksum_and_answers_from_a_process_of_its_own(tmp_path: Path) -> None:
    told: list[str] = []
    model = fit(tmp_path, GOOD, told=told, depth=3)
    assert "half way" in told
    assert model.report.documents == 12
    assert model.report.positives == {"order": 6, "note": 6}
    assert any("garbage" in note for note in model.report.notes)
    folder = tmp_path / "run"
    folder.mkdir()
    model.save(folder)
    assert (folder / "script.py").read_text() == GOOD
    assert '"depth": 3' in (folder / "files/model.json").read_text()
    assert "garbage" in (folder / "output.txt").read_text()

    loaded = FACTORY.load(folder, SPACE)
    encodings = SPACE.encode([document(1), document(2)])
    (first,), (second,) = loaded.predict(encodings, run="kind-1")
    assert (first.value, first.prob, first.who, first.other) == ("order", 0.9, ("ml:kind-1",), ("note", 0.0))
    assert (second.value, second.prob) == ("order", 0.2)
    signals = loaded.signals(encodings)
    assert signals.tokens.tolist() == [len(document(n).text.replace(".", " .").split()) for n in (1, 2)]
    assert signals.vectors.shape[0] == 2

    (folder / "script.py").write_text(GOOD + "\n# altered")
    with pytest.raises(LearnError, match=r"script\.py: altered"):
        FACTORY.load(folder, SPACE)
    (folder / "script.py").write_text(GOOD)
    (folder / "files/more.bin").write_bytes(b"x")
    with pytest.raises(LearnError, match=r"more\.bin: not written with the run"):
        FACTORY.load(folder, SPACE)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (body("raise ValueError('bad rate')"), r"failed while training: ValueError: bad rate \(line 3\)"),
        (body("sys.exit(3)"), r"sys.exit\(3\)"),
        (body("print('last words', flush=True); os._exit(4)"), r"exit code 4.*It said last: last words"),
        (body("os.closerange(3, 20); time.sleep(9)"), "wrote into or closed the pipe"),
        (body("progress('half', 'way')"), r"could not convert string to float: 'half' \(line 3\)"),
        ("import no_such_library\n" + body("pass"), r"No module named 'no_such_library' \(line 1\)"),
        (body("os.kill(os.getpid(), 11)"), "ended by SIGSEGV while training"),
        (body("held = bytearray(3 << 30)"), "ran out of memory while training"),
        (body("while True: pass"), "still training after 0.3 seconds"),
        (body("pass", load="raise OSError('no file')"), "failed while loading its model: OSError: no file"),
        (body("pass", predict="return []"), "given 12 texts and gave 0 answers"),
        (body("pass", predict="return [7 for t in texts]"), "nothing could be used.*no dict"),
        (body("pass", predict="return [{'label': object()} for t in texts]"), "failed while predicting: TypeError"),
    ],
)
def test_a_script_that_goes_wrong_is_an_error_in_plain_words(tmp_path: Path, source: str, said: str) -> None:
    with pytest.raises(LearnError, match=said):
        fit(tmp_path, source, time_limit=0.005, memory_limit=1.0)


def test_the_traceback_of_a_script_goes_with_its_error_and_its_folder_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(LearnError, match="log of the run") as caught:
        fit(tmp_path, body("raise ValueError('bad rate')"))
    assert not list(tmp_path.glob("tui-annotate-*"))
    (trace,) = caught.value.__notes__
    assert 'script.py", line 3, in train' in trace


def test_a_script_that_forks_leaves_nothing_behind_and_answers_once(tmp_path: Path) -> None:
    left = tmp_path / "left"
    source = body(
        f"""
    if os.fork() == 0:
        open({str(left)!r}, 'w').write(str(os.getpid()))
        time.sleep(100)
    while not (os.path.exists({str(left)!r}) and os.path.getsize({str(left)!r})):
        time.sleep(0.005)
    os.fork()"""
    )
    assert fit(tmp_path, source).report.documents == 12
    pid = int(left.read_text())
    assert is_gone(pid)


def test_a_script_goes_when_who_started_it_is_killed(tmp_path: Path) -> None:
    mark, script, held = tmp_path / "mark", tmp_path / "mine.py", tmp_path / "held"
    held.mkdir()
    said = f"open({str(mark)!r}, 'w').write(f'{{os.getpid()}} {{os.getppid()}} {{os.getcwd()}}'); time.sleep(100)"
    script.write_text(body(said), "utf-8")
    program = (
        "from pathlib import Path\n"
        "from tui_annotate.learn.engines.base import no_progress\n"
        "from tui_annotate.learn.engines.custom_process import ScriptProcess\n"
        f"p = ScriptProcess(Path({str(script)!r}), Path({str(tmp_path)!r}), memory=4, held=Path({str(held)!r}))\n"
        "p.train([], {}, seconds=100, progress=no_progress)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.DEVNULL)
    while not (mark.exists() and mark.stat().st_size):
        assert parent.poll() is None
        time.sleep(0.005)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    pid, watcher, work = mark.read_text().split(" ", 2)
    assert is_gone(int(pid))
    assert is_gone(int(watcher))
    assert not held.exists()
    assert not Path(work).exists()


def test_a_model_that_keeps_dying_is_not_asked_any_more(tmp_path: Path) -> None:
    source = body(
        "pass", predict="if 'Bed 99' in texts[0]: os._exit(1)\n        return [{'label': 'note'} for t in texts]"
    )
    model = fit(tmp_path, source)
    good, bad = SPACE.encode([document(3)]), SPACE.encode([document(99)])
    for _ in range(2):
        assert model.predict(good)[0][0].value == "note"
        with pytest.raises(LearnError, match="ended the process by itself while predicting"):
            model.predict(bad)
    with pytest.raises(LearnError, match="died or hung twice"):
        model.predict(good)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("def train(examples, parameters, folder, progress): pass", "defines no load"),
        ("x = ", "is no Python"),
        (None, "cannot be read"),
    ],
)
def test_a_script_that_cannot_be_run_is_refused_before_it_is(tmp_path: Path, source: str | None, said: str) -> None:
    path = tmp_path / "mine.py"
    if source is not None:
        path.write_text(source)
    gold = examples(range(4))
    engine = FACTORY.create("labels:kind", SCHEME, SPACE)
    encodings = SPACE.encode([example.document for example in gold])
    with pytest.raises(ParameterError, match=said):
        engine.fit(gold, encodings, parameters={"script": str(path)}, seed=0, progress=no_progress)
    with pytest.raises(ParameterError, match="--script FILE"):
        engine.fit(gold, encodings, parameters={}, seed=0, progress=no_progress)


def test_a_script_for_a_task_that_the_project_lacks_is_refused() -> None:
    only_labels = Scheme(labels=SCHEME.labels)
    assert not FACTORY.handles("entities", only_labels)
    with pytest.raises(UsageError, match="This project has no entities that a script could learn"):
        FACTORY.create("entities", only_labels, SPACE)
    with pytest.raises(TooFewExamplesError, match="say nothing about it"):
        examples_of(Question.of("labels:kind", SCHEME), SCHEME, [])


TWO_PARTS = Document("d", (Part("s1p1", "Aspirin 🙂 helps."), Part("s1p2", "Warfarin too.")))


def read(question: Question, given: Any, asked: Any = (), *, minimum: float = 0.3) -> tuple[Answer, list[str]]:
    reader = Reader(question)
    return reader.read(given, TWO_PARTS, asked, run="r", minimum=minimum), reader.notes()


def test_spans_are_taken_over_the_whole_text_and_nonsense_is_dropped_and_counted() -> None:
    question = Question.of("entities", SCHEME)
    given = [
        {"start": 0, "end": 7, "label": "DRUG", "prob": 0.8},
        {"start": 17, "end": 25, "label": "DRUG"},
        {"start": 0, "end": 7, "label": "DRUG", "prob": 0.9},
        {"start": 10, "end": 20, "label": "DRUG"},
        {"start": 25, "end": 99, "label": "DRUG"},
        {"start": 5, "end": 5, "label": "DRUG"},
        {"start": -3, "end": 5, "label": "DRUG"},
        {"start": "0", "end": 5, "label": "DRUG"},
        {"start": 0, "end": 5, "label": "PLANET"},
        {"start": 0, "end": 5, "label": "DRUG", "prob": float("nan")},
        {"start": 0, "end": 5, "label": "DRUG", "prob": 1.5},
        {"start": 8, "end": 9, "label": "DISEASE", "prob": 0.1},
        "Aspirin",
    ]
    answer, notes = read(question, {"spans": given})
    assert [(s.name, s.span, s.prob) for s in answer.suggestions] == [
        ("DRUG", Span("s1p1", 0, 7), 0.8),
        ("DRUG", Span("s1p2", 0, 8), 1.0),
    ]
    assert TWO_PARTS.slice(answer.suggestions[1].span) == "Warfarin"
    assert len(answer.probs) == 3
    assert notes == [
        "1 spans of the unknown type 'PLANET': dropped.",
        "3 spans outside the text, or empty: dropped.",
        "1 spans over more than one part of a document: dropped.",
        "2 spans with a probability that is none: dropped.",
        "2 spans without whole numbers for start and end: dropped.",
    ]


@pytest.mark.parametrize(
    ("task", "given", "value", "prob"),
    [
        ("labels:urgent", {"probs": {"true": 0.7}}, True, 0.7),
        ("labels:urgent", {"label": False, "prob": 0.6}, False, 0.6),
        ("labels:kind", {"probs": {"order": 0.3, "note": 0.7, "other": 1}}, "note", 0.7),
        ("labels:topics", {"probs": {"heart": 0.8, "pain": 0.6}}, ("heart", "pain"), 0.6),
        ("labels:topics", {"label": ["pain"], "prob": 0.9}, ("pain",), 0.9),
    ],
)
def test_labels_are_read_as_probabilities_or_as_bare_values(task: str, given: Any, value: Any, prob: float) -> None:
    (suggestion,) = read(Question.of(task, SCHEME), given)[0].suggestions
    assert (suggestion.target, suggestion.value, suggestion.prob) == ("label", value, prob)


def test_attributes_are_judged_for_the_entities_that_are_there(tmp_path: Path) -> None:
    status = Attribute("status", "choice", (Choice("present"), Choice("absent")), on=("DISEASE",))
    scheme = Scheme((EntityType("DRUG"), EntityType("DISEASE")), attributes=(status,))
    source = """
def train(examples, parameters, folder, progress):
    assert all(e["entities"][0]["label"] == "DISEASE" for e in examples), examples
    assert {e["entities"][0]["value"] for e in examples} == {"present", "absent"}
class Model:
    def predict(self, texts, entities):
        return [{"entities": [{"probs": {"absent": 0.75}} for e in row]} for row in entities]
def load(folder): return Model()
"""
    path = tmp_path / "mine.py"
    path.write_text(source)
    gold = []
    for number in range(6):
        held = truth(number)
        for key, entity in held.entities.items():
            if entity.type == "DISEASE":
                held.entities[key] = replace(entity, attributes={"status": "absent" if number % 2 else "present"})
        gold.append(Example(number, document(number), held))
    encodings = SPACE.encode([example.document for example in gold])
    engine = FACTORY.create("attributes:status", scheme, SPACE)
    model = engine.fit(gold, encodings, parameters={"script": str(path)}, seed=0, progress=no_progress)
    asked = [[(e.type, e.spans) for e in example.annotations.entities.values()] for example in gold[:1]]
    ((found,),) = model.predict(encodings.select([0]).about(asked), run="s-1")
    assert (found.target, found.name, found.value, found.prob) == ("attribute", "status", "absent", 0.75)
    assert found.spans == next(spans for type, spans in asked[0] if type == "DISEASE")


class Answering:
    """Stands for a run of another task."""

    def __init__(self, broken: bool) -> None:
        self.broken = broken
        self.space = SPACE

    def predict(self, encodings: Any, *, run: str, minimum: float) -> list[list[Any]]:
        if self.broken:
            raise LearnError("The script died.")
        return [[] for _ in range(len(encodings))]

    def signals(self, encodings: Any) -> Any:
        raise LearnError("The script died.")


def test_a_script_that_dies_in_the_server_keeps_no_other_run_from_answering(made_corpus: Path) -> None:
    with Corpus.open(made_corpus, readonly=True) as opened:
        serving = Serving(opened)
        for task, broken in (("labels:kind", True), ("labels:urgent", False)):
            serving.put(task, f"{task}-1", Answering(broken), Encoded(SPACE))  # type: ignore[arg-type]
        served = serving.predict([1, 2])
        assert next(served)[0].task == "labels:urgent"
        with pytest.raises(LearnError, match=r"The script died\."):
            next(served)
        serving.put("labels:urgent", "labels:urgent-1", Answering(True), Encoded(SPACE))  # type: ignore[arg-type]
        assert serving.rank(Rank()) == []

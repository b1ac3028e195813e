from __future__ import annotations

import re
from pathlib import Path

from tests.learn.making import SCHEME, document, examples, note
from tui_annotate.learn.catalogue import OURS
from tui_annotate.learn.engines.base import no_progress
from tui_annotate.learn.engines.custom import CustomEngines

PAGE = (Path(__file__).parents[2] / "docs/engines.md").read_text("utf-8")


def scripts() -> list[str]:
    """Return the Python of the page."""
    return re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_the_scikit_learn_script_of_the_guide_learns(tmp_path: Path) -> None:
    script = tmp_path / "sklearn_labels.py"
    script.write_text(scripts()[0], "utf-8")
    factory = CustomEngines()
    space = factory.load_space(tmp_path)
    gold = examples(range(60))
    model = factory.create("labels:kind", SCHEME, space).fit(
        gold,
        space.encode([example.document for example in gold]),
        parameters={"script": str(script), "C": "10"},
        seed=0,
        progress=no_progress,
    )
    numbers = range(200, 230)
    found = model.predict(space.encode([document(number) for number in numbers]))
    right = sum(one[0].value == note(number)[2] for number, one in zip(numbers, found, strict=True))
    assert right >= 27


def test_the_keras_script_of_the_guide_compiles_and_defines_what_is_called() -> None:
    source = scripts()[1]
    names: dict[str, object] = {}
    exec(compile(source, "keras_spam.py", "exec"), names)
    assert {"train", "load", "Spam"} <= names.keys()
    number = names["number"]
    assert callable(number)
    rows = number(["Win a prize", "prize prize unknown"], {"win": 1, "prize": 2})
    assert rows.shape == (2, 100)
    assert rows[:, -3:].tolist() == [[0, 1, 2], [0, 2, 2]]
    assert all(word in source for word in ("Embedding(", "SimpleRNN(", 'Dense(1, activation="sigmoid")', "model.h5"))


def test_every_engine_and_every_parameter_of_spacy_is_on_the_page() -> None:
    assert [info.name for info in OURS if f"`{info.name}`" not in PAGE] == []
    spacy = next(info for info in OURS if info.name == "spacy-ner")
    assert spacy.parameters is not None
    assert [name for name in spacy.parameters.__struct_fields__ if f"`{name}`" not in PAGE] == []

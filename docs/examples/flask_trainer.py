"""Train outside: a Flask service that learns from each confirmed document and posts its predictions back.

    pip install flask requests scikit-learn
    export MY_TAGTOG_USERNAME=me MY_TAGTOG_PASSWORD=... MY_TAGTOG_PROJECT=spam
    python flask_trainer.py unlabelled.txt

It follows the seven steps of tagtog's article on training models, and runs against tagtog or against
`tui-annotate serve`: take an unlabelled text, label it with the current model, upload it, let somebody review and
confirm it, be called by the webhook, retrain, and again.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import requests
from flask import Flask, abort, request
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline

DOMAIN = os.environ.get("TAGTOG_DOMAIN", "http://127.0.0.1:8000")
DOCUMENTS = f"{DOMAIN}/-api/documents/v1"
USER = os.environ["MY_TAGTOG_USERNAME"]
AUTH = (USER, os.environ["MY_TAGTOG_PASSWORD"])
PROJECT = {"owner": USER, "project": os.environ["MY_TAGTOG_PROJECT"]}
LABEL = "IsSpam"

examples: dict[str, tuple[str, bool]] = {}
"""Text and label of each confirmed document, by its id."""
unlabelled: list[str] = []
app = Flask(__name__)


@app.post("/train")
def train() -> dict[str, object]:
    """Learn from the document that was confirmed, then upload the next text with a prediction."""
    document = request.get_json()["tagtogID"]
    label = label_id()
    annotations = get(document, "ann.json").json()
    if annotations["anncomplete"] and label in annotations["metas"]:
        examples[document] = (get(document, "text").text, annotations["metas"][label]["value"])
    model = fit()
    text = collect_unlabeled_sample() if model else None
    if model is None or text is None:
        return {"examples": len(examples), "uploaded": None}
    return {"examples": len(examples), "uploaded": upload(text, label, predict(model, text))}


def label_id() -> str:
    """Return the id that annotations have for our label, from the project's legend."""
    legend = requests.get(f"{DOMAIN}/-api/settings/v1/annotationsLegend", params=PROJECT, auth=AUTH, timeout=30)
    legend.raise_for_status()
    ids = {name: id for id, name in legend.json().items()}
    if LABEL not in ids:
        abort(409, f"The project has no document label {LABEL}.")
    return str(ids[LABEL])


def get(document: str, output: str) -> requests.Response:
    """Return one side of a document: its annotations or its text."""
    params = {**PROJECT, "ids": document, "output": output}
    response = requests.get(DOCUMENTS, params=params, auth=AUTH, timeout=30)
    response.raise_for_status()
    return response


def fit() -> Pipeline | None:
    """Train on everything confirmed so far; None until both answers were seen."""
    texts, labels = zip(*examples.values(), strict=True) if examples else ((), ())
    if len(set(labels)) < 2:
        return None
    model = make_pipeline(TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4)), LogisticRegression(C=30))
    return model.fit(texts, labels)


def predict(model: Pipeline, text: str) -> tuple[bool, float]:
    """Return what the model says of a text, and how sure it is."""
    (probabilities,) = model.predict_proba([text])
    best = probabilities.argmax()
    return bool(model.classes_[best]), float(probabilities[best])


def collect_unlabeled_sample() -> str | None:
    """Return the next text that nobody labelled."""
    return unlabelled.pop(0) if unlabelled else None


def upload(text: str, label: str, prediction: tuple[bool, float]) -> str:
    """Upload a text, get its plain.html back, and upload that with its annotations; returns the document's id."""
    response = requests.post(
        DOCUMENTS, params={**PROJECT, "output": "html"}, data={"text": text}, auth=AUTH, timeout=30
    )
    response.raise_for_status()
    value, probability = prediction
    annotations = {
        "annotatable": {"parts": []},
        "anncomplete": False,
        "sources": [],
        "metas": {
            label: {"value": value, "confidence": {"state": "pre-added", "who": ["ml:flask"], "prob": probability}}
        },
        "entities": [],
        "relations": [],
    }
    pair = [
        ("file", ("text.plain.html", response.text)),
        ("file", ("text.ann.json", json.dumps(annotations))),
    ]
    params = {**PROJECT, "format": "anndoc", "output": "null"}
    response = requests.post(DOCUMENTS, params=params, files=pair, auth=AUTH, timeout=30)
    response.raise_for_status()
    return str(response.json()["items"][0]["tagtogID"])


if __name__ == "__main__":
    unlabelled += Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()
    app.run(port=int(os.environ.get("PORT", "5000")))

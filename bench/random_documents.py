"""Random documents for the benchmarks of formats: texts that break offsets, with all that a corpus can hold."""

from __future__ import annotations

import random
from typing import Any

from tui_annotate.domain.annotations import Annotations, Entity, LabelContent, LabelScalar, LabelValue, Relation
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.interchange import MASTER, ExchangedDocument, ExchangedVersion
from tui_annotate.domain.scheme import Attribute, Choice, DocumentLabel, EntityType, RelationType, Scheme
from tui_annotate.domain.spans import Span

SCHEME = Scheme(
    (EntityType("DRUG"), EntityType("Diséase-2")),
    (
        DocumentLabel("urgent", "boolean"),
        DocumentLabel("topic", "choice", (Choice("care"), Choice("b, c"))),
        DocumentLabel("tags", "choices", (Choice("x|y"), Choice("n/a"), Choice("z"))),
        DocumentLabel("comment", "text"),
    ),
    (Attribute("status", "text"), Attribute("negated", "boolean")),
    (RelationType("treats"),),
).numbered()

_PIECES = {
    "words": ["aspirin", "eased", "her", "headache", "81", "mg", ",", ".", "(", ")", "naïve", "COVID-19", "don't", "a"],
    "emoji": ["😀", "🩺", "🏳️\u200d🌈", "👩\u200d⚕️", "👨\u200d👩\u200d👧", "🇩🇪", "1️⃣"],
    "combining": ["e\u0301", "n\u0303o", "a\u0323\u0302", "\u0301", "กำ", "नि"],
    "rtl": ["שלום", "مرحبا", "\u202eabc\u202c", "\u200f", "فَتَحَ"],
    "astral": ["𝒳", "𠮷野", "\U0001f9ec", "𐍈", "\U0010ffff"],
    "cjk": ["頭痛", "薬", "アスピリン"],
    "marks": ["<b>", "&amp;", '"q"', "\\n", "|", "\t", "]]>", "#", "- ", "```", "{}", "%", ";", "'"],
    "controls": [
        "\x00",
        "\x01",
        "\x0b",
        "\x0c",
        "\x1b",
        "\x7f",
        "\x85",
        "\xa0",
        "\u2028",
        "\u200b",
        "\ufeff",
        "\ufffe",
    ],
}
_ENDS = ["\n", "\r\n", "\n\n", "\r", "\n\n\n", " \n"]
_KINDS = list(_PIECES)


class Maker:
    """Makes documents from a seed, the same ones each time."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def document(self, number: int) -> ExchangedDocument:
        """Return one document; its number makes its key, so that keys are in order as names of files too."""
        chance = self._random
        count = 1 if chance.random() < 0.6 else chance.randint(2, 4)
        ids = ["s1v1"] if count == 1 and chance.random() < 0.7 else ["s1h1", "s1p1", "s1p2", "s2p1"][:count]
        parts = tuple(Part(id, self.text()) for id in ids)
        key = f"doc-{number:06d}"
        name = chance.choice(["", f"{key}.txt", 'My "note" & <b>.txt'])
        document = Document(key, parts, name, chance.choice(["", "", "in/a"]), chance.choice(["", "en"]))
        versions: list[ExchangedVersion] = []
        if chance.random() < 0.9:
            confirmed = chance.choice([True, False, None])
            versions.append(ExchangedVersion(self._annotations(document), confirmed, chance.choice([MASTER, "anna"])))
            if chance.random() < 0.1:
                versions.append(ExchangedVersion(self._annotations(document), True, "bob"))
        return ExchangedDocument(document, tuple(versions), key)

    def text(self) -> str:
        """Return a text: words with something of everything between, lines that end in any way."""
        chance = self._random
        pieces = [chance.choice(["", "", "\n", "\n\n", "\r\n", " ", "\ufeff"])]
        kinds = chance.sample(_KINDS, chance.randint(1, 4)) + ["words"] * 4
        for _ in range(chance.randint(1, 30)):
            pieces.append(chance.choice(_PIECES[chance.choice(kinds)]))
            pieces.append(chance.choice(_ENDS) if chance.random() < 0.1 else chance.choice([" ", " ", " ", "", "  "]))
        return "".join(pieces) or "x"

    def _annotations(self, document: Document) -> Annotations:
        chance = self._random
        held = Annotations()
        for number in range(1, chance.choice([0, 1, 2, 3, 6]) + 1):
            held.entities[number] = self._entity(document, number)
        for label in SCHEME.labels:
            if chance.random() < 0.4:
                certain = chance.random() < 0.7
                prob = 1.0 if certain else chance.random()
                held.labels[label.name] = LabelValue(label.name, self._value(label), self._who(), prob)
        if len(held.entities) > 1 and chance.random() < 0.4:
            held.relations[1] = Relation("treats", (1, 2), chance.random() < 0.5, number=1)
        return held

    def _entity(self, document: Document, number: int) -> Entity:
        chance = self._random
        part = chance.choice(document.parts)
        length = len(part.text)
        if chance.random() < 0.6:
            start, end = self._word(part.text)
        else:
            start = chance.randrange(length)
            end = chance.randint(start + 1, min(length, start + 12))
        spans: tuple[Span, ...] = (Span(part.id, start, end),)
        if end - start > 3 and chance.random() < 0.1:
            spans = (Span(part.id, start, start + 1), Span(part.id, end - 1, end))
        attributes: dict[str, LabelScalar] = {}
        if chance.random() < 0.2:
            attributes["status"] = chance.choice(["now", "two words", "é|;=\t"])
        if chance.random() < 0.2:
            attributes["negated"] = chance.random() < 0.5
        prob = 1.0 if chance.random() < 0.7 else chance.random()
        type = chance.choice(SCHEME.entities).name
        return Entity(type, spans, self._who(), prob, number, attributes)

    def _word(self, text: str) -> tuple[int, int]:
        """Return where a stretch without white space stands."""
        at = self._random.randrange(len(text))
        while at < len(text) and text[at].isspace():
            at += 1
        if at == len(text):
            return 0, 1
        start = at
        while start and not text[start - 1].isspace():
            start -= 1
        while at < len(text) and not text[at].isspace():
            at += 1
        return start, at

    def _who(self) -> tuple[str, ...]:
        return self._random.choice([(), (), ("user:anna",), ("ml:regex", "user:anna")])

    def _value(self, label: DocumentLabel) -> LabelContent:
        chance = self._random
        options: list[Any] = [option.value for option in label.options]
        if label.kind == "boolean":
            return chance.random() < 0.5
        if label.kind == "choice":
            return str(chance.choice(options))
        if label.kind == "choices":
            return tuple(sorted(chance.sample(options, chance.randint(1, len(options)))))
        return chance.choice(["fine", "two\nlines", '"quoted", |; text'])

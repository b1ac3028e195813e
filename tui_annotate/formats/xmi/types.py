"""UIMA type systems: which features a type has, read from a TypeSystem.xml and written beside our XMI."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tui_annotate.formats.xml_events import text

NER = "de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity"
METADATA = "de.tudarmstadt.ukp.dkpro.core.api.metadata.type.DocumentMetaData"
RELATION = "webanno.custom.Relation"
DOCUMENT_LABEL = "webanno.custom.DocumentLabel"
ROOT = "typeSystemDescription"
_ANNOTATION, _STRING = "uima.tcas.Annotation", "uima.cas.String"
_PLAIN = frozenset(f"uima.cas.{name}" for name in ("String", "Boolean", "Integer", "Long", "Float", "Double", "Short"))
_OURS = "attribute "
"""What the description of a feature begins with whose name had to be changed; the attribute's own name follows."""
_BAD = re.compile(r"[^A-Za-z0-9_]")
_IDENTIFIER = "identifier"
"""DKPro's own feature for the concept that a named entity is: an attribute of that name is written as it."""
_TAKEN = frozenset(("value", "begin", "end", "sofa", "id", "label"))


@dataclass(slots=True)
class Features:
    """What a type adds to its supertype."""

    supertype: str = ""
    ranges: dict[str, str] = field(default_factory=dict)
    """Type of each feature's value."""
    names: dict[str, str] = field(default_factory=dict)
    """Own name of the attribute that a feature of ours is."""


class TypeSystem:
    """Takes in a TypeSystem.xml, or several."""

    def __init__(self) -> None:
        self.types: dict[str, Features] = {}
        self._path: list[str] = []
        self._text: list[str] = []
        self._type: dict[str, str] = {}
        self._feature: dict[str, str] = {}
        self._features: list[dict[str, str]] = []

    def is_plain(self, type: str, feature: str) -> bool | None:
        """Say whether a feature holds a plain value, not a reference; None for one that is not known."""
        found = self._find(type, feature)
        return None if found is None else found.ranges[feature] in _PLAIN

    def name_of(self, type: str, feature: str) -> str:
        """Return the attribute that a feature stands for."""
        found = self._find(type, feature)
        return feature if found is None else found.names.get(feature, feature)

    def _find(self, type: str, feature: str) -> Features | None:
        for _ in range(100):
            known = self.types.get(type)
            if known is None:
                return None
            if feature in known.ranges:
                return known
            type = known.supertype
        return None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        local = tag.rpartition("}")[2]
        self._path.append(local)
        self._text = []
        if local == "typeDescription":
            self._type, self._features = {}, []
        elif local == "featureDescription":
            self._feature = {}

    def data(self, text: str) -> None:
        self._text.append(text)

    def end(self, tag: str) -> None:
        local = self._path.pop()
        inside = self._path[-1] if self._path else ""
        said = "".join(self._text).strip()
        self._text = []
        if inside == "featureDescription":
            self._feature[local] = said
        elif inside == "typeDescription":
            self._type[local] = said
        if local == "featureDescription":
            self._features.append(self._feature)
        elif local == "typeDescription":
            known = self.types.setdefault(self._type.get("name", ""), Features())
            known.supertype = self._type.get("supertypeName", known.supertype)
            for feature in self._features:
                known.ranges[feature.get("name", "")] = feature.get("rangeTypeName", "")
                if feature.get("description", "").startswith(_OURS):
                    known.names[feature.get("name", "")] = feature["description"].removeprefix(_OURS)


class FeatureNames:
    """Gives attributes names that features may have: letters, digits and underscores."""

    def __init__(self) -> None:
        self.by_attribute: dict[str, str] = {}

    def of(self, attribute: str) -> str:
        """Return the feature of an attribute, the same each time."""
        if attribute not in self.by_attribute:
            name = _BAD.sub("_", attribute)
            name = name if name[:1].isalpha() else f"a_{name}"
            taken = _TAKEN.union(self.by_attribute.values())
            number, free = 1, name
            while free in taken:
                number += 1
                free = f"{name}_{number}"
            self.by_attribute[attribute] = free
        return self.by_attribute[attribute]


def written(features: Mapping[str, str]) -> bytes:
    """Return the TypeSystem.xml of our XMI files, with a feature of named entities for each attribute."""
    ours = {name: feature for name, feature in features.items() if feature != _IDENTIFIER}
    attributes = [(feature, _STRING, _OURS + name) for name, feature in ours.items()]
    meta = ("documentTitle", "documentId", "documentUri", "collectionId", "documentBaseUri")
    types = [
        _type(
            METADATA,
            "uima.tcas.DocumentAnnotation",
            [*((name, _STRING, "") for name in meta), ("isLastSegment", "uima.cas.Boolean", "")],
        ),
        _type(NER, _ANNOTATION, [("value", _STRING, ""), (_IDENTIFIER, _STRING, ""), *attributes]),
        _type(
            RELATION,
            _ANNOTATION,
            [("Governor", NER, ""), ("Dependent", NER, ""), ("label", _STRING, ""), ("directed", _STRING, "")],
        ),
        _type(DOCUMENT_LABEL, "uima.cas.AnnotationBase", [("name", _STRING, ""), ("value", _STRING, "")]),
    ]
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<{ROOT} xmlns="http://uima.apache.org/resourceSpecifier">\n<types>\n{"".join(types)}</types>\n</{ROOT}>\n'
    ).encode()


def _type(name: str, supertype: str, features: Iterable[tuple[str, str, str]]) -> str:
    rows = "".join(
        f"<featureDescription><name>{feature}</name><description>{text(about)}</description>"
        f"<rangeTypeName>{range_}</rangeTypeName></featureDescription>\n"
        for feature, range_, about in features
    )
    return (
        f"<typeDescription><name>{name}</name><description/><supertypeName>{supertype}</supertypeName>"
        f"<features>\n{rows}</features></typeDescription>\n"
    )

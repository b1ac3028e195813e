"""Label Studio's and Annotation Lab's labelling configuration as a scheme.

`Labels` are entity types, `Choices` and `TextArea` document labels, or attributes of entities where they are
`perRegion`; `Label`s with `assertion="true"` are the values of the assertion status. What a scheme has no word for
(headers, layout, other tags) stays in the scheme's template, and goes out again as it came.
"""

from __future__ import annotations

import re
from dataclasses import replace

from tui_annotate.domain.scheme import Attribute, Choice, DocumentLabel, EntityType, LabelKind, RelationType
from tui_annotate.errors import SchemeError
from tui_annotate.formats.label_studio import tags
from tui_annotate.formats.schemes import xml as scheme_xml
from tui_annotate.formats.schemes.reading import Reading, did_you_mean, nearest
from tui_annotate.formats.schemes.xml import Node

ASSERTION = "assertion"
"""Name of the assertion status where its labels stand among entity types."""
TRUE_FALSE = ("true", "false")
"""The choices that a boolean is written as."""
_SURE = 0.75
_ENCODING = re.compile(r"<\?xml[^>]*encoding\s*=\s*[\"']([^\"']+)")


def parse(content: bytes, where: str) -> Reading:
    """Read a configuration."""
    reading = Reading(where)
    try:
        root = scheme_xml.parse(content, where)
    except SchemeError as error:
        place, _, reason = error.message.removeprefix(where).lstrip(":").partition(": ")
        reading.refuse(int(place) if place.isdigit() else 0, "", reason or place)
        return reading
    reader = Reader(reading)
    reader.read(root)
    if not reading.faults:
        reading.scheme = replace(reading.scheme, template=_template(content, root))
    return reading


def _template(content: bytes, root: Node) -> str:
    """Return the text to keep: as it came where it is plain UTF-8."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return scheme_xml.write(root)
    said = _ENCODING.match(text)
    return text if said is None or said[1].lower() in ("utf-8", "utf8") else scheme_xml.write(root)


class Reader:
    """Reads one tree into a reading."""

    def __init__(self, reading: Reading) -> None:
        self._to = reading
        self.entities: dict[str, EntityType] = {}
        self.labels: dict[str, DocumentLabel] = {}
        self.attributes: dict[str, Attribute] = {}
        self.relations: dict[str, RelationType] = {}

    def read(self, root: Node) -> None:
        """Read everything below the root."""
        if root.tag != "View":
            self._to.refuse(root.line, root.tag, "a configuration begins with <View>.")
            return
        header = ""
        for node in root.walk():
            self._check(node)
            if node.tag in tags.LABELS:
                self._labels(node)
            elif node.tag == "Choices":
                self._choices(node, header)
            elif node.tag == "TextArea":
                self._text(node, header)
            elif node.tag == "Relations":
                self._relations(node)
            if node.tag not in ("Choice", "Label", "Relation"):
                header = node.get("value").strip() if node.tag == "Header" else ""
        self._to.take(self.entities.values(), self.labels.values(), self.attributes.values(), self.relations.values())

    def _check(self, node: Node) -> None:
        """Say which tags and attributes are not known here, and refuse what looks like a slip."""
        if node.tag not in tags.KNOWN:
            near = nearest(node.tag, tags.ATTRIBUTES, cutoff=_SURE)
            if near:
                self._to.refuse(node.line, f"<{node.tag}>", f"there is no such tag. Did you mean {near!r}?")
            else:
                self._to.note(
                    node.line, f"<{node.tag}>", "is not known here; it is kept, and goes out again as it came"
                )
        elif node.tag in tags.UNUSED:
            self._to.note(
                node.line, f"<{node.tag}>", "is nothing of a text here; it is kept, and goes out again as it came"
            )
        known = tags.ATTRIBUTES.get(node.tag)
        for name in node.attributes if known else ():
            what = " ".join(filter(None, (f"<{node.tag}>", node.get("value") or node.get("name"), name)))
            if known and name not in known:
                near = nearest(name, known, cutoff=_SURE)
                if near:
                    self._to.refuse(node.line, what, f"there is no such attribute. Did you mean {near!r}?")
                else:
                    self._to.note(node.line, what, "is not known here; it is kept")
            elif name in tags.WITHOUT_MEANING and node.get(name) != "false":
                self._to.note(node.line, what, "is kept, and means nothing here")

    # Entity types and the assertion status

    def _labels(self, node: Node) -> None:
        if "value" in node.attributes:
            self._to.note(
                node.line,
                f"<{node.tag}> {node.get('name')}",
                "takes labels from each task; those join when they are met",
            )
        found = [child for child in node.nodes if child.tag == "Label"]
        status = [child for child in found if self._flag(child, "assertion")]
        for child in found:
            name = self._value(child)
            if not name or child in status:
                continue
            if name in self.entities:
                self._to.note(
                    child.line, name, f"stands twice; what is said first counts (line {self._to.line('entity', name)})"
                )
                continue
            self.entities[name] = EntityType(
                name,
                key=child.get("hotkey").strip(),
                color=self._color(child),
                help=child.get("hint"),
                model=self._model(child, node),
            )
            self._places("entity", name, child)
        if status:
            whole = len(status) == len(found) and node.get("name").strip()
            self._status(whole or ASSERTION, node, status)

    def _status(self, name: str, node: Node, found: list[Node]) -> None:
        """Make an attribute of labels that are marked as assertion status."""
        held = self.attributes.get(name)
        options = {option.value: option for option in held.options} if held else {}
        models = {self._model(child, node): child.line for child in found if self._model(child, node)}
        for child in found:
            if value := self._value(child):
                options.setdefault(value, Choice(value, child.get("hotkey").strip(), child.get("hint")))
                self._to.places.setdefault(("attribute", name, f"={value}"), child.line)
        if held and held.model:
            models = {held.model: 0, **models}
        if len(models) > 1:
            line = list(models.values())[1]
            self._to.refuse(
                line, name, f"only one assertion status model may be used in a project, here are {', '.join(models)}."
            )
        if options:
            model = next(iter(models), "")
            self.attributes[name] = Attribute(name, "choice", tuple(options.values()), assertion=True, model=model)
            self._to.places.setdefault(("attribute", name, ""), found[0].line)

    # Document labels and attributes

    def _choices(self, node: Node, header: str) -> None:
        name = self._name(node)
        if not name:
            return
        if "value" in node.attributes:
            self._to.note(node.line, name, "takes its choices from each task; those join when they are met")
            return
        said = node.get("choice") or "single"
        if said not in tags.CHOICE:
            self._to.refuse(node.line, f"{name} choice", f"{said!r} is no kind. {did_you_mean(said, tags.CHOICE)}")
            return
        options = self._options(node, name)
        if not options:
            self._to.refuse(node.line, name, "has no <Choice>.")
            return
        kind: LabelKind = "choices" if tags.CHOICE[said] == "choices" else "choice"
        is_boolean = kind == "choice" and tuple(option.value for option in options) == TRUE_FALSE
        key = options[0].key if is_boolean else ""
        models = [self._model(child, node) for child in [node, *self._found(node)]]
        model = next(filter(None, models), "")
        kept = () if is_boolean else tuple(options)
        if self._flag(node, "perRegion"):
            if kind == "choices":
                self._to.note(
                    node.line, name, "an entity holds one value of an attribute here: it is read as a single choice"
                )
            on = tuple(filter(None, (part.strip() for part in node.get("whenLabelValue").split(","))))
            self._put_attribute(
                Attribute(name, "boolean" if is_boolean else "choice", kept, on=on, help=header, key=key, model=model),
                node,
            )
        else:
            train = self._flag(node, "train")
            self._put_label(
                DocumentLabel(
                    name, "boolean" if is_boolean else kind, kept, key=key, help=header, train=train, model=model
                ),
                node,
            )

    @staticmethod
    def _found(node: Node) -> list[Node]:
        return [child for child in node.nodes if child.tag == "Choice"]

    def _options(self, node: Node, name: str) -> list[Choice]:
        options: dict[str, Choice] = {}
        group = "attribute" if node.get("perRegion") == "true" else "label"
        for child in self._found(node):
            value = self._value(child)
            if value in options:
                self._to.refuse(child.line, f"{name}: {value}", "stands twice. Give each choice a value of its own.")
            elif value:
                options[value] = Choice(value, child.get("hotkey").strip(), child.get("hint"))
                self._to.places[group, name, f"={value}"] = child.line
            for inner in self._found(child):
                self._to.note(
                    inner.line, f"{name}: {inner.get('value')}", "choices inside choices are kept, and not used here"
                )
        return list(options.values())

    def _text(self, node: Node, header: str) -> None:
        name = self._name(node)
        if not name:
            return
        if self._flag(node, "perRegion"):
            on = tuple(filter(None, (part.strip() for part in node.get("whenLabelValue").split(","))))
            self._put_attribute(Attribute(name, "text", on=on, help=header), node)
        else:
            self._put_label(DocumentLabel(name, "text", key=node.get("hotkey").strip(), help=header), node)

    def _relations(self, node: Node) -> None:
        for child in node.nodes:
            name = self._value(child) if child.tag == "Relation" else ""
            if name and name not in self.relations:
                self.relations[name] = RelationType(name, key=child.get("hotkey").strip())
                self._places("relation", name, child)

    def _put_label(self, label: DocumentLabel, node: Node) -> None:
        if label.name in self.labels:
            first = self._to.line("label", label.name)
            self._to.refuse(node.line, label.name, f"stands twice, first on line {first}. Give each a name of its own.")
            return
        self.labels[label.name] = label
        self._places("label", label.name, node)

    def _put_attribute(self, attribute: Attribute, node: Node) -> None:
        if attribute.name in self.attributes:
            self._to.refuse(node.line, attribute.name, "stands twice. Give each a name of its own.")
            return
        self.attributes[attribute.name] = attribute
        self._places("attribute", attribute.name, node)

    # Attributes of tags

    def _places(self, group: str, name: str, node: Node) -> None:
        self._to.places[group, name, ""] = node.line

    def _name(self, node: Node) -> str:
        name = node.get("name")
        if not name.strip():
            self._to.refuse(node.line, f"<{node.tag}>", "has no name.")
        elif name != name.strip():
            self._to.note(node.line, name.strip(), "blanks around a name are left out")
        return name.strip()

    def _value(self, node: Node) -> str:
        value = node.get("value")
        if not value.strip():
            self._to.refuse(node.line, f"<{node.tag}>", "has no value.")
        elif value != value.strip():
            self._to.note(node.line, value.strip(), "blanks around a name are left out")
        return value.strip()

    def _flag(self, node: Node, name: str) -> bool:
        said = node.get(name)
        if said.lower() not in ("", "true", "false"):
            self._to.refuse(node.line, f"<{node.tag}> {name}", f"{said!r} is neither true nor false.")
        return said.lower() == "true"

    def _model(self, node: Node, around: Node) -> str:
        return (node.get("model") or around.get("model")).strip()

    def _color(self, node: Node) -> str:
        said = node.get("background")
        if not said.strip():
            return ""
        color = tags.color_of(said)
        if color is None:
            self._to.note(
                node.line, node.get("value"), f"background {said!r} is no colour known here; it has one of ours"
            )
        return color or ""

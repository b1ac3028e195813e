"""A scheme as Label Studio's configuration: the one it came from where it came from one, brought up to date."""

from __future__ import annotations

from collections.abc import Iterable

from tui_annotate.domain.scheme import Attribute, Choice, DocumentLabel, EntityType, RelationType, Scheme
from tui_annotate.formats.label_studio import tags
from tui_annotate.formats.schemes import label_studio as reading
from tui_annotate.formats.schemes import xml as scheme_xml
from tui_annotate.formats.schemes.xml import Comment, Node

Field = DocumentLabel | Attribute


def write(scheme: Scheme) -> str:
    """Return the configuration; where the scheme came from one and says the same still, that one, to the byte."""
    if scheme.template.lstrip("\ufeff \t\r\n").startswith("<"):
        content = scheme.template.encode("utf-8")
        before = reading.parse(content, "template").scheme
        if _fresh(before) == _fresh(scheme):
            return scheme.template
        root = scheme_xml.parse(content, "template")
        _Updating(scheme).update(root)
        return scheme_xml.write(root)
    return _fresh(scheme)


def _fresh(scheme: Scheme) -> str:
    names = {label.name for label in scheme.labels} | {attribute.name for attribute in scheme.attributes}
    text = _unused("text", names)
    root = Node("View", {}, [Node("Text", {"name": text, "value": "$text"})])
    for node in _nodes(scheme, text, _unused("label", names)):
        root.children.append(node)
    _indent(root, "\n")
    return scheme_xml.write(root)


def _nodes(scheme: Scheme, text: str, label: str) -> Iterable[Node]:
    """Yield an element for each kind of label, in the order that people read."""
    if scheme.entities:
        yield Node("Labels", {"name": label, "toName": text}, [_entity(type) for type in scheme.entities])
    for attribute in scheme.attributes:
        yield from _field(attribute, text)
    if scheme.relations:
        yield Node("Relations", {}, [_relation(relation) for relation in scheme.relations])
    for one in scheme.labels:
        yield from _field(one, text)


def _field(field: Field, text: str) -> Iterable[Node]:
    if isinstance(field, Attribute) and field.assertion and field.kind == "choice":
        found: list[Node | Comment | str] = [_status(field, option) for option in field.options]
        yield Node("Labels", {"name": field.name, "toName": text}, found)
        return
    if field.help:
        yield Node("Header", {"value": field.help})
    tag = "TextArea" if field.kind == "text" else "Choices"
    node = Node(tag, {"name": field.name, "toName": text})
    if tag == "Choices":
        node.attributes["choice"] = "multiple" if field.kind == "choices" else "single"
    _set_field(node, field)
    node.children.extend(_option(option) for option in _options(field))
    yield node


def _set_field(node: Node, field: Field) -> None:
    """Put what a field says on its element; what the element says besides stays."""
    if node.tag == "Choices":
        wanted = "multiple" if field.kind == "choices" else "single"
        if tags.CHOICE.get(node.get("choice") or "single") != tags.CHOICE[wanted]:
            node.attributes["choice"] = wanted
        held = [child.get("model") for child in node.nodes]
        if field.model != next(filter(None, [node.get("model"), *held]), ""):
            _set(node, "model", field.model)
    else:
        _set(node, "hotkey", field.key)
    if isinstance(field, Attribute):
        node.attributes["perRegion"] = "true"
        if ",".join(field.on) != ",".join(part.strip() for part in node.get("whenLabelValue").split(",")):
            _set(node, "whenLabelValue", ",".join(field.on))
    elif field.train != (node.get("train").lower() == "true"):
        _set(node, "train", "true" if field.train else "")


def _options(field: Field) -> tuple[Choice, ...]:
    if field.kind == "boolean":
        return Choice("true", field.key), Choice("false")
    return field.options if field.kind != "text" else ()


def _entity(type: EntityType) -> Node:
    node = Node("Label", {"value": type.name})
    _set_entity(node, type, "")
    return node


def _set_entity(node: Node, type: EntityType, around: str) -> None:
    _set(node, "hotkey", type.key)
    if tags.color_of(node.get("background")) != (type.color or None):
        _set(node, "background", tags.web_color(type.color))
    if type.model != (node.get("model") or around):
        _set(node, "model", type.model)
    _set(node, "hint", type.help)


def _status(attribute: Attribute, option: Choice) -> Node:
    node = Node("Label", {"value": option.value, "assertion": "true"})
    _set(node, "hotkey", option.key)
    _set(node, "model", attribute.model)
    _set(node, "hint", option.help)
    return node


def _option(option: Choice) -> Node:
    node = Node("Choice", {"value": option.value})
    _set(node, "hotkey", option.key)
    _set(node, "hint", option.help)
    return node


def _relation(relation: RelationType) -> Node:
    node = Node("Relation", {"value": relation.name})
    _set(node, "hotkey", relation.key)
    return node


def _set(node: Node, name: str, value: str) -> None:
    """Set an attribute, or take it off; one that says the same stays as it is written."""
    if not value:
        node.attributes.pop(name, None)
    elif node.get(name).strip() != value:
        node.attributes[name] = value


def _unused(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    return name


def _indent(node: Node, line: str) -> None:
    """Put each element on a line of its own."""
    if not node.nodes:
        return
    children: list[Node | Comment | str] = []
    for child in node.nodes:
        _indent(child, line + "  ")
        children += [line + "  ", child]
    node.children = [*children, line]


class _Updating:
    """Brings a configuration up to date with a scheme, touching only what the scheme says otherwise."""

    def __init__(self, scheme: Scheme) -> None:
        self._scheme = scheme
        self._entities = {type.name: type for type in scheme.entities}
        self._relations = {relation.name: relation for relation in scheme.relations}
        self._labels = {label.name: label for label in scheme.labels}
        self._attributes = {attribute.name: attribute for attribute in scheme.attributes}

    def update(self, root: Node) -> None:
        """Change the tree in place."""
        around = {id(child): parent for parent in root.walk() for child in parent.nodes}
        nodes = list(root.walk())
        text = next((n.get("name") for n in nodes if n.tag in ("Text", "HyperText", "Paragraphs")), "text")
        first: Node | None = None
        for node in nodes:
            if node.tag in tags.LABELS:
                self._update_labels(node)
                first = first or (node if any(c.get("assertion") != "true" for c in node.nodes) else None)
            elif node.tag == "Relations":
                self._sync(node, "Relation", list(self._relations.values()), [])
            elif node.tag in ("Choices", "TextArea") and "value" not in node.attributes:
                self._update_field(node, around.get(id(node)))
        self._add(root, text, first)

    def _update_labels(self, node: Node) -> None:
        for child in list(node.nodes):
            if child.tag != "Label":
                continue
            value = child.get("value").strip()
            if child.get("assertion").lower() == "true":
                self._update_status(node, child, value)
            elif value in self._entities:
                _set_entity(child, self._entities.pop(value), node.get("model"))
            elif not any(type.name == value for type in self._scheme.entities):
                _remove(node, child)

    def _update_status(self, node: Node, child: Node, value: str) -> None:
        names = (node.get("name").strip(), reading.ASSERTION)
        held = next((a for a in self._scheme.attributes if a.name in names and a.assertion), None)
        option = next((o for o in held.options if o.value == value), None) if held is not None else None
        if held is None or option is None:
            _remove(node, child)
            return
        left = self._attributes.pop(held.name, None)
        _set(child, "hotkey", option.key)
        if held.model != (child.get("model") or node.get("model")):
            _set(child, "model", held.model)
        if left is not None:
            known = {other.get("value").strip() for other in node.nodes}
            for missing in [o for o in held.options if o.value not in known]:
                _append(node, _status(held, missing))

    def _update_field(self, node: Node, parent: Node | None) -> None:
        held: dict[str, DocumentLabel] | dict[str, Attribute] = (
            self._attributes if node.get("perRegion").lower() == "true" else self._labels
        )
        field = held.get(node.get("name").strip())
        if field is None or (field.kind == "text") != (node.tag == "TextArea"):
            if parent is not None:
                _remove(parent, node)
            return
        held.pop(field.name)
        _set_field(node, field)
        if parent is not None:
            _set_header(parent, node, field.help)
        if node.tag == "Choices":
            self._sync(node, "Choice", [], list(_options(field)))

    def _sync(self, node: Node, tag: str, relations: list[RelationType], options: list[Choice]) -> None:
        """Let an element hold just these relations or options."""
        wanted = {r.name: _relation(r) for r in relations} | {o.value: _option(o) for o in options}
        for child in [child for child in node.nodes if child.tag == tag]:
            new = wanted.pop(child.get("value").strip(), None)
            if new is None:
                _remove(node, child)
                continue
            _set(child, "hotkey", new.get("hotkey"))
            _set(child, "hint", new.get("hint"))
        for new in wanted.values():
            _append(node, new)
        self._relations.clear() if tag == "Relation" else None

    def _add(self, root: Node, text: str, labels: Node | None) -> None:
        """Add what the tree lacks."""
        if labels is not None:
            for type in self._entities.values():
                _append(labels, _entity(type))
            self._entities.clear()
        rest = Scheme(
            tuple(self._entities.values()),
            tuple(self._labels.values()),
            tuple(self._attributes.values()),
            tuple(self._relations.values()),
        )
        names = {node.get("name") for node in root.walk()}
        for node in _nodes(rest, text, _unused("label", names)):
            _append(root, node)


def _remove(parent: Node, node: Node) -> None:
    """Take an element out, with the blanks before it and the header that stands right above it."""
    above = _header(parent, node)
    for gone in filter(None, (above, node)):
        at = parent.children.index(gone)
        start = at - 1 if at and _is_blank(parent.children[at - 1]) else at
        del parent.children[start : at + 1]


def _header(parent: Node, node: Node) -> Node | None:
    """Return the header right above a document label, which is its help."""
    nodes = parent.nodes
    at = nodes.index(node)
    above = nodes[at - 1] if at else None
    return above if above is not None and above.tag == "Header" and node.tag in ("Choices", "TextArea") else None


def _set_header(parent: Node, node: Node, help: str) -> None:
    above = _header(parent, node)
    if above is not None and help:
        _set(above, "value", help)
    elif above is not None:
        above.attributes["value"] = ""
    elif help:
        at = parent.children.index(node)
        before = parent.children[at - 1] if at else "\n"
        parent.children[at:at] = [Node("Header", {"value": help}), before if isinstance(before, str) else "\n"]


def _append(parent: Node, node: Node) -> None:
    """Add an element at the end, as the others are indented."""
    before = next((c for c in parent.children if isinstance(c, str) and "\n" in c), "\n  ")
    line = "\n" + before.rpartition("\n")[2]
    _indent(node, line)
    end = len(parent.children)
    while end and _is_blank(parent.children[end - 1]):
        end -= 1
    parent.children[end:end] = [line, node]
    if end + 2 == len(parent.children):
        parent.children.append(line[:-2] or "\n")


def _is_blank(child: Node | Comment | str) -> bool:
    return isinstance(child, str) and not child.strip()

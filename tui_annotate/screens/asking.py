"""What is asked of the annotator in pickers and prompts: types, labels, values, documents."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tui_annotate.domain.documents import DocumentState
from tui_annotate.domain.scheme import Choice as Option
from tui_annotate.domain.scheme import DocumentLabel
from tui_annotate.domain.selection import Review
from tui_annotate.errors import DecisionError
from tui_annotate.keymaps.names import display_key
from tui_annotate.screens.picker import Choice, Picker, matching
from tui_annotate.screens.prompt import Prompt
from tui_annotate.screens.stage import Stage
from tui_annotate.screens.status import value_word
from tui_annotate.session.review import Act
from tui_annotate.store import documents
from tui_annotate.store.connection import Corpus

STATES = {
    DocumentState.PENDING: "to do",
    DocumentState.IN_PROGRESS: "in progress",
    DocumentState.SKIPPED: "skipped",
    DocumentState.CONFIRMED: "confirmed",
}

REVIEWS = {
    Review.NONE: "",
    Review.ACCEPTED: "accepted",
    Review.REJECTED: "rejected",
    Review.TO_CORRECT: "to correct",
}


class Asking:
    """Asks, and does what was answered."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def type(self, title: str, act: Callable[[str], Act]) -> None:
        """Ask for an entity type and act with it; a name that is not known yet is created first."""
        stage = self._stage
        keys = {h.name: display_key(h.keys[0]) for h in stage.keymap.hotkeys if h.target == "entity" and h.keys}
        types = [Choice(e.name, e.name, keys.get(e.name, "")) for e in stage.reviewing.session.scheme.entities]

        def picked(answer: Choice[str] | str) -> None:
            if isinstance(answer, str):
                stage.write(lambda: self._create_and(answer, act))
            else:
                name = answer.value
                stage.write(lambda: stage.reviewing.decide(lambda: act(name)))

        stage.ask(Picker(title, lambda query: matching(query, types), create=_new_type), picked)

    async def _create_and(self, name: str, act: Callable[[str], Act]) -> None:
        reviewing = self._stage.reviewing
        name = await reviewing.create_type(name)
        await reviewing.decide(lambda: act(name))
        keys = next((h.keys for h in self._stage.keymap.hotkeys if h.target == "entity" and h.name == name), ())
        self._stage.tell(f"new type {name}" + (f", on the key {display_key(keys[0])}" if keys else ""))

    def label(self) -> None:
        """Ask for a document label, then for its value."""
        scheme = self._stage.reviewing.session.scheme
        if not scheme.labels:
            raise DecisionError("There are no document labels.", hint="`new document label` in the commands adds one.")
        if len(scheme.labels) == 1:
            self.value(scheme.labels[0])
            return
        choices = [Choice(label, label.name, label.kind) for label in scheme.labels]
        self._stage.ask(Picker("document label", lambda query: matching(query, choices)), self._label_picked)

    def _label_picked(self, answer: Choice[DocumentLabel] | str) -> None:
        if isinstance(answer, Choice):
            self.value(answer.value)

    def value(self, label: DocumentLabel) -> None:
        """Ask for the value of a document label."""
        stage = self._stage
        session = stage.reviewing.session
        if label.kind == "text":
            held = session.document.labels.get(label.name)
            before = str(held.value) if held is not None else ""

            def given(text: str) -> None:
                if text is not None:
                    stage.write(lambda: stage.reviewing.decide(lambda: session.set_label(label.name, text or None)))

            stage.ask(Prompt(label.name, value=before, hint="Empty unsets it."), given)
            return
        choices = [Choice(value, value_word(value)) for value in label.values]

        def picked(answer: Choice[bool | int | float | str | tuple[str, ...]] | str) -> None:
            if isinstance(answer, Choice) and isinstance(answer.value, (bool, str)):
                value = answer.value
                stage.write(lambda: stage.reviewing.decide(lambda: session.toggle_label(label.name, value)))

        stage.ask(Picker(label.name, lambda query: matching(query, choices)), picked)

    def attribute(self, name: str = "") -> None:
        """Ask for a value of an attribute, of one or of all that the focused entity takes."""
        stage = self._stage
        session = stage.reviewing.session
        item = session.focused
        if item is None or not item.spans:
            raise DecisionError("No entity is focused.", hint="Attributes belong to entities: move to one.")
        type = item.of.type if item.of is not None else item.name
        taken = [a for a in session.scheme.attributes if a.is_on(type) and name in ("", a.name)]
        if not taken:
            raise DecisionError(f"A {type} takes no attributes.", hint="A scheme file gives it some: `[[attribute]]`.")
        choices = [
            Choice((a.name, value), f"{a.name} = {value_word(value)}" if value is not None else f"{a.name} …")
            for a in taken
            for value in (a.values if a.kind != "text" else (None,))
        ]

        def picked(answer: Choice[tuple[str, bool | str | None]] | str) -> None:
            if isinstance(answer, Choice):
                picked_name, value = answer.value
                if value is None:
                    self._attribute_text(picked_name)
                else:
                    stage.write(lambda: stage.reviewing.decide(lambda: session.toggle_attribute(picked_name, value)))

        stage.ask(Picker("attribute", lambda query: matching(query, choices)), picked)

    def _attribute_text(self, name: str) -> None:
        stage = self._stage
        session = stage.reviewing.session

        def given(text: str) -> None:
            if text is not None:
                stage.write(lambda: stage.reviewing.decide(lambda: session.set_attribute(name, text or None)))

        stage.ask(Prompt(name, hint="Empty unsets it."), given)

    def new_label(self) -> None:
        """Ask for a new document label: its name, then what it takes."""

        def named(name: str) -> None:
            name = " ".join(name.split())
            if self._stage.reviewing.session.scheme.label(name) is not None:
                self._stage.tell(f"There is a document label {name} already.", warning=True)
            elif name:
                kinds = [
                    Choice("boolean", "yes or no"),
                    Choice("choice", "one of several values"),
                    Choice("choices", "any of several values"),
                    Choice("text", "free text"),
                ]
                question = Picker(f"{name}: what does it take?", lambda query: matching(query, kinds))
                self._stage.ask(question, lambda answer: self._kind_picked(name, answer))

        self._stage.ask(Prompt("name of the new document label"), named)

    def _kind_picked(self, name: str, answer: Choice[str] | str) -> None:
        if not isinstance(answer, Choice):
            return
        stage = self._stage
        if answer.value == "boolean":
            stage.write(lambda: self._create_label(DocumentLabel(name, "boolean")))
        elif answer.value == "text":
            stage.write(lambda: self._create_label(DocumentLabel(name, "text")))
        else:
            many = answer.value == "choices"

            def given(text: str) -> None:
                values = list(dict.fromkeys(v.strip() for v in text.split(",") if v.strip()))
                if values:
                    options = tuple(Option(value) for value in values)
                    label = DocumentLabel(name, "choices" if many else "choice", options)
                    stage.write(lambda: self._create_label(label))

            stage.ask(Prompt(f"values of {name}", hint="Put commas between them: red, green, blue"), given)

    async def _create_label(self, label: DocumentLabel) -> None:
        await self._stage.reviewing.create_label(label)
        keys = [
            h.keys[0] for h in self._stage.keymap.hotkeys if h.target == "label" and h.name == label.name and h.keys
        ]
        on = f", on the key{'s' if len(keys) > 1 else ''} {', '.join(map(display_key, keys))}" if keys else ""
        self._stage.tell(f"new document label {label.name}{on}")

    def new_type(self) -> None:
        """Ask for the name of a new entity type."""
        stage = self._stage

        async def create(name: str) -> None:
            stage.tell(f"new type {await stage.reviewing.create_type(name)}")

        def named(name: str) -> None:
            if name.strip():
                stage.write(lambda: create(name))

        stage.ask(Prompt("name of the new entity type"), named)

    def document(self) -> None:
        """Ask for a document by name, id or number."""
        stage = self._stage

        async def search(query: str) -> Sequence[Choice[int]]:
            return await stage.reviewing.corpus(lambda corpus: _documents(corpus, query.strip()))

        def picked(answer: Choice[int] | str) -> None:
            if isinstance(answer, Choice):
                document = answer.value
                stage.later(lambda: stage.reviewing.open(document))

        stage.ask(Picker("go to document: name, id or number", search), picked)


def _documents(corpus: Corpus, query: str) -> list[Choice[int]]:
    """Return documents by number or id first, then those whose name or text fits."""
    found = documents.page(corpus, text=query, limit=20)
    first = []
    exact = documents.find(corpus, query) if query else None
    if exact is not None:
        first.append(documents.row(corpus, exact))
    if query.isdecimal() and len(query) < 10 and int(query) > 0:
        first += documents.page(corpus, offset=int(query) - 1, limit=1)
    rows = {row.id: row for row in (*first, *found)}
    return [Choice(r.id, r.name or r.key, f"{r.folder} {STATES[r.state]}".strip()) for r in rows.values()]


def _new_type(query: str) -> str:
    return f"create the type {' '.join(query.split())}"

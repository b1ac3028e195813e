"""Schemes of other tools: what a format can hold comes back, the rest is named, and nothing hostile gets through."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_annotate.domain.scheme import Attribute, Choice, DocumentLabel, EntityType, RelationType, Scheme
from tui_annotate.errors import SchemeError, UsageError
from tui_annotate.formats.schemes import formats as schemes
from tui_annotate.formats.schemes.reading import lost

SMOKING = (Path(__file__).parent / "schemes" / "smoking.xml").read_bytes()
"""The sample configuration of Annotation Lab's documentation, as it is printed there."""
NAMES = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8).map(
    lambda name: name.replace("￾", "x").replace("￿", "y").strip()
)
UNIQUE = st.lists(NAMES.filter(bool), min_size=6, max_size=6, unique=True)
WORDS = NAMES
FULL = Scheme(
    (EntityType("DRUG", key="d", color="red", help="a drug", model="ner_x"), EntityType("DISEASE", overlapping=True)),
    (
        DocumentLabel("urgent", "boolean", key="u", threshold=0.3),
        DocumentLabel("smoker", "choice", (Choice("never", "n", "not once"), Choice("past")), train=True),
        DocumentLabel("topics", "choices", (Choice("a"), Choice("b"))),
        DocumentLabel("note", "text", help="Anything else"),
    ),
    (
        Attribute("status", "choice", (Choice("Absent"), Choice("Past")), assertion=True, model="assertion_x"),
        Attribute("certain", "boolean", on=("DRUG",)),
    ),
    (RelationType("treats", ("DRUG", "DISEASE"), True),),
    "Mark all.",
)


def again(scheme: Scheme, format: str) -> Scheme:
    text, _ = schemes.write(scheme, format)
    return replace(schemes.parse(text.encode(), "f", format=format).checked(), template="")


def bare(scheme: Scheme) -> Scheme:
    """A scheme without ids."""
    return replace(
        scheme,
        entities=tuple(replace(one, id="") for one in scheme.entities),
        labels=tuple(replace(one, id="") for one in scheme.labels),
        attributes=tuple(replace(one, id="") for one in scheme.attributes),
        relations=tuple(replace(one, id="") for one in scheme.relations),
        template="",
    )


# Round trips


@given(names=UNIQUE, word=WORDS, flag=st.booleans(), key=st.sampled_from("abc1"))
def test_label_studio_holds_all_but_what_it_names(names: list[str], word: str, flag: bool, key: str) -> None:
    one, two, three, four, five, six = names
    options = (Choice(one, key, word), Choice(two))
    scheme = Scheme(
        (EntityType(one, key=key, color="#12ab34", help=word, model=two), EntityType(two)),
        (
            DocumentLabel(one, "choice", options, help=word, train=flag, model="m"),
            DocumentLabel(two, "choices", options),
            DocumentLabel(three, "text", key=key),
            DocumentLabel(four, "boolean", key=key),
        ),
        (
            Attribute(five, "choice", options, assertion=flag, model="m"),
            Attribute(six, "boolean", on=("DRUG",)),
        ),
        (RelationType(three, key=key),),
    )
    text, left = schemes.write(scheme, "label-studio")
    # Names that would be told apart by commas are left to what is said to be lost.
    assert left == []
    assert bare(again(scheme, "label-studio")) == scheme
    read = schemes.parse(text.encode(), "f.xml").checked()
    assert schemes.write(read, "label-studio")[0] == text


@given(names=UNIQUE.filter(lambda names: not any(set(name) & set(",/()|") for name in names)), word=WORDS)
def test_tagtog_holds_names_kinds_options_ends_and_ids(names: list[str], word: str) -> None:
    one, two, three, four, five, six = names
    options = (Choice(one), Choice(two))
    scheme = Scheme(
        (EntityType(one, color="#12ab34", help=word), EntityType(two, color="#000000")),
        (
            DocumentLabel(one, "choice", options),
            DocumentLabel(two, "choices", options, help=word),
            DocumentLabel(three, "text", help=word),
            DocumentLabel(four, "boolean", help=word),
        ),
        (Attribute(five, "choice", options, on=(one,)), Attribute(six, "boolean")),
        (RelationType(three, (one, two), True), RelationType(four)),
    ).numbered()
    assert again(scheme, "tagtog") == scheme


@given(names=UNIQUE)
def test_lists_hold_names(names: list[str]) -> None:
    scheme = Scheme(tuple(EntityType(name, color="#12ab34", key="a") for name in names))
    assert bare(again(scheme, "doccano")) == scheme
    options = DocumentLabel("label", "choices", tuple(map(Choice, names)))
    text, left = schemes.write(Scheme(labels=(options,)), "doccano")
    assert not left
    assert schemes.parse(text.encode(), "f.json", list_as="choices").checked().labels == (options,)


@given(names=UNIQUE.filter(lambda names: not any(set(name) & set(",#-'\"\x85\u2028\u2029") for name in names)))
def test_a_list_of_prodigy_holds_names(names: list[str]) -> None:
    scheme = Scheme(tuple(map(EntityType, names)))
    for text in (schemes.write(scheme, "prodigy")[0], ",".join(names), f"--label {','.join(names)}"):
        assert schemes.parse(text.encode(), "labels.txt").checked() == scheme


def test_what_a_format_lacks_room_for_is_named() -> None:
    assert schemes.write(FULL, "toml")[1] == []
    assert schemes.write(FULL, "label-studio")[1] == [
        "overlapping of entity type DISEASE",
        "threshold of document label urgent",
        "ends of relation type treats",
        "direction of relation type treats",
        "guidelines",
    ]
    assert "document label urgent, smoker, topics, note" in schemes.write(FULL, "doccano")[1]
    for name in schemes.FORMATS:
        text, left = schemes.write(FULL, name)
        assert schemes.sniff(text.encode(), "x") == name
        back = schemes.parse(text.encode(), "x").checked()
        assert lost(bare(FULL), bare(back)) == left


# Annotation Lab's sample


def test_the_sample_loads_as_is_and_is_written_back_to_the_byte() -> None:
    reading = schemes.parse(SMOKING, "config.xml")
    assert not reading.problems
    assert [(m.name, m.kind, len(m.options), m.help) for m in reading.scheme.labels] == [
        ("smokingstatus", "choices", 3, "Smoking Status"),
        ("age", "choice", 3, "Age"),
        ("gender", "choice", 2, "Gender"),
    ]
    assert [o.key for m in reading.scheme.labels for o in m.options] == ["", "", "", "c", "a", "o", "f", "m"]
    assert schemes.write(reading.scheme.numbered(), "label-studio")[0].encode() == SMOKING


def test_only_what_changed_of_a_configuration_changes() -> None:
    scheme = schemes.parse(SMOKING, "config.xml").scheme
    smoking, age, gender = scheme.labels
    changed = replace(scheme, labels=(replace(smoking, options=smoking.options[:2]), replace(gender, train=True)))
    text, _ = schemes.write(changed, "label-studio")
    lines = SMOKING.decode().splitlines()
    wanted = [line for line in lines if "Nonsmoker" not in line]
    at = next(n for n, line in enumerate(wanted) if '"Age"' in line)
    del wanted[at : at + 2 + len(age.options) + 1]
    assert text.splitlines() == [
        line.replace('showInLine="true">', 'showInLine="true" train="true">') if 'name="gender"' in line else line
        for line in wanted
    ]
    more = replace(scheme, entities=(EntityType("DRUG"),), labels=(*scheme.labels, DocumentLabel("note", "text")))
    added, _ = schemes.write(more, "label-studio")
    assert all(line in added.splitlines() for line in lines)
    assert bare(schemes.parse(added.encode(), "x").scheme) == bare(more)


def test_what_a_scheme_has_no_word_for_goes_out_again() -> None:
    config = """<View className="a">
  <!-- kept -->
  <Style>.x { color: red; }</Style>
  <Labels name="l" toName="t">
    <Label value="A" alias="a" background="orange"/><Label value="B" assertion="true"/></Labels>
  <Rating name="stars" toName="t"/>
  <Text name="t" value="$text" granularity="word"/>
</View>
"""
    reading = schemes.parse(config.encode(), "c.xml")
    scheme = reading.checked()
    assert [p.reason.split(" ")[0] for p in reading.notes] == ["is", "is"]
    assert scheme.entities == (EntityType("A", color="#ffa500"),)
    assert scheme.attributes == (Attribute("assertion", "choice", (Choice("B"),), assertion=True),)
    assert schemes.write(scheme, "label-studio")[0] == config
    renamed, _ = schemes.write(replace(scheme, entities=(EntityType("C"),)), "label-studio")
    for kept in (
        "<!-- kept -->",
        ".x { color: red; }",
        "<Rating",
        'granularity="word"',
        'value="C"',
        'assertion="true"',
    ):
        assert kept in renamed
    assert 'value="A"' not in renamed


def test_tagtogs_published_settings_load_and_keep_what_is_theirs() -> None:
    settings = {
        "newSettings": {
            "version": "1.6",
            "language": "English",
            "folders": {"pool": {"name": "pool", "index": 0, "children": {}}},
            "webhooks": {"w": {"password": "secret"}},
            "metas": {"m_2": {"id": "m_2", "name": "Type", "oldnames": [], "description": "A,B,C", "type": "enum"}},
            "fields": {},
            "relations": {},
            "entities": {
                "e_1": {
                    "id": "e_1",
                    "name": "risk",
                    "oldnames": ["hazard"],
                    "description": "Risk assessment",
                    "color": "#28c72d",
                    "fields": {},
                    "normalizations": {"n_9": {"name": "go"}},
                }
            },
        },
        "mapNewIds": {},
    }
    scheme = schemes.parse(json.dumps(settings).encode(), "tagtog_me_project.json").checked()
    assert scheme.entities == (EntityType("risk", "e_1", color="#28c72d", help="Risk assessment"),)
    assert scheme.labels == (DocumentLabel("Type", "choice", tuple(map(Choice, "ABC")), id="m_2"),)
    written = json.loads(schemes.write(scheme, "tagtog")[0])
    assert "secret" not in scheme.template + str(written)
    for key in ("version", "language", "folders", "metas", "entities", "relations"):
        assert written[key] == settings["newSettings"][key]


# Mistakes, each with its line


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<View>\n<Choises name='x'/></View>", "f.xml:2: <Choises>: there is no such tag. Did you mean 'Choices'?"),
        ("<View>\n<Labels name='l'><Label value='A' hotky='a'/></Labels></View>", "Did you mean 'hotkey'?"),
        ("<View><Choices name='c' choice='multipel'><Choice value='a'/></Choices></View>", "Did you mean 'multiple'?"),
        ("<View><Choices name='c' train='yes'><Choice value='a'/></Choices></View>", "neither true nor false"),
        (
            "<View>\n<Choices name='c'><Choice value='a'/>\n<Choice value='a'/></Choices></View>",
            "f.xml:3: c: a: stands",
        ),
        ("<View><Choices name='c'/></View>", "has no <Choice>"),
        ("<View><Choices><Choice value='a'/></Choices></View>", "has no name"),
        ("<View><Labels name='l'>\n<Label value=' '/></Labels></View>", "f.xml:2: <Label>: has no value"),
        (
            "<View><Labels name='l'><Label value='a' assertion='true' model='x'/>\n"
            "<Label value='b' assertion='true' model='y'/></Labels></View>",
            "f.xml:2: l: only one assertion status model",
        ),
        ("<Root/>", "f.xml:1: Root: a configuration begins with <View>"),
        ("<View>\n<Labels></View>", "f.xml:2: is no XML: mismatched tag"),
        ("<!DOCTYPE v [<!ENTITY a 'b'>]>\n<View>&a;</View>", "f.xml:1: a DOCTYPE or entities are refused"),
        ("<!DOCTYPE v SYSTEM 'file:///etc/passwd'><View/>", "a DOCTYPE or entities are refused"),
        ("<View>&unknown;</View>", "is no XML: undefined entity"),
        ("<View>\x00</View>", "is no XML"),
        ("", "is no XML: no element found"),
        ("<View>" * 200 + "</View>" * 200, "nested deeper than 100"),
        ("<View>" * 200_000, "nested deeper than 100"),
    ],
)
def test_a_mistake_in_a_configuration_is_named_with_its_line(text: str, said: str) -> None:
    with pytest.raises(SchemeError) as caught:
        schemes.parse(text.encode(), "f.xml").checked()
    assert said in str(caught.value)


def test_all_mistakes_of_a_file_are_named_at_once() -> None:
    text = '[[entity]]\nname = "A"\ncolour = "x"\n[[label]]\nname = "b"\nkind = "choise"\n[[entity]]\nkey = "a"\n'
    assert [problem.where for problem in schemes.parse(text.encode(), "s.toml").faults] == [
        "s.toml:3",
        "s.toml:7",
        "s.toml:6",
    ]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.json", b"[1, 2]", "[0]: must be an object with a `text`"),
        ("a.json", b"[]", "names no labels"),
        ("a.json", b"{", "is no legend"),
        ("a.json", b'{"entities": {"e_1": 3}}', "entities.e_1: must be an object"),
        ("a.json", b'{"entities": {"x": {}}}', "an id here is e_ and a number"),
        ("a.json", b'{"metas": {"m_1": {"name": "t", "type": "enumm"}}}', "Did you mean 'enum'?"),
        ("a.json", b"[" * 100_000, ""),
        ("a.txt", b"a\x00b", "zero bytes"),
        ("a.txt", b" \n\n# only a comment\n", "names no labels"),
        ("a.toml", b'[[entity]]\nname = "\xff"', "a.toml:2: is not UTF-8"),
        ("a.toml", "guidelines = 'x'\n".encode("utf-16"), "is not UTF-8"),
        ("a.toml", b"a = " + b"[" * 5_000, "is no TOML"),
    ],
)
def test_a_mistake_in_another_file_is_named(name: str, content: bytes, said: str) -> None:
    with pytest.raises(SchemeError) as caught:
        schemes.parse(content, name).checked()
    assert said in str(caught.value)


def test_other_encodings_of_a_configuration_are_read() -> None:
    text = SMOKING.decode().replace("Smoker", "Rauchér")
    for encoding in ("utf-16", "utf-8-sig"):
        scheme = schemes.parse(text.encode(encoding), "c.xml").checked()
        assert scheme.labels[0].options[0].value == "Rauchér"
        assert bare(schemes.parse(schemes.write(scheme, "label-studio")[0].encode(), "x").checked()) == bare(scheme)
    latin = f'<?xml version="1.0" encoding="iso-8859-1"?>\n{text}'.encode("latin-1")
    assert schemes.parse(latin, "c.xml").checked().labels[0].options[0].value == "Rauchér"


def test_ten_thousand_labels_are_read_and_written() -> None:
    scheme = Scheme(tuple(EntityType(f"T{n}") for n in range(10_000)))
    for name in ("label-studio", "doccano", "prodigy"):
        assert len(again(scheme, name).entities) == 10_000


def test_doubles_of_a_list_are_left_out_and_said() -> None:
    reading = schemes.parse(b"A\nB\nA\n", "labels.txt")
    assert [type.name for type in reading.scheme.entities] == ["A", "B"]
    assert str(reading.notes[0]) == "labels.txt:3: A: stands twice, first on line 1 (noted)"


def test_the_keys_of_old_and_new_doccano_are_read() -> None:
    rows = [
        {
            "id": 1,
            "text": "PER",
            "prefix_key": None,
            "suffix_key": "p",
            "background_color": "#FF0000",
            "text_color": "#fff",
        },
        {"text": "ORG", "suffixKey": "o", "prefixKey": "ctrl", "backgroundColor": "#00f"},
        "LOC",
    ]
    reading = schemes.parse(msgspec.json.encode(rows), "label_config.json")
    assert reading.scheme.entities == (
        EntityType("PER", key="p", color="#ff0000"),
        EntityType("ORG", key="o", color="#0000ff"),
        EntityType("LOC"),
    )
    assert "ctrl o" in reading.notes[0].reason


def test_a_name_that_xml_cannot_hold_is_refused_with_what_to_do() -> None:
    with pytest.raises(SchemeError, match="Rename it"):
        schemes.write(Scheme((EntityType("a\x07b"),)), "label-studio")
    with pytest.raises(UsageError, match="Did you mean label-studio"):
        schemes.get("labelstudio")


@given(st.binary(max_size=200))
def test_no_bytes_end_in_anything_but_a_reading(content: bytes) -> None:
    for name in ("x.toml", "x.xml", "x.json", "x.txt", "x"):
        reading = schemes.parse(content, name)
        assert reading.faults or isinstance(reading.scheme, Scheme)


def test_doccano_gets_colours_that_it_knows() -> None:
    names = ("red", "ansi_bright_blue", "#12ab34", "")
    text, _ = schemes.write(Scheme(tuple(EntityType(f"T{at}", color=c) for at, c in enumerate(names))), "doccano")
    colors = [row["background_color"] for row in json.loads(text)]
    assert colors[:3] == ["#ff0000", "#5555ff", "#12ab34"]
    assert re.fullmatch("#[0-9a-f]{6}", colors[3])

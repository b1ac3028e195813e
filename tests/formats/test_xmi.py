"""UIMA XMI: files as INCEpTION and cTAKES write them, and ours as cassis reads them."""

from __future__ import annotations

import io
import tempfile
import warnings
from pathlib import Path

import pytest
from hypothesis import given

from tests.formats.helpers import corpora, docs, problems, read, source
from tests.formats.test_roundtrip import OPTIONS, back, few
from tui_annotate.domain.annotations import Annotations, Entity, LabelScalar
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.interchange import ExchangedDocument, ExchangedVersion
from tui_annotate.domain.spans import Span
from tui_annotate.formats import registry, writing
from tui_annotate.formats.xmi.write import prepared

INCEPTION = """<?xml version="1.1" encoding="UTF-8"?>
<xmi:XMI xmlns:xmi="http://www.omg.org/XMI" xmlns:cas="http:///uima/cas.ecore" xmlns:tcas="http:///uima/tcas.ecore"
 xmlns:pos="http:///de/tudarmstadt/ukp/dkpro/core/api/lexmorph/type/pos.ecore"
 xmlns:type4="http:///de/tudarmstadt/ukp/dkpro/core/api/segmentation/type.ecore"
 xmlns:type3="http:///de/tudarmstadt/ukp/dkpro/core/api/metadata/type.ecore"
 xmlns:type5="http:///de/tudarmstadt/ukp/dkpro/core/api/ner/type.ecore"
 xmlns:custom="http:///webanno/custom.ecore" xmi:version="2.0">
 <cas:NULL xmi:id="0"/>
 <type3:DocumentMetaData xmi:id="2" sofa="1" begin="0" end="31" language="en" documentTitle="n.txt" documentId="n-7"/>
 <type4:Sentence xmi:id="10" sofa="1" begin="0" end="31"/>
 <type4:Token xmi:id="11" sofa="1" begin="0" end="2" order="0"/>
 <type5:NamedEntity xmi:id="20" sofa="1" begin="3" end="9" value="PER" identifier="http://x.org/Q1"/>
 <type5:NamedEntity xmi:id="21" sofa="1" begin="17" end="23"/>
 <custom:Span xmi:id="22" sofa="1" begin="3" end="9" label="Agent" Certain="true"/>
 <custom:Role xmi:id="23" sofa="1" begin="30" end="99"/>
 <custom:Relation xmi:id="24" sofa="1" begin="16" end="22" label="knows" Governor="20" Dependent="21"/>
 <custom:Relation xmi:id="25" sofa="1" begin="16" end="22" label="knows" Governor="20" Dependent="23"/>
 <cas:Sofa xmi:id="1" sofaNum="1" sofaID="_InitialView" mimeType="text"
  sofaString="😀 Müller&#10;&#9;knows &#1;Meier.  &lt;end>"/>
 <cas:View sofa="1" members="2 10 11 20 21 22 23 24 25"/>
</xmi:XMI>"""


EMPTY = '<xmi:XMI xmlns:xmi="http://www.omg.org/XMI"/>'


def test_a_file_of_inception_is_read_without_its_type_system() -> None:
    items = read("xmi", source("n.xmi", INCEPTION))
    (one,) = docs(items)
    assert one.document.text == "😀 Müller\n\tknows \ufffdMeier.  <end>"
    assert (one.document.key, one.document.name, one.document.language) == ("n-7", "n.txt", "en")
    held = one.versions[0].annotations
    assert [(e.type, one.document.slice(e.span), dict(e.attributes)) for e in held.entities.values()] == [
        ("PER", "Müller", {"identifier": "http://x.org/Q1"}),
        ("NamedEntity", "\ufffdMeier", {}),
        ("Agent", "Müller", {"Certain": True}),
    ]
    assert [(r.type, r.ends, r.directed) for r in held.relations.values()] == [("knows", (1, 2), True)]
    said = {(p.severity, p.field): p.reason for p in problems(items)}
    assert "[30, 99) is no place" in said["refused", "webanno.custom.Role"]
    assert "1 are not between" in said["noted", "relations"]
    assert "1 Sentence, 1 Token" in said["noted", ""]


def test_a_type_system_tells_values_from_references() -> None:
    types = """<typeSystemDescription xmlns="http://uima.apache.org/resourceSpecifier"><types><typeDescription>
    <name>Drug</name><supertypeName>Base</supertypeName><features><featureDescription><name>dose</name>
    <rangeTypeName>uima.cas.Integer</rangeTypeName></featureDescription></features></typeDescription>
    <typeDescription><name>Base</name><supertypeName>uima.tcas.Annotation</supertypeName><features>
    <featureDescription><name>concept</name><rangeTypeName>uima.cas.FSArray</rangeTypeName></featureDescription>
    </features></typeDescription></types></typeSystemDescription>"""
    xmi = """<xmi:XMI xmlns:xmi="http://www.omg.org/XMI" xmlns:cas="http:///uima/cas.ecore"
    xmlns:n="http:///uima/noNamespace.ecore"><n:Drug xmi:id="3" sofa="1" begin="0" end="1" dose="3" concept="3 3"/>
    <cas:Sofa xmi:id="1" sofaString="x"/></xmi:XMI>"""
    (one,) = docs(read("xmi", [source("a.xmi", xmi), source("TypeSystem.xml", types)]))
    (entity,) = one.versions[0].annotations.entities.values()
    assert (entity.type, dict(entity.attributes)) == ("Drug", {"dose": "3"})
    (without,) = docs(read("xmi", source("a.xmi", xmi)))
    assert dict(without.versions[0].annotations.entities[1].attributes) == {}


def test_offsets_that_fit_only_in_code_points_are_read_so() -> None:
    xmi = """<xmi:XMI xmlns:xmi="http://www.omg.org/XMI" xmlns:cas="http:///uima/cas.ecore"
    xmlns:n="http:///n.ecore"><n:E xmi:id="3" sofa="1" begin="1" end="3"/>
    <cas:Sofa xmi:id="1" sofaString="😀ab"/></xmi:XMI>"""
    items = read("xmi", source("a.xmi", xmi))
    (one,) = docs(items)
    assert one.document.slice(one.versions[0].annotations.entities[1].span) == "ab"
    assert problems(items, "repaired")


def test_names_that_are_no_feature_names_come_back() -> None:
    attributes: dict[str, LabelScalar] = {"is it?": True, "is_it_": "x", "1st": "y", "value": "z", "é": "w"}
    entity = Entity("X", (Span("s1v1", 0, 1),), number=1, attributes=attributes)
    document = ExchangedDocument(Document("d", (Part("s1v1", "ab"),)), (ExchangedVersion(Annotations({1: entity})),))
    with tempfile.TemporaryDirectory() as folder:
        writing.write([document], registry.get("xmi"), Path(folder, "out"), OPTIONS)
        (again,) = docs(registry.read_paths([Path(folder, "out")]))
    assert dict(again.versions[0].annotations.entities[1].attributes) == attributes


@few
@given(corpora(versions=1))
def test_xmi_comes_back_the_same(documents: list[ExchangedDocument]) -> None:
    before, after = back("xmi", "corpus.zip", documents)
    assert before.matches(after)


@few
@given(corpora(versions=1))
def test_cassis_reads_what_we_write(documents: list[ExchangedDocument]) -> None:
    cassis = pytest.importorskip("cassis")
    files: dict[str, bytes] = {}
    fmt = registry.get("xmi")
    assert fmt.write_tree is not None
    list(fmt.write_tree(documents, files.__setitem__, OPTIONS))
    types = cassis.load_typesystem(io.BytesIO(files.pop("TypeSystem.xml")))
    for document, content in zip(documents, files.values(), strict=True):
        left = prepared(document, OPTIONS)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            cas = cassis.load_cas_from_xmi(io.BytesIO(content), typesystem=types)
        assert cas.sofa_string == left.document.text
        found = cas.select("de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity")
        held = left.versions[0].annotations.entities.values() if left.versions else ()
        assert sorted((e.value, e.begin, e.end) for e in found) == sorted(
            (entity.type, entity.span.start, entity.span.end) for entity in held
        )
        assert sorted(e.get_covered_text() for e in found) == sorted(left.document.slice(e.span) for e in held)


def test_the_concept_of_a_named_entity_stays_dkpros_identifier() -> None:
    cassis = pytest.importorskip("cassis")
    files: dict[str, bytes] = {}
    fmt = registry.get("xmi")
    assert fmt.write_tree is not None
    entity = Entity("PER", (Span("s1v1", 0, 3),), number=1, attributes={"identifier": "http://x.org/Q1", "begin": "b"})
    document = ExchangedDocument(
        Document("a", (Part("s1v1", "Ann"),)), (ExchangedVersion(Annotations({1: entity})),), "a"
    )
    list(fmt.write_tree([document], files.__setitem__, OPTIONS))
    types = cassis.load_typesystem(io.BytesIO(files["TypeSystem.xml"]))
    cas = cassis.load_cas_from_xmi(io.BytesIO(files["a.xmi"]), typesystem=types)
    (found,) = cas.select("de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity")
    assert (found.identifier, found.begin_2) == ("http://x.org/Q1", "b")
    (again,) = docs(read("xmi", [source(name, content) for name, content in files.items()]))
    assert dict(again.versions[0].annotations.entities[1].attributes) == {"identifier": "http://x.org/Q1", "begin": "b"}


@pytest.mark.parametrize(
    "content",
    ["", "<a/>", "<a>" * 200_000, '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', b"\xff\xfe<", "<xmi:XMI/>", EMPTY],
)
def test_what_is_no_xmi_is_refused(content: str | bytes) -> None:
    items = read("xmi", source("a.xmi", content))
    assert docs(items) == []
    assert problems(items, "refused")

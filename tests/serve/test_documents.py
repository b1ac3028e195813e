"""Uploading, getting, finding and deleting documents."""

from __future__ import annotations

import io
import json
import zipfile

import pytest

from tests.serve.conftest import DOCUMENTS, PASSWORD, Api, annotation
from tui_annotate.store.connection import Corpus
from tui_annotate.store.rebuild import rebuild

TEXT = "Aspirin 😀 was given.\r\nNo fever."
E1, E2, M3 = "e_1", "e_2", "m_3"


def test_a_text_comes_back_in_every_output(api: Api) -> None:
    receipt = api.upload(("note.txt", TEXT))
    item = receipt["items"][0]
    id = item["tagtogID"]
    assert (receipt["ok"], receipt["errors"], item["result"], item["origid"]) == (1, 0, "created", "note.txt")
    assert item["filenames"] == item["names"] == ["note.txt"]
    assert item["rawInputSizeInBytes"] == item["parsedTextSizeInBytes"] == len(TEXT.encode())
    assert api.get(ids=id, output="text").content == TEXT.encode()
    assert api.get(ids=id, output="orig").content == TEXT.encode()
    html = api.get(ids=id, output="html")
    assert f'filename="{id}.plain.html"' in html.headers["content-disposition"]
    assert html.headers["content-disposition"].startswith("inline; ")
    assert "&#13;" in html.text
    assert html.text == api.get(ids=id, output="plain.html").text
    assert json.loads(api.get(ids=id, output="ann.json").content)["annotatable"] == {"parts": ["s1v1"]}
    assert api.get(ids=id, output="csv").text == f"docid,anncomplete\n{id},false\n"
    assert api.get(ids=id, output="null").json()["items"][0]["docid"] == id
    assert json.loads(api.get(ids=id, output="jsonl").content)["text"] == TEXT


@pytest.mark.parametrize(
    ("output", "kind", "end"),
    [
        ("ann.json", "application/json", ".ann.json"),
        ("plain.html", "text/html", ".plain.html"),
        ("html", "text/html", ".plain.html"),
        ("xml", "application/xml", ".plain.html"),
        ("txt", "text/plain", ".txt"),
        ("original", "text/plain", ".txt"),
        ("entitiestsv", "text/tab-separated-values", ".tsv"),
        ("entitiesonlyclassestsv", "text/tab-separated-values", ".tsv"),
        ("pubannotation", "application/json", ".json"),
        ("conllu", "text/plain", ".conllu"),
        ("brat", "application/zip", ".zip"),
        ("anndoc", "application/zip", ".zip"),
    ],
)
def test_every_kind_of_output_says_what_it_is_and_what_it_is_called(api: Api, output: str, kind: str, end: str) -> None:
    pair = (("a.txt", "Aspirin eases pain"), ("a.ann.json", annotation((E1, 0, "Aspirin"), complete=True)))
    id = api.upload(*pair)["items"][0]["docid"]
    answer = api.get(ids=id, output=output)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].partition(";")[0] == kind
    name = answer.headers["content-disposition"].removeprefix('inline; filename="').removesuffix('"')
    assert name.startswith(id) or output == "original"
    assert name.endswith(end)
    assert b"Aspirin" in answer.content or kind == "application/zip"


def test_markdown_has_headings_and_paragraphs_as_parts(api: Api) -> None:
    text = "# Drugs\n\nAspirin eases pain.\n"
    ann = annotation((E1, 0, "Aspirin")).replace("s1v1", "s1p1")
    for pair, format in (
        (("a.md", "a.ann.json"), "default-plus-annjson"),
        (("b.txt", "b.ann.json"), "markdown-plus-annjson"),
    ):
        id = api.upload((pair[0], text), (pair[1], ann), format=format)["items"][0]["docid"]
        found = api.annotations(id)
        assert found["annotatable"]["parts"] == ["s1h1", "s1p1"]
        assert [entity["part"] for entity in found["entities"]] == ["s1p1"]


def test_the_script_that_uploads_a_file_prints_what_the_server_annotated(api: Api) -> None:
    """The shape of requests of the first seed: one file, `output=ann.json`."""
    answer = api.post(files=[("file", ("text.txt", b"Some text."))], output="ann.json")
    assert answer.status_code == 200
    assert set(answer.json()) == {"annotatable", "anncomplete", "sources", "metas", "entities", "relations"}


def test_the_script_that_annotates_a_pair_updates_the_document(api: Api) -> None:
    """The shape of requests of the second seed: html back, then both files under one field name."""
    html = api.post(files=[("file", ("text.txt", TEXT.encode()))], output="html").text
    pair = [("file", ("text.plain.html", html)), ("file", ("text.ann.json", annotation((E1, 0, "Aspirin"))))]
    receipt = api.post(files=pair, format="anndoc", output="null").json()
    assert [item["result"] for item in receipt["items"]] == ["updated"]
    assert api.get(search="*").json()["totalFound"] == 1
    found = api.annotations(receipt["items"][0]["docid"])
    assert [(e["classId"], e["offsets"][0]["text"], e["confidence"]["who"]) for e in found["entities"]] == [
        (E1, "Aspirin", ["ml:theirs"])
    ]


def test_text_comes_as_form_field_json_and_plain_body(api: Api) -> None:
    assert api.post(data={"text": "one"}, output="text").text == "one"
    assert api.call("PUT", params={"output": "text"}, json={"text": "two"}).text == "two"
    headers = {"Content-Type": "text/plain"}
    assert api.call("POST", params={"output": "text"}, content=b"three", headers=headers).text == "three"
    assert api.post(data={"text": "four", "output": "text"}).text == "four"
    names = [doc["filename"] for doc in api.get(search="*").json()["docs"]]
    assert names == ["text.txt"] * 4
    assert api.post(data={"text": "five", "filename": "mine"}, output="null").json()["items"][0]["origid"] == "mine.txt"


def test_what_is_uploaded_again_is_the_same_document(api: Api) -> None:
    first = api.upload(("a.txt", TEXT))["items"][0]
    again = api.upload(("a.txt", TEXT))["items"][0]
    assert (again["docid"], again["result"]) == (first["docid"], "updated")
    other = api.upload(("a.txt", TEXT + "!"))["items"][0]
    assert (other["docid"] != first["docid"], other["result"]) == (True, "created")


def test_several_pairs_come_in_one_request_under_the_names_of_the_files(api: Api) -> None:
    files = {
        "a.txt": ("a.txt", "Aspirin here"),
        "b.ann.json": ("b.ann.json", annotation((E2, 3, "fever"), m_3=True)),
        "b.txt": ("b.txt", "No fever"),
        "a.ann.json": ("a.ann.json", annotation((E1, 0, "Aspirin"), complete=True)),
    }
    receipt = api.post(files=files, format="default-plus-annjson", output="null").json()
    assert [item["filenames"] for item in receipt["items"]] == [["a.ann.json", "a.txt"], ["b.ann.json", "b.txt"]]
    first, second = (api.annotations(item["docid"]) for item in receipt["items"])
    assert (first["anncomplete"], second["anncomplete"]) == (True, False)
    assert second["metas"][M3]["value"] is True


def test_formatted_text_has_a_part_a_line_that_annotations_are_read_against(api: Api) -> None:
    ann = json.loads(annotation((E1, 0, "Aspirin")))
    ann["entities"][0]["part"] = "s1p2"
    files = [("f", ("x.txt", "One line.\n\nAspirin line.\n")), ("f", ("x.ann.json", json.dumps(ann)))]
    receipt = api.post(files=files, format="formatted-plus-annjson", output="null").json()
    found = api.annotations(receipt["items"][0]["docid"])
    assert found["annotatable"]["parts"] == ["s1p1", "s1p2"]
    assert found["entities"][0]["part"] == "s1p2"


def test_a_pair_may_be_sent_without_saying_its_format(api: Api) -> None:
    pair = (("a.txt", "Aspirin"), ("a.ann.json", annotation((E1, 0, "Aspirin"))))
    assert len(api.annotations(api.upload(*pair)["items"][0]["docid"])["entities"]) == 1


def test_uploading_again_replaces_the_version_whatever_stood_there(api: Api) -> None:
    def put(*entities: tuple[str, int, str], complete: bool) -> list[tuple[str, bool]]:
        pair = (("a.txt", "Aspirin and fever"), ("a.ann.json", annotation(*entities, complete=complete)))
        id = api.upload(*pair)["items"][0]["docid"]
        found = api.annotations(id)
        return [(e["offsets"][0]["text"], found["anncomplete"]) for e in found["entities"]]

    assert put((E1, 0, "Aspirin"), complete=False) == [("Aspirin", False)]
    assert put((E2, 12, "fever"), complete=True) == [("fever", True)]
    assert put((E1, 0, "Aspirin"), complete=True) == [("Aspirin", True)]
    assert put((E2, 12, "fever"), complete=False) == [("fever", False)]
    assert put((E2, 12, "fever"), complete=False) == [("fever", False)]
    with Corpus.open(api.path, readonly=True) as corpus:
        assert rebuild(corpus).equal


def test_a_member_has_a_version_of_their_own(api: Api) -> None:
    api.call("POST", "/-api/settings/v1/members", json={"loginid": "bob", "role": "curator"})
    pair = (("a.txt", "Aspirin"), ("a.ann.json", annotation((E1, 0, "Aspirin"), complete=True)))
    id = api.upload(*pair, member="bob")["items"][0]["docid"]
    assert len(api.annotations(id, member="bob")["entities"]) == 1
    assert api.annotations(id)["entities"] == []
    answer = api.get(ids=id, output="ann.json", member="alice")
    assert "no version" in answer.headers["warning"]
    assert api.get(search="members_anncomplete:bob").json()["docs"][0]["members_anncomplete"] == ["bob"]


@pytest.mark.parametrize("named", ['id="d1"', "", 'data-origid="z.txt"', 'id="d2" data-origid="z.txt"', 'id="a b/c"'])
def test_a_html_that_does_not_say_what_it_is_called_goes_out_again_and_can_be_deleted(api: Api, named: str) -> None:
    html = f'<html {named}><body><h2 id="s1h1">Drugs</h2><pre id="s1v1">Aspirin 23</pre></body></html>'
    id = api.upload(("a.plain.html", html), ("a.ann.json", annotation((E1, 0, "Aspirin"), complete=True)))["items"][0][
        "docid"
    ]
    assert api.get(ids=id, output="orig").text == html
    zipped = api.get(ids=id, output="zip")
    assert zipped.status_code == 200, zipped.text
    with zipfile.ZipFile(io.BytesIO(zipped.content)) as archive:
        written = archive.read(next(name for name in archive.namelist() if name.endswith(".plain.html"))).decode()
    assert (written == html) == ("id=" in named.split("data-")[0] and "origid" in named)
    assert api.call("DELETE", params={"ids": id}).text == "1"


def test_pages_of_a_search(api: Api) -> None:
    files = [("f", (f"n{n}.txt", f"number {n}")) for n in range(120)]
    assert api.post(files=files, output="null").json()["ok"] == 120
    pages = [api.get(search="*", page=n).json() for n in range(3)]
    assert [page["pages"]["next"] for page in pages] == [1, 2, -1]
    assert [page["pages"]["previous"] for page in pages] == [-1, 0, 1]
    assert pages[0]["pages"] | {"next": 0} == {"current": 0, "previous": -1, "next": 0, "numPages": 3, "pageSize": 50}
    assert len({doc["id"] for page in pages for doc in page["docs"]}) == pages[0]["totalFound"] == 120
    keys = {"id", "filename", "header", "created", "updated", "anncomplete", "members_anncomplete", "members_assigned"}
    assert set(pages[0]["docs"][0]) == keys | {"folder"}
    assert api.get(search="*", page=9).json()["docs"] == []
    assert len(api.get(search="*", output="csv").text.splitlines()) == 121


def test_a_search_comes_as_a_project_zip(api: Api) -> None:
    api.upload(("a.txt", "Aspirin"), ("a.ann.json", annotation((E1, 0, "Aspirin"), complete=True)))
    api.upload(("b.txt", "nothing"))
    answer = api.get(search="aspirin", output="zip")
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        names = archive.namelist()
    assert sum(name.endswith(".plain.html") for name in names) == 1
    assert "clinic/annotations-legend.json" in names
    assert api.get(search="nothingatall", output="zip").status_code == 404


def test_ids_may_be_repeated_or_stand_with_commas_between(api: Api) -> None:
    ids = [api.upload((f"{n}.txt", f"text {n}"))["items"][0]["docid"] for n in range(3)]
    together = api.call("GET", params={"ids": ids, "output": "text"})
    with zipfile.ZipFile(io.BytesIO(together.content)) as archive:
        assert archive.namelist() == [f"{id}.txt" for id in ids]
    assert api.call("DELETE", params={"ids": ids[:2], "idType": "tagtogID"}).text == "2"
    assert api.call("DELETE", params={"ids": ",".join(ids)}).text == "1"
    assert api.call("DELETE", params={"ids": ids[0]}).text == "0"


def test_deleting_what_a_search_finds_keeps_it_beside_the_corpus(api: Api) -> None:
    for n in range(3):
        api.upload((f"{n}.txt", f"text {n}"))
    assert api.call("DELETE", params={"search": "*"}).text == "3"
    assert api.get(search="*").json()["totalFound"] == 0
    assert len(list(api.path.with_suffix(".backups").glob("*.zip"))) == 1


def test_documents_of_our_other_formats_come_in(api: Api) -> None:
    row = {"id": "r1", "text": "Aspirin", "spans": [{"start": 0, "end": 7, "label": "Drug"}]}
    receipt = api.upload(("rows.jsonl", json.dumps(row) + "\n"), format="jsonl")
    assert receipt["items"][0]["docid"] == "r1"
    assert len(api.annotations("r1")["entities"]) == 1
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("in.txt", "text of a zip")
    answer = api.post(files=[("f", ("all.zip", zipped.getvalue()))], output="null")
    assert answer.json()["ok"] == 1


def test_files_that_belong_together_are_read_together_without_a_format(api: Api) -> None:
    receipt = api.upload(("note.txt", "Aspirin"), ("note.ann", "T1\tDrug 0 7\tAspirin\n"), ("other.txt", "fever"))
    assert receipt["ok"] == 2
    found = [api.annotations(item["docid"])["entities"] for item in receipt["items"]]
    assert sorted(len(entities) for entities in found) == [0, 1]


def test_files_of_the_same_name_are_all_taken(api: Api) -> None:
    rows = [json.dumps({"id": f"r{n}", "text": f"Aspirin {n}"}) + "\n" for n in range(3)]
    names = ["rows.jsonl", "rows.jsonl", "rows.json"]
    receipt = api.upload(*zip(names, rows, strict=True), format="jsonl")
    assert [(item["docid"], item["filenames"]) for item in receipt["items"]] == [
        (f"r{n}", [name]) for n, name in enumerate(names)
    ]
    assert [item["rawInputSizeInBytes"] for item in receipt["items"]] == [len(row) for row in rows]


def test_a_key_that_is_no_id_is_found_by_the_id_that_its_html_has(api: Api) -> None:
    api.upload(("rows.jsonl", '{"id": "no id/at all", "text": "text"}\n'))
    html = api.get(ids="no id/at all", output="html").text
    made = html.split('<html id="')[1].split('"')[0]
    assert made != "no id/at all"
    assert api.get(ids=made, output="text").text == "text"
    pair = [("f", ("x.plain.html", html)), ("f", ("x.ann.json", annotation(complete=True)))]
    assert api.post(files=pair, output="null").json()["items"][0]["result"] == "updated"


def test_a_program_gets_the_address_of_a_page_and_a_browser_the_page(api: Api) -> None:
    answer = api.post(data={"text": "<script>alert(1)</script>"})
    assert answer.text.startswith("http://127.0.0.1:8000/alice/clinic/pool/")
    page = api.client.get(answer.text, auth=("alice", PASSWORD))
    assert "&lt;script&gt;" in page.text
    assert "<script>" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    browser = {"User-Agent": "Mozilla/5.0"}
    id = answer.text.rpartition("/")[2]
    assert api.call("GET", params={"ids": id}, headers=browser).text == page.text


@pytest.mark.parametrize("path", [DOCUMENTS + "/", "/api/0.1/documents"])
def test_other_spellings_of_the_address_are_the_same(api: Api, path: str) -> None:
    assert api.get(path, search="*").json()["totalFound"] == 0


def test_folders_are_meant_by_index_path_and_name(api: Api) -> None:
    for path in ("pool/a", "pool/a/b"):
        api.call("POST", "/-api/settings/v1/folders/add", json={"path": path})
    number = api.get("/-api/settings/v1/folders").json()["folders"]["pool"]["children"]["a"]["index"]
    for place, folder in (("pool/a/b", "pool/a/b"), ("b", "pool/a/b"), (str(number), "pool/a"), ("a/", "pool/a")):
        id = api.upload((f"{place.replace('/', '-')}.txt", f"in {place}"), folder=place)["items"][0]["docid"]
        docs = api.get(search=f"docid:{id}").json()["docs"]
        assert [doc["folder"] for doc in docs] == [folder]


def test_documents_are_distributed_to_members(api: Api) -> None:
    for name in ("bob", "eve"):
        api.call("POST", "/-api/settings/v1/members", json={"loginid": name})
    cases = {"bob": ["bob"], "*": ["alice", "bob", "eve"], "bob,eve": ["bob", "eve"], "": [], "-": []}
    for number, (said, expected) in enumerate(cases.items()):
        id = api.upload((f"{number}.txt", f"text {number}"), distributeToMembers=said)["items"][0]["docid"]
        assert api.get(search=f"docid:{id}").json()["docs"][0]["members_assigned"] == expected

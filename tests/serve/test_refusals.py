"""What is refused: a clear status, the field or file with its reason, and nothing written."""

from __future__ import annotations

import asyncio
import base64
import json
import tempfile
import zipfile
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest

from tests.serve.conftest import DOCUMENTS, PASSWORD, Api, Serve, annotation
from tui_annotate.errors import DiskFullError
from tui_annotate.serve.failing import ApiError
from tui_annotate.serve.options import ServeOptions
from tui_annotate.serve.service import Service
from tui_annotate.store.connection import Corpus

PAIR_TEXT = ("f", ("a.txt", "Aspirin"))
PAIR_ANN = ("f", ("a.ann.json", annotation(("e_1", 0, "Aspirin"))))


def refused(api: Api, answer: Any, status: int) -> Any:
    """Return the errors of an answer that is a refusal with nothing written."""
    assert answer.status_code == status, answer.text
    found = answer.json()
    assert found["error"]
    assert api.get(search="*").json()["totalFound"] == 0
    assert not api.faults
    return found["errors"]


@pytest.mark.parametrize(
    ("parameters", "status", "field"),
    [
        ({"format": "nonsense"}, 400, "format"),
        ({"format": "nativepdfv1-plus-annjson"}, 400, "format"),
        ({"output": "nonsense"}, 400, "output"),
        ({"member": "nobody"}, 404, "member"),
        ({"folder": "nowhere"}, 404, "folder"),
        ({"folder": "77"}, 404, "folder"),
        ({"owner": "bob"}, 404, "owner"),
        ({"project": "other"}, 404, "project"),
        ({"distributeToMembers": "nobody"}, 404, "distributeToMembers"),
        ({"url": "http://example.org"}, 403, "url"),
        ({"filename": "../x.txt"}, 400, "filename"),
    ],
)
def test_unknown_values_are_refused_by_name(api: Api, parameters: dict[str, str], status: int, field: str) -> None:
    errors = refused(api, api.post(files=[PAIR_TEXT], **parameters), status)
    assert [error["field"] for error in errors] == [field]


@pytest.mark.parametrize(
    ("files", "format", "named"),
    [
        ([PAIR_TEXT, PAIR_ANN, ("f", ("b.txt", "more"))], "default-plus-annjson", "b.txt"),
        ([("f", ("b.txt", "Aspirin")), PAIR_ANN], "default-plus-annjson", "b.txt"),
        ([PAIR_ANN], "anndoc", "a.ann.json"),
        ([("f", ("a.plain.html", "<p id='s1p1'>x</p>"))], "anndoc", "a.plain.html"),
        ([PAIR_TEXT, PAIR_ANN], "anndoc", "a.txt"),
        ([PAIR_TEXT, PAIR_ANN, PAIR_TEXT, PAIR_ANN], "default-plus-annjson", "a.txt"),
        ([PAIR_TEXT, ("f", ("a.ann.json", "{not json"))], "default-plus-annjson", "a.ann.json"),
        ([PAIR_TEXT, ("f", ("a.ann.json", "[]"))], "default-plus-annjson", "a.ann.json"),
        ([PAIR_TEXT, PAIR_ANN, ("f", ("b.txt", b"\xff\xfe\xfa")), ("f", ("b.ann.json", "{}"))], "", "b.txt"),
        ([("f", ("a.txt", ""))], "", "a.txt"),
        ([("f", ("a.html", "<html><p>no parts</p></html>")), PAIR_ANN], "anndoc", "a.html"),
    ],
)
def test_one_bad_file_refuses_the_whole_request(api: Api, files: list[Any], format: str, named: str) -> None:
    errors = refused(api, api.post(files=files, format=format, output="null"), 400)
    assert named in [error["file"] for error in errors]
    assert all(error["reason"] for error in errors)


@pytest.mark.parametrize("name", ["../../etc/x.txt", "/etc/x.txt", "a" * 300 + ".txt", "..", " "])
def test_names_that_lead_elsewhere_are_refused(api: Api, name: str) -> None:
    refused(api, api.post(files=[("f", (name, "text"))], output="null"), 400)


@pytest.mark.parametrize(
    "name", ["😀👩‍👩‍👧.txt", "mit Leerzeichen.txt", "a/b.txt", "con.txt", "=cmd.txt", "\u202egpj.txt"]
)
def test_odd_names_are_names(api: Api, name: str) -> None:
    item = api.upload((name, f"text of {name}"))["items"][0]
    assert item["origid"] == name
    assert api.get(ids=item["docid"], output="text").text == f"text of {name}"
    assert api.get(ids=item["docid"], output="zip").status_code == 200


def test_a_file_name_may_be_encoded_as_older_clients_do(api: Api) -> None:
    disposition = b"Content-Disposition: form-data; name=\"file\"; filename*=utf-8''%F0%9F%98%80.txt"
    body = b"--x\r\n" + disposition + b"\r\n\r\nhello\r\n--x--\r\n"
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = api.call("POST", params={"output": "null"}, content=body, headers=headers)
    assert answer.json()["items"][0]["origid"] == "😀.txt"


def test_a_part_without_a_file_name_that_is_called_like_a_file_is_one(api: Api) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="a.txt"\r\n\r\nhello\r\n--x--\r\n'
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = api.call("POST", params={"output": "null"}, content=body, headers=headers)
    assert answer.json()["items"][0]["filenames"] == ["a.txt"]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (
            b'--x\r\nContent-Disposition: form-data; name="f"; filename="a.txt"\r\n\r\nhel',
            "multipart/form-data; boundary=x",
        ),
        (b"nonsense", "multipart/form-data; boundary=x"),
        (b"--x", "multipart/form-data"),
        (b"{", "application/json"),
        (b"[" * 100_000, "application/json"),
        (b"text=%ff%fe", "application/x-www-form-urlencoded"),
    ],
)
def test_broken_bodies_are_refused(api: Api, body: bytes, kind: str) -> None:
    refused(api, api.call("POST", content=body, headers={"Content-Type": kind}), 400)


def test_documents_with_doctype_and_entities_are_read_as_text_or_refused(api: Api) -> None:
    bomb = '<!DOCTYPE html [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><html id="x"><p id="s1p1">&b; Aspirin</p></html>'
    ann = annotation(complete=True)
    answer = api.post(files=[("f", ("x.plain.html", bomb)), ("f", ("x.ann.json", ann))], output="text")
    assert answer.status_code in (200, 400)
    assert "aaaa" not in answer.text


def test_a_zip_whose_members_lead_outside_is_refused(api: Api) -> None:
    zipped = BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("../../slipped.txt", "text")
    errors = refused(api, api.post(files=[("f", ("x.zip", zipped.getvalue()))], output="null"), 400)
    assert "leads out" in errors[0]["reason"]


def test_another_text_under_a_known_id_is_refused(api: Api) -> None:
    pair = (("x.plain.html", '<html id="d1"><pre id="s1v1">one</pre></html>'), ("x.ann.json", annotation()))
    assert api.upload(*pair)["items"][0]["docid"] == "d1"
    other = [("f", ("y.txt", "fine")), ("f", ("y.ann.json", annotation()))]
    other += [("f", ("x.plain.html", pair[0][1].replace("one", "two"))), ("f", pair[1])]
    answer = api.post(files=other, output="null")
    assert answer.status_code == 400
    assert "another text" in answer.json()["errors"][0]["reason"]
    assert api.get(search="*").json()["totalFound"] == 1


def test_annotations_that_point_nowhere_are_told_and_kept_as_they_came(api: Api) -> None:
    pair = (("a.txt", "Aspirin"), ("a.ann.json", annotation(("e_1", 0, "Aspirin"), ("e_1", 500, "nowhere"))))
    receipt = api.upload(*pair)
    assert "nowhere" in " ".join(receipt["warnings"])
    assert len(api.annotations(receipt["items"][0]["docid"])["entities"]) == 2


def test_who_does_not_log_in_gets_nothing(api: Api) -> None:
    for header in ("", "Basic", "Basic !!!", "Bearer x", "Basic " + base64.b64encode(b"alice").decode()):
        answer = api.client.get(DOCUMENTS, headers={"Authorization": header} if header else {})
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Basic")
    assert api.client.get(DOCUMENTS, auth=("alice", "wrong password")).status_code == 401
    assert api.client.get("/nothing/here", auth=("alice", "wrong password")).status_code == 401
    assert api.client.get("/nothing/here", auth=("alice", PASSWORD)).status_code == 404


def test_a_password_is_in_no_answer_and_no_log(api: Api) -> None:
    secret = "hunter2 is my secret"
    answers = [
        api.client.get(DOCUMENTS, auth=("alice", secret)),
        api.client.get(DOCUMENTS, params={"search": "("}, auth=("alice", PASSWORD)),
        api.call("POST", "/-api/settings/v1/members", json={"loginid": "bob", "role": "none", "password": secret}),
        api.call("POST", "/-api/settings/v1/members", json={"loginid": "bob", "password": secret}),
        api.call("PUT", "/-api/settings/v1/members", json={"loginid": "bob", "password": "short"}),
    ]
    said = "".join([answer.text for answer in answers] + api.lines + [str(fault) for fault in api.faults])
    assert secret not in said
    assert PASSWORD not in said
    assert "short" not in "".join(api.lines)
    assert secret.encode() not in api.path.read_bytes()
    assert len(api.lines) == len(answers)


def test_after_many_wrong_passwords_an_address_waits(api: Api) -> None:
    statuses = [api.client.get(DOCUMENTS, auth=("alice", f"wrong {n}")).status_code for n in range(12)]
    assert statuses == [401] * 10 + [429] * 2
    assert api.get(search="*").status_code == 429


def test_who_logged_in_goes_on_while_others_guess_at_the_same_address(api: Api) -> None:
    assert api.get(search="*").status_code == 200
    for n in range(12):
        api.client.get(DOCUMENTS, auth=("alice", f"wrong {n}"))
    assert api.client.get(DOCUMENTS, auth=("alice", "wrong once more")).status_code == 429
    assert api.get(search="*").status_code == 200


async def test_guesses_at_the_same_time_count_all(api: Api) -> None:
    service = Service(ServeOptions(api.path, "alice", "clinic"))
    try:
        guesses = (service.verify("alice", f"wrong {n}", "10.0.0.1") for n in range(30))
        answers = await asyncio.gather(*guesses, return_exceptions=True)
    finally:
        await service.stop()
    assert [type(one) for one in answers if one is not None] == [ApiError] * (len(answers) - answers.count(None))
    assert 10 <= answers.count(None) <= 11


def test_a_request_that_says_its_length_in_two_ways_is_refused(api: Api) -> None:
    headers = {"Content-Length": "3", "Transfer-Encoding": "chunked", "Content-Type": "text/plain"}
    answer = api.call("POST", content=b"abc", headers=headers)
    assert refused(api, answer, 400)[0]["field"] == "Content-Length"
    assert answer.headers["connection"] == "close"


def test_no_answer_says_where_the_corpus_lies(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(corpus: Corpus, path: object, **_: object) -> None:
        raise DiskFullError(
            f"{path} and {corpus.path} cannot be written.", hint=f"Make room in {corpus.path.parent}/x."
        )

    monkeypatch.setattr("tui_annotate.services.exporting.export", full)
    answer = api.get(search="*", output="zip")
    assert answer.status_code == 507
    assert "clinic.db cannot be written" in answer.json()["error"]
    assert str(api.path.parent) not in answer.text
    assert tempfile.gettempdir() not in answer.text


def test_an_address_that_asks_too_often_waits(serve: Serve) -> None:
    api = serve(rate=1.0)
    answers = [api.get(search="*") for _ in range(6)]
    assert [answer.status_code for answer in answers[:4]] == [200] * 4
    assert answers[-1].status_code == 429
    assert answers[-1].headers["retry-after"] == "1"


def test_other_names_and_other_sites_are_turned_away(api: Api) -> None:
    assert api.call("GET", headers={"Host": "evil.example"}).status_code == 421
    for origin in ("http://evil.example", "null", "http://[", "http://127.0.0.1:8000.evil.example", "127.0.0.1:8000"):
        assert api.call("GET", headers={"Origin": origin}).status_code == 403
    mine = api.call("GET", params={"search": "*"}, headers={"Origin": "http://127.0.0.1:8000"})
    assert mine.status_code == 200
    assert "access-control-allow-origin" not in mine.headers


def test_a_large_request_is_refused_whether_it_says_its_size_or_not(serve: Serve) -> None:
    api = serve(largest_request=100_000)
    piece = b"x" * 10_000

    def endless() -> Iterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="f"; filename="a.txt"\r\n\r\n'
        for _ in range(50):
            yield piece
        yield b"\r\n--x--\r\n"

    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    refused(api, api.call("POST", content=endless(), headers=headers), 413)
    refused(api, api.post(files=[("f", ("a.txt", piece * 50))]), 413)
    refused(api, api.call("POST", content=piece * 50, headers={"Content-Type": "text/plain"}), 413)
    assert api.post(files=[("f", ("a.txt", piece))], output="null").status_code == 200


def test_a_request_of_too_many_parts_is_refused(serve: Serve) -> None:
    api = serve(most_parts=5)
    refused(api, api.post(files=[("f", (f"{n}.txt", "x")) for n in range(6)]), 413)


def test_the_page_of_a_document_is_that_of_this_project(api: Api) -> None:
    id = api.upload(("a.txt", "Aspirin"))["items"][0]["docid"]
    assert api.get(f"/alice/clinic/pool/{id}").status_code == 200
    assert api.get(f"/alice/other/pool/{id}").json()["errors"][0]["field"] == "project"
    assert api.get(f"/bob/clinic/pool/{id}").json()["errors"][0]["field"] == "owner"


@pytest.mark.parametrize("query", ["entity:(", "created:[x TO", '"open', "nofield:x"])
def test_a_query_that_cannot_be_understood_says_the_column(api: Api, query: str) -> None:
    answer = api.get(search=query)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["column"] >= 1


@pytest.mark.parametrize(
    ("parameters", "status"),
    [({}, 400), ({"ids": ""}, 400), ({"ids": "nope"}, 404), ({"search": "*", "page": "x"}, 400), ({"ids": "x,y"}, 404)],
)
def test_questions_without_sense_are_refused(api: Api, parameters: dict[str, str], status: int) -> None:
    refused(api, api.get(**parameters), status)


def test_a_fault_of_the_program_tells_the_client_nothing_of_it(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("inside of the program")

    monkeypatch.setattr("tui_annotate.services.searching.search", broken)
    answer = api.get(search="*")
    assert answer.status_code == 500
    assert "inside" not in answer.text
    assert json.loads(answer.text)["error"]
    assert [str(fault) for fault in api.faults] == ["inside of the program"]

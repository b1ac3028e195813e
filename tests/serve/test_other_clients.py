"""The requests that public programs make which were written against tagtog, in their shapes and their order."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import requests

from tests.serve.conftest import DOCUMENTS, PASSWORD, Api, annotation

SETTINGS = "/-api/settings/v1"
PROJECTS = "/-api/projects/v1"
ASPIRIN = ("e_1", 0, "Aspirin")


def ids_of(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [item["tagtogID"] for item in answer.json()["items"]]


def sent(files: Any) -> dict[str, Any]:
    """Return body and headers as `requests` writes them: a text is a file that is called like its field."""
    prepared = requests.Request("POST", "http://x", files=files).prepare()
    return {"content": prepared.body, "headers": {"Content-Type": prepared.headers["Content-Type"]}}


def test_the_script_of_the_vendor_uploads_searches_and_downloads(api: Api) -> None:
    """It puts ten files a request as `files`, and asks for each document with the parameters of its search as well."""
    names = [f"n{number}.txt" for number in range(60)]
    for start in range(0, len(names), 10):
        files = [("files", (name, f"text of {name}".encode())) for name in names[start : start + 10]]
        assert api.call("PUT", params={"output": "null"}, files=files).json()["ok"] == 10
    params: dict[str, Any] = {"search": "updated:[NOW-1DAY TO NOW]", "member": "alice"}
    next_page, downloaded = 0, {}
    while next_page != -1:
        params |= {"output": "search", "page": next_page}
        found = api.call("GET", params=params).json()
        next_page = found["pages"]["next"]
        params["output"] = "ann.json"
        for doc in found["docs"]:
            answer = api.call("GET", params={**params, "ids": doc["id"]})
            name = answer.headers["Content-Disposition"][10:-1]
            assert "/" not in name
            assert '"' not in name.partition('="')[2]
            downloaded[name] = answer.json()
    assert len(downloaded) == 60


def test_a_webhook_that_answers_with_files_named_by_the_id(api: Api) -> None:
    """The fields are called like the files, and what is not annotated yet is answered with what is there already."""
    id = ids_of(api.post(data={"text": "Aspirin for John"}, output="null"))[0]
    html = api.get(ids=id, output="plain.html").content
    came = api.annotations(id)
    ours = json.loads(annotation(ASPIRIN))
    came["entities"] += ours["entities"]
    files = [(f"{id}.plain.html", html), (f"{id}.ann.json", json.dumps(came))]
    answer = api.call("POST", params={"format": "anndoc", "output": "null"}, **sent(files))
    assert (ids_of(answer), answer.json()["items"][0]["result"]) == ([id], "updated")
    assert len(api.annotations(id)["entities"]) == 1


def test_a_client_with_a_folder_and_an_annotator(api: Api) -> None:
    """Text and annotations under the id of the text, then a copy to another member, then all of it deleted."""
    for name in ("bob", "eve"):
        api.call("POST", f"{SETTINGS}/members", json={"loginid": name})
    api.call("POST", f"{SETTINGS}/folders/add", json={"path": "pool/first"})
    common = {"format": "verbatim-plus-annjson", "output": "null", "folder": "first", "member": "bob"}
    files = [("a.txt", "Aspirin"), ("a.ann.json", annotation(ASPIRIN, complete=True))]
    id = ids_of(api.call("POST", params=common, **sent(files)))[0]
    assert [doc["id"] for doc in api.get(search="folder:pool/first", page=0).json()["docs"]] == [id]
    ann = api.annotations(id, member="bob")
    html = api.get(ids=id, output="html").text
    pair = {"ann": (f"{id}.ann.json", json.dumps(ann)), "plain": (f"{id}.plain.html", html)}
    assert ids_of(api.post(files=pair, output="null", format="anndoc", member="eve")) == [id]
    assert api.annotations(id, member="eve")["entities"] == ann["entities"]
    # It keeps its folder, though the last upload named none.
    assert api.get(search="folder:pool/first").json()["totalFound"] == 1
    assert api.call("DELETE", params={"idType": "tagtogID", "ids": [id]}).text == "1"


def test_ids_are_cut_out_of_the_list_of_a_search_by_file_name(api: Api) -> None:
    for number in (6, 16):
        api.upload((f"{number}.txt", f"text {number}"))
    api.upload(("b.md", "other"))
    found = re.findall(r"[\S]+.txt", api.get(search="filename:*.txt", output="csv").text)
    assert len(found) == 2
    assert {api.get(ids=id, output="orig").text for id in found} == {"text 6", "text 16"}
    assert api.get(search="folder:pool").json()["pages"]["numPages"] == 1
    assert api.call("DELETE", params={"search": "filename:6.txt"}).text == "1"


def test_a_browser_script_sends_json_and_asks_for_articles(api: Api) -> None:
    headers = {"Accept": "application/json", "Content-Type": "application/json"}
    body = json.dumps({"text": '"Hello, World!"'})
    answer = api.call("POST", params={"output": "ann.json"}, content=body, headers=headers)
    assert answer.json()["annotatable"] == {"parts": ["s1v1"]}
    params = {"idType": "PMID", "ids": "23596191,29438695", "output": "ann.json"}
    refused = api.call("POST", params=params, headers=headers)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (403, "idType")
    assert api.call("POST", params={"url": "https://example.org", "output": "weburl"}).status_code == 403


def test_who_confirmed_what_is_counted_from_the_list_of_projects(api: Api) -> None:
    api.call("POST", f"{SETTINGS}/members", json={"loginid": "bob", "role": "reviewer"})
    api.call("POST", f"{SETTINGS}/members", json={"loginid": "eve", "role": "reader"})
    pair = (("a.txt", "Aspirin"), ("a.ann.json", annotation(ASPIRIN, complete=True)))
    id = api.upload(*pair, member="bob")["items"][0]["docid"]
    projects = api.client.get(f"{PROJECTS}/my_projects", auth=("alice", PASSWORD)).json()
    one = next(one for one in projects if (one["name"], one["owner"]) == ("clinic", "alice"))
    members = [member["username"] for member in one["members"] if member["role"] != "reader"]
    assert members == ["alice", "bob"]
    counts = [len(api.get(search=f"members_anncomplete:{name}").json()["docs"]) for name in members]
    assert counts == [0, 1]
    assert [doc["id"] for doc in api.get(search="members_anncomplete:*").json()["docs"]] == [id]


@pytest.mark.parametrize(
    "query", ["entity:GGP:P02649", "anncomplete:true", "label:IsSpam:true", "-Aspirin", "count_e_1:[2 TO *]"]
)
def test_the_queries_of_the_documentation_are_understood(api: Api, query: str) -> None:
    assert api.get(search=query).json()["totalFound"] == 0


def test_a_text_under_a_name_and_formatted(api: Api) -> None:
    said = {"text": "The film stars Leonardo DiCaprio", "filename": "myPlainTextFile"}
    receipt = api.post(data=said, format="formatted", output="null").json()
    assert [item["origid"] for item in receipt["items"]] == ["myPlainTextFile.txt"]
    assert receipt["items"][0]["parsedTextSizeInBytes"] == len(said["text"])
    assert api.annotations(receipt["items"][0]["tagtogID"])["annotatable"]["parts"] == ["s1p1"]


def test_the_older_address_takes_the_same(api: Api) -> None:
    old = "/api/0.1/documents"
    id = ids_of(api.call("PUT", old, params={"output": "null", "folder": "pool"}, files={"files": ("a.txt", b"text")}))[
        0
    ]
    params = {"output": "ann.json", "ids": id, "member": "alice", "idType": "tagtogID"}
    assert api.call("GET", old, params=params).json() == api.annotations(id)
    assert api.call("DELETE", DOCUMENTS, params={"ids": id}).text == "1"

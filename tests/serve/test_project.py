"""Versions, settings, members, folders, projects and metrics."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.serve.conftest import PASSWORD, Api, Json, Serve, annotation
from tui_annotate.domain.decisions import Changes, Decision, Kind, VersionState
from tui_annotate.domain.merging import STRATEGIES
from tui_annotate.domain.scheme import Scheme
from tui_annotate.store import documents, log, versions
from tui_annotate.store.connection import Corpus
from tui_annotate.store.rebuild import rebuild

SETTINGS = "/-api/settings/v1"
MERGE = "/-api/documents/versions/v0/merge"
COPY = "/-api/documents/versions/v0/copy"
TEXT = "Aspirin eases fever and pain"
ASPIRIN, FEVER, PAIN = ("e_1", 0, "Aspirin"), ("e_2", 14, "fever"), ("e_2", 24, "pain")
MEMBERS = {"alice": (ASPIRIN, FEVER), "bob": (ASPIRIN, PAIN), "eve": (ASPIRIN, FEVER, PAIN)}


def add(api: Api, *names: str, **more: Any) -> None:
    for name in names:
        answer = api.call("POST", f"{SETTINGS}/members", json={"loginid": name} | more)
        assert answer.status_code == 200, answer.text


def confirmed_by_three(api: Api, name: str = "a.txt", **labels: Any) -> str:
    """Upload a document that three members confirmed, each otherwise."""
    id = ""
    for member, entities in MEMBERS.items():
        metas = {"m_3": labels[member]} if member in labels else {}
        pair = ((name, TEXT), ("a.ann.json".replace("a", name[0], 1), annotation(*entities, complete=True, **metas)))
        id = api.upload(*pair, member=member)["items"][0]["docid"]
    return id


def texts(found: Json) -> list[str]:
    return [entity["offsets"][0]["text"] for entity in found["entities"]]


@pytest.mark.parametrize(
    ("strategy", "expected", "spam"),
    [
        ("union_v1", ["Aspirin", "fever", "pain"], True),
        ("intersection_v1", ["Aspirin"], None),
        ("majority_v1", ["Aspirin", "fever", "pain"], True),
        ("best_iaa_v1", ["Aspirin", "fever", "pain"], False),
    ],
)
def test_versions_are_merged_into_master(api: Api, strategy: str, expected: list[str], spam: bool | None) -> None:
    add(api, "bob", "eve")
    id = confirmed_by_three(api, alice=True, bob=True, eve=False)
    answer = api.call("POST", MERGE, params={"docid": id, "strategy": strategy, "saveTo": "master"})
    assert answer.status_code == 200, answer.text
    found = api.annotations(id)
    assert (texts(found), found["anncomplete"]) == (expected, True)
    if strategy != "best_iaa_v1":
        assert {k: v["value"] for k, v in found["metas"].items()} == ({"m_3": spam} if spam is not None else {})
    again = api.call("POST", MERGE, params={"docid": id, "strategy": strategy}).json()
    assert again["changed"] is False
    with Corpus.open(api.path, readonly=True) as corpus:
        assert rebuild(corpus).equal


def test_the_best_annotator_of_a_label_is_the_one_who_agrees_most(api: Api) -> None:
    add(api, "bob", "eve")
    for member, entities in (("alice", (FEVER,)), ("bob", (FEVER,)), ("eve", (PAIN,))):
        pair = (("z.txt", TEXT), ("z.ann.json", annotation(*entities, complete=True)))
        id = api.upload(*pair, member=member)["items"][0]["docid"]
    api.call("POST", MERGE, params={"docid": id, "strategy": "best_iaa_v1"})
    assert texts(api.annotations(id)) == ["fever"]


def test_there_is_nothing_to_merge_where_nobody_confirmed(api: Api) -> None:
    id = api.upload(("a.txt", TEXT), ("a.ann.json", annotation(ASPIRIN)))["items"][0]["docid"]
    for strategy in STRATEGIES:
        answer = api.call("POST", MERGE, params={"docid": id, "strategy": strategy})
        assert (answer.status_code, "confirmed" in answer.json()["error"]) == (409, True)
    assert api.call("POST", MERGE, params={"docid": id, "strategy": "union"}).status_code == 400
    assert api.call("POST", MERGE, params={"docid": "nope", "strategy": "union_v1"}).status_code == 404
    assert api.call("POST", MERGE, params={"docid": id, "saveTo": "nobody"}).status_code == 404
    assert api.call("POST", MERGE).status_code == 400


def test_a_version_is_copied(api: Api) -> None:
    add(api, "bob", "eve")
    id = confirmed_by_three(api)
    assert api.call("POST", COPY, params={"docid": id, "from": "bob", "saveTo": "master"}).status_code == 200
    assert texts(api.annotations(id)) == ["Aspirin", "pain"]
    assert api.call("POST", COPY, params={"docid": id, "from": "bob", "saveTo": "bob"}).status_code == 409
    assert api.call("POST", COPY, params={"docid": id, "from": "nobody"}).status_code == 404
    assert api.call("POST", COPY, params={"docid": id}).json()["errors"][0]["field"] == "from"


def confirm_in_the_app(api: Api, key: str, annotator: str) -> int:
    """Confirm a document as the app does; returns its row."""
    with Corpus.open(api.path) as corpus:
        id = documents.find(corpus, key)
        assert id is not None
        state = versions.load(corpus, id, annotator).state
        log.record(corpus, [Decision(Kind.CONFIRM, id, annotator, Changes(state=(state, VersionState.CONFIRMED)))])
    return id


def test_what_an_annotator_confirmed_is_not_unpublished_by_an_unconfirmed_upload(api: Api) -> None:
    pair = (("a.txt", TEXT), ("a.ann.json", annotation(ASPIRIN)))
    id = api.upload(*pair)["items"][0]["docid"]
    row = confirm_in_the_app(api, id, "alice")
    answer = api.post(files=[("f", one) for one in pair], output="null")
    assert answer.status_code == 400
    assert "alice confirmed it" in answer.json()["errors"][0]["reason"]
    assert api.annotations(id)["anncomplete"] is True
    done = (pair[0], ("a.ann.json", annotation(FEVER, complete=True)))
    assert api.upload(*done)["items"][0]["result"] == "updated"
    assert texts(api.annotations(id)) == ["fever"]
    assert texts(api.annotations(id, member="alice")) == []
    with Corpus.open(api.path, readonly=True) as corpus:
        assert [v.annotator for v in versions.versions(corpus, row) if v.is_master] == ["master"]
        assert rebuild(corpus).equal


def test_an_upload_to_a_member_replaces_what_they_decided_and_the_log_keeps_both(api: Api) -> None:
    id = api.upload(("a.txt", TEXT))["items"][0]["docid"]
    row = confirm_in_the_app(api, id, "alice")
    pair = (("a.txt", TEXT), ("a.ann.json", annotation(FEVER)))
    api.upload(*pair, member="alice")
    found = api.annotations(id, member="alice")
    assert (texts(found), found["anncomplete"]) == (["fever"], False)
    with Corpus.open(api.path, readonly=True) as corpus:
        kinds = [one.decision.kind for one in log.history(corpus, document=row)]
        assert kinds == [Kind.IMPORT, Kind.CONFIRM]
        assert rebuild(corpus).equal


def test_members_come_change_and_go(api: Api) -> None:
    add(api, "bob", role="reader", password=PASSWORD)
    assert api.call("POST", f"{SETTINGS}/members", json={"loginid": "bob"}).status_code == 409
    roles = {m["username"]: m["role"]["name"] for m in api.get(f"{SETTINGS}/members").json()["members"]}
    assert roles == {"alice": "admin", "bob": "reader"}
    assert api.call("GET", user="bob", params={"search": "*"}).status_code == 200
    assert api.call("POST", user="bob", data={"text": "x"}).status_code == 403
    answer = api.call("PUT", f"{SETTINGS}/members", json={"username": "bob", "role": {"name": "supercurator"}})
    assert answer.json()["role"] == {"name": "supercurator"}
    assert api.call("POST", user="bob", data={"text": "x"}).status_code == 200
    assert api.call("DELETE", f"{SETTINGS}/members/bob").status_code == 200
    assert api.call("GET", user="bob", params={"search": "*"}).status_code == 401
    for method, body, status in (
        ("DELETE", {"username": "bob"}, 404),
        ("DELETE", {"username": "alice"}, 409),
        ("PUT", {"username": "alice", "role": "reader"}, 409),
        ("PUT", {"username": "alice"}, 400),
        ("POST", {"loginid": "eve", "role": "king"}, 400),
        ("POST", {"loginid": "a:b"}, 400),
        ("POST", {}, 400),
    ):
        assert api.call(method, f"{SETTINGS}/members", json=body).status_code == status, (method, body)


@pytest.mark.parametrize(
    ("role", "own", "master", "others", "delete"),
    [
        ("reader", 403, 403, 403, 403),
        ("curator", 200, 403, 403, 403),
        ("supercurator", 200, 200, 403, 403),
        ("reviewer", 200, 200, 200, 403),
        ("admin", 200, 200, 200, 200),
    ],
)
def test_roles_say_who_may_write_what(api: Api, role: str, own: int, master: int, others: int, delete: int) -> None:
    add(api, "bob", role=role, password=PASSWORD)
    pair = [("f", ("a.txt", TEXT)), ("f", ("a.ann.json", annotation(ASPIRIN)))]
    for member, status in (("bob", own), ("master", master), ("alice", others)):
        answer = api.call("POST", user="bob", params={"member": member}, files=pair)
        assert answer.status_code == status, answer.text
    text = api.call("POST", user="bob", data={"text": "no annotations"}, params={"output": "null"})
    assert text.status_code == own, text.text
    assert api.call("DELETE", user="bob", params={"search": "*"}).status_code == delete
    assert api.call("POST", f"{SETTINGS}/members", user="bob", json={"loginid": "eve"}).status_code == delete


def test_the_legend_names_every_id(api: Api) -> None:
    assert api.get(f"{SETTINGS}/annotationsLegend").json() == {"e_1": "Drug", "e_2": "Disease", "m_3": "IsSpam"}


def test_settings_go_out_and_come_in(api: Api) -> None:
    api.call("POST", f"{SETTINGS}/folders/add", json={"parentPath": "pool", "newFolderName": "a"})
    given = api.get(f"{SETTINGS}/export").json()
    assert [one["name"] for one in given["entities"].values()] == ["Drug", "Disease"]
    assert given["folders"]["pool"]["children"]["a"]["index"] == 1
    assert given["webhooks"] == {}
    given["entities"]["e_9"] = {"id": "e_9", "name": "Dose", "description": "how much", "color": "#28c72d"}
    given["folders"]["pool"]["children"]["b"] = {"name": "b", "index": 9, "children": {}}
    answer = api.call("POST", f"{SETTINGS}/import", json=given)
    assert answer.status_code == 200, answer.text
    assert answer.json()["mapNewIds"] == {}
    assert answer.json()["newSettings"]["entities"]["e_9"]["description"] == "how much"
    assert api.upload(("x.txt", "x"), folder="b")["ok"] == 1
    wrong: tuple[Any, ...] = ({}, {"entities": {"x": {}}}, [1])
    for bad in wrong:
        assert api.call("POST", f"{SETTINGS}/import", json=bad).status_code == 400


def test_folders_are_renamed_and_removed_with_what_is_in_them(api: Api) -> None:
    for path in ("pool/a", "pool/a/b"):
        api.call("POST", f"{SETTINGS}/folders/add", json={"path": path})
    api.upload(("x.txt", "x"), folder="b")
    renamed = api.call("POST", f"{SETTINGS}/folders/rename", json={"path": "pool/a", "newFolderName": "c"})
    assert renamed.json()["newSettings"]["folders"]["pool"]["children"]["c"]["children"]["b"]["index"] == 2
    assert [doc["folder"] for doc in api.get(search="*").json()["docs"]] == ["pool/c/b"]
    for action, body, status in (
        ("add", {"path": "pool/x/y"}, 404),
        ("add", {"path": "pool/c"}, 409),
        ("add", {"path": "elsewhere"}, 400),
        ("add", {"path": "pool/.."}, 400),
        ("add", {"path": "pool/17"}, 400),
        ("rename", {"path": "pool/none", "newFolderName": "d"}, 404),
        ("rename", {"path": "pool/c", "newFolderName": "d/e"}, 400),
        ("remove", {"path": "pool"}, 400),
        ("remove", {"path": "pool/none"}, 404),
    ):
        assert api.call("POST", f"{SETTINGS}/folders/{action}", json=body).status_code == status, (action, body)
    assert api.call("POST", f"{SETTINGS}/folders/remove", json={"path": "pool/c"}).status_code == 200
    assert api.get(search="*").json()["totalFound"] == 0
    assert api.get(f"{SETTINGS}/folders").json()["folders"]["pool"]["children"] == {}


def test_the_project_is_listed(api: Api) -> None:
    add(api, "bob", role="reviewer")
    api.upload(("x.txt", "x"))
    mine = api.client.get("/-api/projects/v1/my_projects", auth=("alice", PASSWORD)).json()
    assert [(one["name"], one["owner"], one["numDocuments"]) for one in mine] == [("clinic", "alice", 1)]
    assert mine[0]["members"] == [{"username": "alice", "role": "admin"}, {"username": "bob", "role": "reviewer"}]
    search = "/-api/projects/v1/search-my-projects"
    for wanted, count in (("", 1), ("CLIN", 1), ("bob", 1), ("nothing", 0)):
        found = api.client.get(search, params={"s": wanted, "p": "0"}, auth=("alice", PASSWORD)).json()
        assert (found["totalFound"], len(found["projectsPage"]), found["pages"]["next"]) == (count, count, -1)


def test_statistics_and_agreement(api: Api) -> None:
    add(api, "bob", "eve")
    id = confirmed_by_three(api, alice=True, bob=False)
    api.call("POST", MERGE, params={"docid": id, "strategy": "union_v1"})
    api.upload(("other.txt", "nothing"))
    found = api.get("/-api/metrics/v0/search_stats", search="*").json()
    assert (found["numDocuments"], found["numAnnotatedDocuments"], found["numConfirmedDocuments"]) == (2, 1, 1)
    assert found["e_2"] | {"topNormalizations": []} == {
        "name": "Disease",
        "numDocuments": 1,
        "numDocumentsMissing": 1,
        "percentage": 66.67,
        "topNormalizations": [],
        "totalCount": 2,
    }
    assert found["m_3"]["type"] == "boolean"
    assert sum(value["count"] for value in found["m_3"]["values"]) == 1

    def iaa(task: str, **more: str) -> Any:
        params = {"member1": "alice", "member2": "bob", "anntaskId": task} | more
        return api.call("GET", "/-api/metrics/v0/iaa", params=params)

    assert iaa("e_1", metric="exact_v1").json() == {"f1": 1.0, "overNumDocs": 1}
    assert iaa("e_2", metric="overlapping_v1").json() == {"f1": 0.0, "overNumDocs": 1}
    assert iaa("e_2", metric="documentlevel_v1").json() == {"f1": 1.0, "overNumDocs": 1}
    assert iaa("m_3").json() == {"f1": 0.0, "overNumDocs": 1}
    assert iaa("e_1", member2="eve").json()["f1"] == 1.0
    upper = {"member1": "alice", "member2": "bob", "anntaskId": "Drug"}
    assert api.call("GET", "/-api/metrics/v0/IAA", params=upper).json() == {"f1": 1.0, "overNumDocs": 1}
    assert [iaa("e_77").status_code, iaa("e_1", metric="none").status_code] == [400, 400]
    assert iaa("e_1", member1="nobody").status_code == 404


def test_unknown_class_ids_join_the_scheme_and_are_told(serve: Serve) -> None:
    """The scripts of the sources name `e_1` in a project that has no labels yet."""
    api = serve(scheme=Scheme())
    receipt = api.upload(("a.txt", TEXT), ("a.ann.json", annotation(ASPIRIN, m_2="true")))
    assert "e_1" in " ".join(receipt["warnings"])
    assert json.loads(api.get(f"{SETTINGS}/annotationsLegend").text) == {"e_1": "e_1", "m_2": "m_2"}
    assert api.annotations(receipt["items"][0]["docid"])["metas"]["m_2"]["value"] == "true"

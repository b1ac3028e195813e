"""`hook`, `history` and what goes first in the `queue`, from the shell."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run


@pytest.fixture
def corpus(run: Run, tmp_path: Path) -> Path:
    """Two messages."""
    rows = tmp_path / "sms.jsonl"
    rows.write_text('{"id": "s1", "text": "Win a prize"}\n{"id": "s2", "text": "see you"}\n', encoding="utf-8")
    assert run("new", "sms.db").code == 0
    assert run("import", "sms.db", rows).code == 0
    return tmp_path / "sms.db"


def test_a_command_is_added_tried_told_and_removed(run: Run, corpus: Path) -> None:
    added = run("hook", "add", corpus, "copy", "--command", "cat", "--event", "created", "--any-change")
    assert added.code == 0, added.err
    tried = run("hook", "test", corpus, "copy", "--json")
    assert json.loads(tried.out)["answer"].startswith('exit 0 {"owner":')
    more = corpus.with_name("more.jsonl")
    more.write_text('{"id": "s3", "text": "call me"}\n', encoding="utf-8")
    assert run("import", corpus, more).code == 0
    (listed,) = json.loads(run("hook", "list", corpus, "--json").out)
    assert (listed["waiting"], listed["trusted"], listed["hook"]["command"]) == (1, True, ["cat"])
    assert run("hook", "run", corpus).code == 0
    (told,) = json.loads(run("hook", "log", corpus, "--json").out)
    assert (told["document"], told["event"], told["state"]) == ("s3", "created", "told")
    assert run("hook", "run", corpus).code == 6
    assert run("hook", "off", corpus, "copy").code == 0
    assert run("hook", "remove", corpus, "copy").code == 0
    assert run("hook", "list", corpus).code == 6


def test_an_endpoint_without_http_is_refused_with_what_to_write(run: Run, corpus: Path) -> None:
    refused = run("hook", "add", corpus, "t", "127.0.0.1:5000/train")
    assert refused.code == 2
    assert "must start with http:// or https://" in refused.err
    assert "http://127.0.0.1:5000/train?" in refused.err


def test_passwords_are_never_shown(run: Run, corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = "http://127.0.0.1:9/x"
    given = ("--user", "me", "--password", "hunter2", "--secret", "env:KEY", "--timeout", "1")
    assert run("hook", "add", corpus, "t", url, *given).code == 0
    failed = run("hook", "test", corpus, "t")
    assert failed.code == 2
    assert "KEY, which holds a password or secret, is not set" in failed.err
    monkeypatch.setenv("KEY", "s3cret")
    failed = run("hook", "test", corpus, "t")
    assert failed.code == 1
    assert "Authorization: Basic •••" in failed.err
    assert "X-Tui-Annotate-Signature: sha256=" in failed.err
    for shown in (
        failed,
        run("hook", "list", corpus),
        run("hook", "list", corpus, "--json"),
        run("hook", "log", corpus),
    ):
        assert "hunter2" not in shown.out + shown.err


def test_a_webhook_of_another_account_waits_for_trust(run: Run, corpus: Path, tmp_path: Path) -> None:
    assert run("hook", "add", corpus, "c", "--command", "cat", "--any-change").code == 0
    for mark in tmp_path.rglob("trusted-hooks.json"):
        mark.unlink()
    more = tmp_path / "more.jsonl"
    more.write_text('{"id": "s3", "text": "call me"}\n', encoding="utf-8")
    assert run("import", corpus, more).code == 0
    ran = run("hook", "run", corpus)
    assert ran.code == 1
    assert "not trusted" in ran.err
    assert run("hook", "trust", corpus, "c").code == 0
    assert run("hook", "run", corpus).code == 0


def test_wrong_names_have_their_nearest(run: Run, corpus: Path) -> None:
    assert "Did you mean confirmed?" in run("hook", "add", corpus, "c", "http://h/", "--event", "confirm").err
    assert "no webhook" in run("hook", "test", corpus, "x").err


def test_the_history_of_a_document(run: Run, corpus: Path) -> None:
    assert [line["step"] for line in json.loads(run("history", corpus, "s1", "--json").out)] == ["came in"]
    assert run("history", corpus, "nowhere").code == 2


def test_a_list_and_a_sampler_put_documents_first(run: Run, corpus: Path, tmp_path: Path) -> None:
    assert run("settings", corpus, "holdout_share=0").code == 0
    (tmp_path / "ids.txt").write_text("s2\nelsewhere\n", encoding="utf-8")
    asked = run("queue", corpus, "--from", "ids.txt", "--json")
    assert json.loads(asked.out)["queued"] == 1
    assert "'elsewhere' is no document here" in asked.err
    (tmp_path / "s.py").write_text("def sample(documents):\n    return ['s1']\n", encoding="utf-8")
    assert run("queue", corpus, "--sampler", "s.py").code == 0
    first = json.loads(run("queue", corpus, "-n", "1", "--json").out)
    assert [(one["key"], one["reason"]) for one in first] == [("s1", "chosen by s.py")]

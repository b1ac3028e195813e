from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from tui_annotate import config, recent


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def user_file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def test_defaults_need_no_file(user_file: Path) -> None:
    found = config.load(environ={}, user_file=user_file)
    assert (found.look, found.labels, found.mouse, found.annotator) == ("terminal", "rows", False, "")
    assert found.notices == ()
    assert found.who == config.login_name()


def test_a_flag_wins_over_the_environment_over_the_corpus_over_the_user(tmp_path: Path, user_file: Path) -> None:
    corpus = tmp_path / "notes.db"
    write(user_file, 'look = "light"\nlabels = "style"\nannotator = "uma"\nmouse = true\n')
    write(tmp_path / "notes.config.toml", 'look = "dark"\nlabels = "gutter"\nannotator = "cora"\n')
    environ = {"TUI_ANNOTATE_LOOK": "no-colour", "TUI_ANNOTATE_ANNOTATOR": "eve"}
    found = config.load(corpus, flags={"annotator": "flo", "look": None}, environ=environ, user_file=user_file)
    assert (found.annotator, found.look, found.labels, found.mouse) == ("flo", "no-colour", "gutter", True)
    assert found.notices == ()


def test_keys_of_all_places_are_put_together(tmp_path: Path, user_file: Path) -> None:
    write(user_file, '[keys]\naccept = "y"\nreject = ["n", "x"]\n')
    write(tmp_path / "notes.config.toml", '[keys]\naccept = "z"\ntrain = ""\n')
    environ = {"TUI_ANNOTATE_KEYS": "skip=space"}
    found = config.load(tmp_path / "notes.db", environ=environ, user_file=user_file)
    assert found.keys == {"accept": ("z",), "reject": ("n", "x"), "train": (), "skip": ("space",)}


def test_a_bad_value_is_a_notice_with_file_and_line_and_the_next_place_is_asked(
    tmp_path: Path, user_file: Path
) -> None:
    write(user_file, 'labels = "gutter"\n')
    beside = write(tmp_path / "notes.config.toml", '# mine\n\nlabels = "sideways"\nmouse = "yes"\nlok = "dark"\n')
    found = config.load(tmp_path / "notes.db", environ={}, user_file=user_file)
    assert (found.labels, found.mouse, found.look) == ("gutter", False, "terminal")
    assert [notice.split(": ")[0] for notice in found.notices] == [f"{beside}:{line}" for line in (3, 4, 5)]
    assert "rows, style, gutter" in found.notices[0]
    assert "'look'" in found.notices[2]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("look = \n", "line 1"),
        ("keys = 3\n", "table"),
        ("[keys]\naccept = 3\n", "accept"),
        ('annotator = "master"\n', "agreed"),
        ('annotator = "a/b"\n', "folder name"),
        ("look = 3\n", "string"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_crashes(user_file: Path, text: str, says: str) -> None:
    write(user_file, text)
    found = config.load(environ={}, user_file=user_file)
    (notice,) = found.notices
    assert str(user_file) in notice
    assert says in notice


def test_a_file_that_is_not_utf8_is_a_notice(user_file: Path) -> None:
    user_file.write_bytes(b'look = "\xff"\n')
    (notice,) = config.load(environ={}, user_file=user_file).notices
    assert "cannot be read" in notice


def test_no_color_is_obeyed_unless_a_look_is_asked_for(user_file: Path) -> None:
    assert config.load(environ={"NO_COLOR": "1"}, user_file=user_file).look == "no-colour"
    both = {"NO_COLOR": "1", "TUI_ANNOTATE_LOOK": "dark"}
    assert config.load(environ=both, user_file=user_file).look == "dark"
    assert config.load(environ={"NO_COLOR": ""}, user_file=user_file).look == "terminal"


def test_every_setting_says_what_it_does_and_what_unset_means() -> None:
    rows = list(config.schema())
    assert {row[0] for row in rows} == {item.name for item in fields(config.Config)} - {"notices"}
    assert all(all(row) for row in rows)


def test_recent_corpora_come_newest_first_once_each_and_only_where_they_exist(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    paths = [write(tmp_path / name, "") for name in ("a.db", "b.db", "c.db")]
    for path in [*paths, paths[0]]:
        assert recent.remember(path, folder=folder)
    paths[1].unlink()
    assert recent.recent(folder=folder) == [paths[0], paths[2]]


def test_a_broken_list_of_recent_corpora_is_an_empty_one(tmp_path: Path) -> None:
    write(tmp_path / "recent.json", "{")
    assert recent.recent(folder=tmp_path) == []
    write(tmp_path / "recent.json", '{"a": 1}')
    assert recent.recent(folder=tmp_path) == []


def test_recent_corpora_that_cannot_be_kept_harm_nobody(tmp_path: Path) -> None:
    blocked = write(tmp_path / "file", "")
    assert not recent.remember(write(tmp_path / "a.db", ""), folder=blocked)

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from tui_annotate.cli.commands import COMMANDS
from tui_annotate.formats.registry import FORMATS
from tui_annotate.keymaps import ACTIONS
from tui_annotate.keymaps.names import display_key

ROOT = Path(__file__).parents[2]
GUIDE = sorted((ROOT / "docs").glob("*.md"))
HANDWRITTEN = tuple(page.name for page in GUIDE if page.name not in ("commands.md", "keys.md", "settings.md"))


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["keys.md", "commands.md", "settings.md"])
def test_made_pages_are_current_run_make_docs_if_not(generate: ModuleType, name: str) -> None:
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == generate.PAGES[name]()


@pytest.mark.parametrize("command", list(COMMANDS))
def test_every_command_is_in_the_guide(command: str) -> None:
    text = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert re.search(rf"^## tui-annotate {command}\b", text, re.MULTILINE)


def test_every_command_that_the_pages_name_exists() -> None:
    pages = [ROOT / "README.md", *[ROOT / "docs" / name for name in HANDWRITTEN]]
    named = {m for page in pages for m in re.findall(r"tui-annotate ([a-z]+)(?=[ `\n])", page.read_text("utf-8"))}
    assert named <= {*COMMANDS}


def test_every_format_is_in_the_guide() -> None:
    text = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    assert [name for name in FORMATS if f"`{name}`" not in text] == []


def test_the_readme_shows_keys_as_they_are() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Keys")[2].partition("## Formats")[0]
    shown = {
        "accept",
        "reject",
        "confirm",
        "skip",
        "undo",
        "redo",
        "change-type",
        "add-entity",
        "find",
        "help",
        "palette",
    }
    for action in ACTIONS:
        if action.id in shown:
            assert f"`{display_key(action.keys[0])}`" in readme, action.id


@pytest.mark.parametrize("page", [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *GUIDE], ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_every_test_that_the_list_of_features_names_exists() -> None:
    text = (ROOT / "docs" / "features.md").read_text(encoding="utf-8")
    named = re.findall(r"`(tests/[a-z_/]+\.py)(?:::([a-z_0-9]+))?`", text)
    assert len(named) > 40
    gone = [
        (path, test)
        for path, test in named
        if not (ROOT / path).is_file() or (test and f"def {test}(" not in (ROOT / path).read_text("utf-8"))
    ]
    assert gone == []

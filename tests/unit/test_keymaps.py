from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_annotate.domain.changed_scheme import applied
from tui_annotate.domain.scheme import Choice, DocumentLabel, EntityType, Scheme
from tui_annotate.domain.scheme_changes import Target, rename
from tui_annotate.keymaps import ACTIONS, Keymap, assign, keeping
from tui_annotate.keymaps.names import display_key, key_name
from tui_annotate.services.scheme_editing import join

RELIED_ON = (
    "accept reject next-suggestion previous-suggestion confirm skip undo redo next-document previous-document find help"
)


def alive(keymap: Keymap, context: str) -> list[str]:
    """Return all keys that do something in a context, scheme hotkeys included; a clash shows as a double."""
    keys = [key for action in keymap.actions if action.context in ("app", context) for key in action.keys]
    for hotkey in keymap.hotkeys:
        if context == "review" or (context == "selection" and hotkey.target == "entity"):
            keys.extend(hotkey.keys)
    return keys


def assert_no_key_twice(keymap: Keymap) -> None:
    for context in ("review", "selection", "corpus"):
        keys = alive(keymap, context)
        assert sorted(keys) == sorted(set(keys)), context


def test_every_action_that_others_rely_on_has_a_key_a_tooltip_and_a_group() -> None:
    by_id = {action.id: action for action in ACTIONS}
    assert len(by_id) == len(ACTIONS)
    for id in [*RELIED_ON.split(), "quit", "next-undecided", "add-entity", "change-type", "reopen"]:
        assert by_id[id].keys
    assert all(action.tooltip and action.description and action.group for action in ACTIONS)


def test_defaults_hold_no_clash_and_only_keys_that_every_terminal_sends() -> None:
    keymap = assign()
    assert not keymap.clashes
    assert not keymap.notices
    assert_no_key_twice(keymap)
    for action in keymap.actions:
        for key in action.keys:
            assert key_name(key) == key
            assert not key.startswith(("ctrl", "alt"))


def test_key_names_are_those_that_textual_gives() -> None:
    from textual.keys import _character_to_key

    for sign in "?:/<>[]{}-+_@\\.,;!azAZ09éß":
        assert key_name(sign) == _character_to_key(sign)
    assert display_key("question_mark") == "?"


@pytest.mark.parametrize(
    "key", ["alt+x", "ctrl+1", "ctrl+enter", "shift+enter", "ctrl+b", "ctrl+s", "nokey", "", "\x1b"]
)
def test_keys_that_terminals_eat_are_refused_with_a_notice(key: str) -> None:
    assert key_name(key) is None
    keymap = assign(overrides={"accept": [key]})
    assert keymap.keys("accept") == ("a",)
    assert len(keymap.notices) == 1


def test_a_yes_or_no_corpus_is_answered_by_one_key() -> None:
    keymap = assign(Scheme(labels=(DocumentLabel("IsSpam", "boolean"),)))
    yes, no = keymap.hotkey("y"), keymap.hotkey("n")
    assert yes is not None
    assert no is not None
    assert (yes.value, no.value) == (True, False)
    assert keymap.hotkey("1") == yes
    assert keymap.hotkey("2") == no
    assert_no_key_twice(keymap)


def test_a_single_choice_has_digits_in_order_and_letters() -> None:
    options = (Choice("Child", key="c"), Choice("Adult"), Choice("Aged"))
    keymap = assign(Scheme(labels=(DocumentLabel("age", "choice", options),)))
    found = [keymap.hotkey(digit) for digit in "123"]
    assert [hotkey.value for hotkey in found if hotkey] == ["Child", "Adult", "Aged"]
    assert [clash.taken_by for clash in keymap.clashes] == ["corpus"]


def test_entity_types_get_digits_and_the_eleventh_gets_none() -> None:
    keymap = assign(Scheme(entities=tuple(EntityType(f"T{n}") for n in range(11))))
    assert ["".join(hotkey.keys) for hotkey in keymap.hotkeys] == [*"1234567890", ""]
    assert not keymap.clashes


def test_an_action_wins_over_the_schemes_hotkey_and_the_loser_gets_the_next_free_one() -> None:
    keymap = assign(Scheme(entities=(EntityType("Drug"), EntityType("Anatomy", key="a"))))
    (clash,) = keymap.clashes
    assert (clash.key, clash.wanted_by, clash.taken_by, clash.given) == ("a", "entity:Anatomy", "accept", "1")
    assert "entity:Anatomy" in str(clash)
    assert_no_key_twice(keymap)


def test_two_labels_that_ask_for_the_same_key_are_told_apart() -> None:
    options = (Choice("yes", key="z"), Choice("no", key="z"))
    keymap = assign(Scheme(entities=(EntityType("A"),), labels=(DocumentLabel("smoker", "choices", options),)))
    (clash,) = keymap.clashes
    assert (clash.wanted_by, clash.taken_by) == ("label:smoker=no", "label:smoker=yes")
    assert_no_key_twice(keymap)


def test_a_user_may_remap_by_id_and_whoever_had_the_key_gets_another() -> None:
    keymap = assign(overrides={"accept": ["j"], "confirm": ["c", "enter"]})
    assert keymap.keys("accept") == ("j",)
    assert keymap.keys("confirm") == ("c", "enter")
    assert {(c.wanted_by, c.taken_by) for c in keymap.clashes} == {("next-suggestion", "accept"), ("corpus", "confirm")}
    assert keymap.keys("next-suggestion") not in ((), ("j",))
    assert_no_key_twice(keymap)


def test_two_remaps_to_one_key_are_reported() -> None:
    keymap = assign(overrides={"accept": ["z"], "reject": ["z"]})
    (clash,) = keymap.clashes
    assert (clash.key, clash.wanted_by, clash.taken_by) == ("z", "reject", "accept")
    assert keymap.keys("reject")
    assert_no_key_twice(keymap)


def test_unknown_actions_and_a_lost_quit_are_notices() -> None:
    keymap = assign(overrides={"acept": ["z"], "quit": []})
    assert "'accept'" in keymap.notices[0]
    assert keymap.keys("quit") == ("q",)


def test_an_action_can_be_left_without_a_key() -> None:
    assert assign(overrides={"training": []}).keys("training") == ()


def test_rows_name_every_binding_once() -> None:
    keymap = assign(Scheme(entities=(EntityType("Drug"),), labels=(DocumentLabel("Urgent", "boolean"),)))
    rows = keymap.rows()
    assert all(set(row) == {"id", "keys", "group", "description"} for row in rows)
    ids = [row["id"] for row in rows]
    assert len(ids) == len(set(map(str, ids)))
    assert {"accept", "entity:Drug", "label:Urgent"} <= set(map(str, ids))


_names = st.text("abcdefghijxyzABC", min_size=1, max_size=6)
_keys = st.sampled_from(["", "a", "b", "1", "2", "z", "Z", "?", "enter", "ctrl+b"])
_options = st.lists(st.builds(Choice, _names, key=_keys), min_size=1, max_size=40, unique_by=lambda c: c.value)
_labels = st.one_of(
    st.builds(DocumentLabel, _names, st.just("boolean"), key=_keys),
    st.builds(DocumentLabel, _names, st.just("text"), key=_keys),
    st.builds(
        lambda name, kind, options: DocumentLabel(name, kind, tuple(options)),
        _names,
        st.sampled_from(["choice", "choices"]),
        _options,
    ),
)
_schemes = st.builds(
    lambda entities, labels: Scheme(tuple(entities), tuple(labels)),
    st.lists(st.builds(EntityType, _names, key=_keys), max_size=15, unique_by=lambda e: e.name),
    st.lists(_labels, max_size=4, unique_by=lambda label: label.name),
)
_overrides = st.dictionaries(
    st.sampled_from([action.id for action in ACTIONS]), st.lists(st.sampled_from("abxj1?:"), max_size=2), max_size=6
)


@given(_schemes, _overrides)
def test_no_scheme_and_no_remapping_gives_one_key_to_two(scheme: Scheme, overrides: dict[str, list[str]]) -> None:
    keymap = assign(scheme, overrides)
    assert_no_key_twice(keymap)
    assert keymap.keys("quit")
    assert keymap.keys("help")


AGES = DocumentLabel(
    "age", "choice", (Choice("Child (less than 18y)"), Choice("Adult (18-50y)"), Choice("Aged (50+y)"))
)
SEX = DocumentLabel("sex", "choice", (Choice("Male"), Choice("Female")))


def by_id(keymap: Keymap) -> dict[str, tuple[str, ...]]:
    """Return the keys by label; of a boolean with a key each for yes and no, those for yes."""
    return {hotkey.id.removesuffix("=true"): hotkey.keys for hotkey in keymap.hotkeys if hotkey.value is not False}


def by_value(keymap: Keymap) -> dict[str, tuple[str, ...]]:
    return {str(hotkey.value or hotkey.name): hotkey.keys for hotkey in keymap.hotkeys}


def test_a_label_of_another_name_keeps_its_key_and_so_do_all_others() -> None:
    held = Scheme((EntityType("A"), EntityType("B")), (AGES, SEX))
    before = by_value(assign(held))
    change = rename(held, Target("label", "age", AGES.options[0].value), "Kid")
    after = by_value(assign(applied(keeping(held, held), change)))
    assert after == {"Kid" if value == AGES.options[0].value else value: keys for value, keys in before.items()}
    assert before["Aged (50+y)"] != ("h",)


def test_labels_that_join_leave_the_keys_of_others_alone_whatever_they_ask_for() -> None:
    smoker = DocumentLabel("smoker", "choice", (Choice("never"), Choice("past"), Choice("now")))
    held = Scheme(labels=(smoker,))
    before = by_value(assign(held))
    asking = DocumentLabel(
        "age", "choice", tuple(Choice(o.value, key) for o, key in zip(AGES.options, "nhw", strict=True))
    )
    keymap = assign(keeping(held, Scheme((EntityType("DRUG"),), (asking, smoker))))
    after = by_value(keymap)
    assert {value: after[value] for value in before} == before
    assert after["DRUG"] == ("4",)
    assert_no_key_twice(keymap)
    assert {(clash.key, clash.taken_by) for clash in keymap.clashes} >= {("n", "label:smoker=never")}


def test_a_deleted_label_leaves_the_keys_of_the_others() -> None:
    held = Scheme((EntityType("A"), EntityType("B"), EntityType("C")))
    kept = keeping(held, replace(held, entities=held.entities[1:]))
    assert by_value(assign(kept)) == {"B": ("2",), "C": ("3",)}


def test_a_label_that_is_given_another_key_by_the_scheme_has_that_alone() -> None:
    held = Scheme((EntityType("A"), EntityType("B")))
    kept = keeping(held, Scheme((EntityType("A", key="z"), EntityType("B"))))
    assert by_value(assign(kept)) == {"A": ("z",), "B": ("2",)}


SAMPLE = DocumentLabel("age", "choice", (Choice("Child", "c"), Choice("Adult", "a"), Choice("Aged", "o")))


def test_hotkeys_of_a_scheme_come_first_where_the_user_says_so_and_actions_stay_within_reach() -> None:
    scheme = Scheme(labels=(SAMPLE, replace(SEX, options=(Choice("Male", "m"), Choice("Female", "f")))))
    keymap = assign(scheme, {"scheme": ("first",)})
    assert by_value(keymap) == {"Child": ("c",), "Adult": ("a",), "Aged": ("o",), "Male": ("m",), "Female": ("f",)}
    assert all(action.keys for action in keymap.actions)
    assert keymap.keys("find") == ("slash",)
    assert_no_key_twice(keymap)
    displaced = {clash.wanted_by for clash in keymap.displaced}
    assert displaced == {"accept", "reopen", "corpus", "toggle-labels"}
    assert by_value(assign(scheme))["Adult"] != ("a",)
    assert "first" in assign(scheme, {"scheme": ("frist",)}).notices[0]


def test_keys_that_the_user_chose_for_actions_come_before_those_of_the_scheme() -> None:
    keymap = assign(Scheme(labels=(SAMPLE, SEX)), {"scheme": ("first",), "accept": ("a",)})
    assert keymap.keys("accept") == ("a",)
    assert by_value(keymap)["Adult"] != ("a",)


def test_the_user_can_choose_keys_of_labels_by_their_ids() -> None:
    keymap = assign(Scheme(labels=(SAMPLE, SEX)), {"label:age=Adult": ("a",), "label:gone=by": ("b",)})
    assert by_value(keymap)["Adult"] == ("a",)
    assert keymap.keys("accept") not in ((), ("a",))
    assert_no_key_twice(keymap)
    assert not keymap.notices


@given(_schemes, _schemes, _overrides)
def test_whatever_joins_no_label_loses_a_key(held: Scheme, other: Scheme, asked: dict[str, tuple[str, ...]]) -> None:
    before = by_id(assign(held))
    grown = keeping(held, join(held, other).scheme)
    keymap = assign(grown)
    assert_no_key_twice(keymap)
    after = by_id(keymap)
    for id, keys in before.items():
        if id in after:
            assert set(keys) <= set(after[id])
    for mode in ("first", "last"):
        assert_no_key_twice(assign(grown, {**asked, "scheme": (mode,)}))


def test_keys_that_labels_keep_are_those_that_whoever_changes_them_has() -> None:
    scheme = Scheme(labels=(SAMPLE, SEX))
    chosen = {"scheme": ("first",), "find": ("M",)}
    before = by_value(assign(scheme, chosen))
    newcomer = DocumentLabel("n", "choice", (Choice("x", "e"), Choice("y", "s")))
    after = by_value(assign(keeping(scheme, replace(scheme, labels=(newcomer, SAMPLE, SEX)), chosen), chosen))
    assert {value: after[value] for value in before} == before
    assert after["x"] == ("e",)

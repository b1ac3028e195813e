"""Token patterns: conditions on words that follow one another, in the spirit of spaCy's Matcher, on our own tokens.

A token is tested by itself, so a condition sees its text and nothing that a language model would have to
say (lemma, part of speech). A pattern is run as a set of states, so that no pattern takes exponential time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import regex

from tui_annotate.domain.tokens import tokenize
from tui_annotate.errors import DataError

Test = Callable[[str], bool]

MOST_TOKENS = 100
"""Tokens that one match may span."""
_MOST_STEPS = 200
_SECONDS = 0.05
"""For one regular expression on one token."""
_REMEMBERED = 4096
_OPS: dict[str, tuple[int, int | None]] = {"1": (1, 1), "?": (0, 1), "+": (1, None), "*": (0, None), "!": (1, 1)}
_COUNTED = regex.compile(r"\{(\d*)(,?)(\d*)\}")
_NUMBER_WORDS = regex.compile(
    r"zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen"
    r"|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|million|billion"
)
_FLAGS: dict[str, Test] = {
    "IS_ALPHA": str.isalpha,
    "IS_ASCII": str.isascii,
    "IS_DIGIT": str.isdigit,
    "IS_LOWER": str.islower,
    "IS_UPPER": str.isupper,
    "IS_TITLE": str.istitle,
    "IS_PUNCT": regex.compile(r"\p{P}+").fullmatch,  # type: ignore[dict-item]
    "IS_CURRENCY": regex.compile(r"\p{Sc}+").fullmatch,  # type: ignore[dict-item]
    "IS_BRACKET": frozenset("()[]{}<>").__contains__,
    "IS_QUOTE": frozenset("\"'`«»‘’‚‛“”„‟‹›").__contains__,
    "LIKE_NUM": lambda text: text.isnumeric() or _NUMBER_WORDS.fullmatch(text.casefold()) is not None,
}
_NEEDS_A_MODEL = frozenset(("LEMMA", "POS", "TAG", "DEP", "MORPH", "ENT_TYPE", "ENT_ID", "ENT_IOB", "ENT_KB_ID"))
_TEXTS = frozenset(("TEXT", "ORTH", "LOWER", "NORM", "SHAPE"))
_KNOWN = ("text, orth, lower, norm, shape, length, like_num", ", ".join(flag.lower() for flag in _FLAGS))


@dataclass(frozen=True, slots=True)
class Step:
    """One place of a pattern."""

    test: Test
    how: Literal["once", "maybe", "any"]
    """Just one token, one or none, or any number of them."""
    starts: frozenset[str] | None = None
    """What a token that passes can be, case folded; None for too many to say."""


@dataclass(frozen=True, slots=True)
class TokenPattern:
    """A compiled pattern."""

    steps: tuple[Step, ...]

    @property
    def starts(self) -> frozenset[str] | None:
        """What the first token of a match can be, case folded; None for anything."""
        return self.steps[0].starts if self.steps[0].how == "once" else None

    def end(self, texts: Sequence[str], start: int) -> int:
        """Return where the longest match from a token on ends, `start` when there is none."""
        first = self.steps[0]
        if first.how == "once" and not first.test(texts[start]):
            return start
        last = len(self.steps)
        states = self._entered({0})
        longest = start
        for place in range(start, min(len(texts), start + MOST_TOKENS)):
            text = texts[place]
            reached = set()
            for state in states:
                if state < last and self.steps[state].test(text):
                    reached.add(state if self.steps[state].how == "any" else state + 1)
            if not reached:
                break
            states = self._entered(reached)
            if last in states:
                longest = place + 1
        return longest

    def _entered(self, states: set[int]) -> set[int]:
        """Add the states that are reached without a token."""
        for state in sorted(states):
            while state < len(self.steps) and self.steps[state].how != "once":
                state += 1
                states.add(state)
        return states


def compiled(tokens: Sequence[Mapping[str, Any]]) -> TokenPattern:
    """Compile conditions as spaCy writes them; raises DataError that names the token and what is wrong with it."""
    steps: list[Step] = []
    for number, condition in enumerate(tokens, 1):
        try:
            steps += _steps(condition)
        except DataError as error:
            raise DataError(f"token {number}: {error.message}", hint=error.hint) from None
    if not any(step.how == "once" for step in steps):
        raise DataError("the pattern has no token that must be there, so it would match everywhere")
    if len(steps) > _MOST_STEPS:
        raise DataError(f"the pattern has {len(steps)} steps; {_MOST_STEPS} is the most")
    return TokenPattern(tuple(steps))


def words_of(tokens: Sequence[Mapping[str, Any]]) -> str | None:
    """Return the words of a pattern that asks for nothing but words in any case, joined by blanks; else None."""
    words = []
    for condition in tokens:
        if len(condition) != 1:
            return None
        name, value = next(iter(condition.items()))
        if name.upper() != "LOWER" or not isinstance(value, str) or not value.strip():
            return None
        words.append(value)
    return " ".join(words) or None


def _steps(condition: Mapping[str, Any]) -> list[Step]:
    if not isinstance(condition, Mapping):
        raise DataError(f'{condition!r} is no condition; write it as {{"lower": "aspirin"}}')
    named = {str(name).upper(): value for name, value in condition.items()}
    op = named.pop("OP", "1")
    low, high = _times(op)
    split = _split(named)
    if split is not None:
        if (low, high) != (1, 1):
            raise DataError(
                f"{split[0]!r} begins several tokens here, which op {op!r} cannot repeat", hint="Write each."
            )
        name = next(iter(named))
        return [Step(_of_condition({name: word}), "once", _starts({name: word})) for word in split]
    test = _of_condition(named)
    starts = _starts(named)
    if op == "!":
        positive, starts = test, None
        test = lru_cache(_REMEMBERED)(lambda text: not positive(text))
    once = [Step(test, "once", starts)] * low
    return once + ([Step(test, "any", starts)] if high is None else [Step(test, "maybe", starts)] * (high - low))


def _split(named: Mapping[str, Any]) -> list[str] | None:
    """Return the tokens of a single word that is several tokens here, such as `x-ray`."""
    if len(named) != 1:
        return None
    name, value = next(iter(named.items()))
    if name not in ("TEXT", "ORTH", "LOWER", "NORM") or not isinstance(value, str):
        return None
    words = [token.text for token in tokenize(value)]
    return words if len(words) > 1 else None


def _times(op: object) -> tuple[int, int | None]:
    if isinstance(op, str):
        if op in _OPS:
            return _OPS[op]
        counted = _COUNTED.fullmatch(op)
        if counted and (counted[1] or counted[3]):
            low = int(counted[1] or 0)
            high = (int(counted[3]) if counted[3] else None) if counted[2] else low
            if low <= _MOST_STEPS and (high is None or low <= high <= _MOST_STEPS) and high != 0:
                return low, high
    raise DataError(f"op {op!r} is unknown", hint="There are ? + * ! {n} {n,m} {n,} {,m}.")


def _starts(named: Mapping[str, Any]) -> frozenset[str] | None:
    for name in ("LOWER", "TEXT", "ORTH", "NORM"):
        value = named.get(name)
        if isinstance(value, str):
            return frozenset((value.casefold(),))
        if isinstance(value, Mapping) and isinstance(value.get("IN"), list):
            return frozenset(str(one).casefold() for one in value["IN"])
    return None


def _of_condition(named: Mapping[str, Any]) -> Test:
    tests = [_of_attribute(name, value) for name, value in named.items()]
    if len(tests) == 1:
        return tests[0]
    return lru_cache(_REMEMBERED)(lambda text: all(test(text) for test in tests))


def _of_attribute(name: str, value: Any) -> Test:
    if name in _FLAGS:
        if not isinstance(value, bool):
            raise DataError(f"{name.lower()} is true or false, not {value!r}")
        flag = _FLAGS[name]
        return (lambda text: bool(flag(text))) if value else (lambda text: not flag(text))
    if name == "LENGTH":
        return _of_length(value)
    if name == "REGEX":
        return _of_regex("TEXT", value)
    if name in _TEXTS:
        return _of_text(name, value)
    if name in _NEEDS_A_MODEL:
        hint = 'Write the forms out: {"lower": {"in": ["take", "takes", "took"]}}.'
        raise DataError(f"{name.lower()} needs a language model, and patterns look at the text alone", hint=hint)
    raise DataError(f"{name.lower()!r} is unknown", hint=f"There are {', '.join(_KNOWN)}, regex and op.")


def _of_text(name: str, value: Any) -> Test:
    """Compile a condition on the token as it is, folded, or as a shape."""
    form = {"LOWER": str.casefold, "NORM": str.casefold, "SHAPE": shape}.get(name, str)
    fold: Callable[[str], str] = str.casefold if name in ("LOWER", "NORM") else str
    if isinstance(value, str):
        wanted = fold(value)
        return lambda text: form(text) == wanted
    if not isinstance(value, Mapping) or not value:
        raise DataError(f"{name.lower()} is a text, or a condition on it, not {value!r}")
    tests: list[Test] = []
    for operator, operand in value.items():
        if operator.upper() == "REGEX":
            tests.append(_of_regex(name, operand))
            continue
        if operator.upper() not in ("IN", "NOT_IN"):
            raise DataError(f"{name.lower()}: {operator!r} is unknown", hint="There are in, not_in and regex.")
        tests.append(_among(name, operator.upper(), operand, form, fold))
    return tests[0] if len(tests) == 1 else lambda text: all(test(text) for test in tests)


def _among(name: str, operator: str, operand: Any, form: Callable[[str], str], fold: Callable[[str], str]) -> Test:
    if not isinstance(operand, list) or not all(isinstance(one, str) for one in operand):
        raise DataError(f"{name.lower()}: {operator.lower()} takes a list of texts, not {operand!r}")
    several = next((one for one in operand if name != "SHAPE" and len(tokenize(one)) != 1), None)
    if several is not None:
        raise DataError(f"{several!r} is not one token here", hint="Make a pattern of its own for it.")
    words = frozenset(map(fold, operand))
    return (lambda text: form(text) in words) if operator == "IN" else (lambda text: form(text) not in words)


def _of_regex(name: str, value: Any) -> Test:
    try:
        wanted = regex.compile(value)
    except (regex.error, TypeError, ValueError) as error:
        raise DataError(f"{value!r} is no regular expression: {error}") from None
    folded = name in ("LOWER", "NORM")

    def test(text: str) -> bool:
        try:
            return wanted.search(text.casefold() if folded else text, timeout=_SECONDS) is not None
        except TimeoutError:
            return False

    return lru_cache(_REMEMBERED)(test)


def _of_length(value: Any) -> Test:
    ways: dict[str, Callable[[int, int], bool]] = {
        "==": int.__eq__, "!=": int.__ne__, ">=": int.__ge__, "<=": int.__le__, ">": int.__gt__, "<": int.__lt__
    }  # fmt: skip
    wanted = {"==": value} if isinstance(value, int) else value
    if not isinstance(wanted, Mapping) or not wanted or not all(isinstance(n, int) for n in wanted.values()):
        raise DataError(f'length is a number, or a condition such as {{">=": 5}}, not {value!r}')
    unknown = next((way for way in wanted if way not in ways), None)
    if unknown is not None:
        raise DataError(f"length: {unknown!r} is unknown", hint=f"There are {', '.join(ways)}.")
    tests = [(ways[way], n) for way, n in wanted.items()]
    return lambda text: all(way(len(text), n) for way, n in tests)


def shape(text: str) -> str:
    """Return the shape of a token as spaCy has it: `Xxxxx`, `dd`, runs of one kind cut at four."""
    made: list[str] = []
    for character in text:
        kind = "d" if character.isdigit() else character
        if character.isalpha():
            kind = "X" if character.isupper() else "x"
        if made[-4:] != [kind] * 4:
            made.append(kind)
    return "".join(made)

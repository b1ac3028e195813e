"""What a table's columns are: delimiter, quoting, header, text, label and id, guessed from its first rows."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tui_annotate.domain.scheme import Scheme
from tui_annotate.errors import DataError
from tui_annotate.formats.base import ReadOptions, unnamed_label
from tui_annotate.formats.tables.quoting import tabs_are_quoted

_TEXT_NAMES = "text content message sentence body tweet review comment document utterance question post description v2"
_LABEL_NAMES = "label labels class category target tag sentiment intent y v1"
_ID_NAMES = "id doc_id docid document_id key uid guid"
_TRUE_WORDS = (("true", "false"), ("yes", "no"), ("1", "0"), ("y", "n"), ("t", "f"))
_MOST_VALUES = 50
_LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class LabelColumn:
    """A column that holds a document label."""

    index: int
    name: str
    kind: str
    """`choice`, `choices`, `text`, or `boolean`."""
    words: Mapping[str, bool] = field(default_factory=dict)
    """What the cells of a boolean column mean, casefolded."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Which column is what."""

    header: bool
    names: tuple[str, ...]
    text: int
    id: int | None
    confirmed: int | None
    labels: tuple[LabelColumn, ...]
    said: tuple[str, ...]
    """What was guessed, to be shown."""


def dialect_of(sample: str, name: str, *, whole: bool) -> type[csv.Dialect]:
    """Guess delimiter and quoting from the beginning of a table; `whole` says that it is all of it."""
    lines = sample.splitlines(True)
    lines = lines if whole or len(lines) < 2 else lines[:-1]
    in_tabs = tabs_are_quoted(sample, whole=whole)
    order = "\t,;|" if name.lower().endswith(".tsv") or "\t" in lines[0] else ",;|\t"
    for delimiter in order:
        if _is_own_header(lines[0], delimiter):
            return dialect(delimiter, quoted=delimiter != "\t" or in_tabs)
    best, best_score, quoted = order[0], -1.0, True
    for delimiter in order:
        for quoting in (True, False) if delimiter != "\t" else (in_tabs,):
            score = _consistency(lines, delimiter, quoting)
            if score > best_score + 1e-9:
                best, best_score, quoted = delimiter, score, quoting
    return dialect(best, quoted=quoted)


def dialect(a_delimiter: str, *, quoted: bool) -> type[csv.Dialect]:
    """Return how a table is read."""

    class Found(csv.excel):
        delimiter = a_delimiter
        quoting = csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
        strict = False

    return Found


def _is_own_header(line: str, delimiter: str) -> bool:
    """Say whether a first line is a header with a column for text beside others that we know."""
    cells = {cell.strip().strip('"').casefold() for cell in line.split(delimiter)}
    known = {*_TEXT_NAMES.split(), *_LABEL_NAMES.split(), *_ID_NAMES.split(), "confirmed"}
    return len(cells) > 1 and bool(cells & set(_TEXT_NAMES.split())) and len(cells & known) > 1


def _consistency(lines: Sequence[str], delimiter: str, quoted: bool) -> float:
    """Return the share of rows that have the commonest number of columns; 0 when that is one."""
    try:
        counts = Counter(len(row) for row in csv.reader(lines[:200], dialect(delimiter, quoted=quoted)) if row)
    except csv.Error:
        return 0.0
    columns, rows = counts.most_common(1)[0] if counts else (1, 0)
    return rows / counts.total() if columns > 1 else 0.0


def layout_of(rows: Sequence[Sequence[str]], options: ReadOptions) -> Layout:
    """Say which column is what.

    Raises:
        DataError: A column that the options name does not exist.
    """
    rows = [row for row in rows if row]
    width = Counter(len(row) for row in rows).most_common(1)[0][0]
    header = _has_header(rows, options)
    names = tuple(rows[0]) if header else tuple(str(n) for n in range(1, width + 1))
    body = [row for row in (rows[1:] if header else rows) if len(row) == width] or list(rows[:1])
    columns = [[row[at] if at < len(row) else "" for row in body] for at in range(len(names))]
    free = list(range(len(columns)))
    text = _column(options.text_column, names, "text")
    id = _column(options.id_column, names, "id")
    label = _column(options.label_column, names, "label")
    confirmed = _named(names, "confirmed", free) if header else None
    labels = _label_columns(names, options.scheme) if header else []
    taken = {at for at in (text, id, label, confirmed) if at is not None} | set(labels)
    free = [at for at in free if at not in taken]
    if header:
        called = [at for at in free if names[at].strip().casefold() in _ID_NAMES.split()]
        if id is None:
            # What is called `id` is the id, also where one comes again; others may be ids of something else.
            id = _named(names, "id", called)
            id = _named(names, _ID_NAMES, [at for at in called if _is_key(columns[at])]) if id is None else id
        free = [at for at in free if at not in called] or free
    if text is None:
        text = _guess_text(names, columns, free if free else list(range(len(columns))), header)
        free = [at for at in free if at != text]
    if label is None and not labels:
        label = _guess_label(names, columns, free, header)
    if label is not None and label not in labels:
        labels.append(label)
    found = tuple(_label_column(at, names, columns, header, options) for at in labels)
    used = {text, id, confirmed, *labels}
    beside = [at for at in range(len(names)) if at not in used]
    again = len(columns[id]) - len(set(columns[id])) if id is not None and not _is_key(columns[id]) else 0
    said = _said(header, names, text, id, again, found)
    if beside:
        said.append(f"kept beside: column {', '.join(_called(at, names, header) for at in beside)}")
    return Layout(header, names, text, id, confirmed, found, ("; ".join(said),))


def _column(asked: str, names: Sequence[str], what: str) -> int | None:
    if not asked:
        return None
    if asked in names:
        return list(names).index(asked)
    if asked.isdecimal() and 1 <= int(asked) <= len(names):
        return int(asked) - 1
    raise DataError(f"there is no column {asked!r} for the {what}.", hint=f"Columns are {', '.join(names)}.")


def _named(names: Sequence[str], wanted: str, among: Sequence[int]) -> int | None:
    folded = [name.strip().casefold() for name in names]
    return next((at for want in wanted.split() for at in among if folded[at] == want), None)


def _is_own(names: Sequence[str]) -> bool:
    return tuple(names[:2]) == ("id", "text") and names[-1] == "confirmed"


def _label_columns(names: Sequence[str], scheme: Scheme) -> list[int]:
    """Return the columns named like labels of the scheme, and in a table that we wrote all that can be labels."""
    if _is_own(names):
        return list(range(2, len(names) - 1))
    return [at for at, name in enumerate(names) if scheme.label(name) is not None]


def _has_header(rows: Sequence[Sequence[str]], options: ReadOptions) -> bool:
    first = rows[0]
    cells = [cell.strip() for cell in first]
    if len(set(cells)) != len(cells) or any(len(cell) > _LONGEST_NAME or "\n" in cell for cell in cells):
        return False
    asked = (options.text_column, options.label_column, options.id_column)
    if any(column and not column.isdecimal() and column in cells for column in asked):
        return True
    known = {*_TEXT_NAMES.split(), *_LABEL_NAMES.split(), *_ID_NAMES.split(), "confirmed"}
    hits = sum(cell.casefold() in known for cell in cells) + sum(options.scheme.label(c) is not None for c in cells)
    if hits and (hits > 1 or len(cells) <= 2 or len(rows) < 3):
        return True
    return hits > 0 and all(cell and not cell.isdecimal() for cell in cells)


def _is_key(cells: Sequence[str]) -> bool:
    return all(cells) and len(set(cells)) == len(cells)


def _guess_text(names: Sequence[str], columns: Sequence[Sequence[str]], among: Sequence[int], header: bool) -> int:
    named = _named(names, _TEXT_NAMES, among) if header else None
    if named is not None:
        return named
    return max(among, key=lambda at: (sum(map(len, columns[at])) * len(set(columns[at])), -at))


def _guess_label(
    names: Sequence[str], columns: Sequence[Sequence[str]], among: Sequence[int], header: bool
) -> int | None:
    named = _named(names, _LABEL_NAMES, among) if header else None
    if named is not None:
        return named
    fitting = [at for at in among if _looks_like_label(columns[at])]
    return min(fitting, key=lambda at: (len(set(columns[at])), at), default=None)


def _looks_like_label(cells: Sequence[str]) -> bool:
    """Say whether a column has few, short values that come again; in a few rows, whether they are short words."""
    values = {cell for cell in cells if cell}
    if not values or max(map(len, values)) > _LONGEST_NAME:
        return False
    return len(values) <= _MOST_VALUES and (len(values) * 2 <= len(cells) or len(cells) < 10)


def _label_column(
    at: int, names: Sequence[str], columns: Sequence[Sequence[str]], header: bool, options: ReadOptions
) -> LabelColumn:
    values = {cell.strip() for cell in columns[at] if cell.strip()}
    name = names[at].strip() if header else ""
    known = options.scheme.label(name) if name else None
    if known is None and not (header and _is_own(names)):
        name = unnamed_label(options, ("boolean", "choice", "choices", "text"), name or "label")
        known = options.scheme.label(name)
    words = _boolean_words(values, name, options.true_value, known.kind if known else None)
    if words:
        return LabelColumn(at, name, "boolean", words)
    return LabelColumn(at, name, known.kind if known and known.kind != "boolean" else "choice")


def _boolean_words(values: set[str], name: str, true_value: str, kind: str | None) -> dict[str, bool]:
    """Return what each cell of a boolean column means; empty when the column is not boolean."""
    folded = {value.casefold() for value in values}
    if true_value:
        return {value: value == true_value.casefold() for value in folded | {true_value.casefold()}}
    if kind not in (None, "boolean"):
        return {}
    pair = next((pair for pair in _TRUE_WORDS if folded and folded <= set(pair)), None)
    if pair:
        return {pair[0]: True, pair[1]: False}
    meant = [value for value in folded if value in name.casefold()]
    if kind == "boolean" and len(folded) == 2 and len(meant) == 1:
        return {value: value == meant[0] for value in folded}
    return {}


def _said(
    header: bool, names: Sequence[str], text: int, id: int | None, again: int, labels: Sequence[LabelColumn]
) -> list[str]:
    first = "the first row is a header" if header else "no header"
    said = [f"{first}; the text is column {_called(text, names, header)}"]
    if id is not None:
        repeated = f", where {again} come{'s' * (again == 1)} again" if again else ""
        said.append(f"ids are in column {_called(id, names, header)}{repeated}")
    for column in labels:
        meaning = ", ".join(f"{word!r} is {str(true).lower()}" for word, true in sorted(column.words.items()))
        reason = f"label {column.name!r} is column {_called(column.index, names, header)}"
        said.append(f"{reason}: {meaning}" if meaning else reason)
    return said


def _called(at: int, names: Sequence[str], header: bool) -> str:
    return f"{at + 1} ({names[at]})" if header else str(at + 1)

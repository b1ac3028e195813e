"""Writes the README's table of figures from what `make bench` left in `bench/out`: `python -m bench.figures`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bench.__main__ import OUT

README = Path(__file__).parents[1] / "README.md"
_BETWEEN = re.compile(r"<!-- figures -->.*?<!-- /figures -->", re.DOTALL)

Row = tuple[str, str]


def read(name: str) -> Any:
    """Return a benchmark's result; None when it was not run."""
    path = OUT / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8"))["result"] if path.exists() else None


def keys(found: dict[str, Any]) -> Iterator[Row]:
    """Rows of `app_keys`."""
    for size, one in found.items():
        yield f"next suggestion, document of {size}", _key(one["next"])
        yield f"accept, on disk, document of {size}", _key(one["accept"])
        if "training" in one:
            yield f"accept while a training runs, {size}", _key(one["training"]["accept"])
    commit = next(iter(found.values()))["bare_commit_ms"]
    yield "a bare commit of one row beside it", f"{commit['p50']} ms, p95 {commit['p95']} ms"


def _key(found: dict[str, Any]) -> str:
    size = found["bytes"]
    return f"{_ms(found['ms'])}; {size['p50']:.0f} bytes, p95 {size['p95']:.0f}"


def _ms(found: dict[str, Any]) -> str:
    return f"{found['p50']} ms, p95 {found['p95']} ms"


def documents(found: dict[str, Any]) -> Iterator[Row]:
    """Rows of `app_documents`."""
    total = f"{found['documents']:,}"
    yield (
        f"start to the first picture, {total} documents (a bare Textual screen: {found['bare_start_ms']:.0f} ms)",
        f"{found['start_ms']:.0f} ms",
    )
    yield f"confirm and next document, {total} documents", _ms(found["confirm"]["ms"])
    yield "open 60 kB with 500 suggestions", _ms(found["open_60kB_500"]["ms"])


def waits(found: dict[str, Any]) -> Iterator[Row]:
    """Rows of `store_waits`."""
    for name, one in found.items():
        if isinstance(one, dict) and "p99" in one:
            yield f"a decision's wait, {name}", f"{one['p50']} ms, p99 {one['p99']} ms"


def imports(found: list[dict[str, Any]]) -> Iterator[Row]:
    """Rows of `store_import`."""
    for one in found:
        entities = f" with {one['entities']} entities" if one["entities"] else ""
        yield f"import, documents of {one['characters']} characters{entities}", f"{one['per_second']:,} a second"


def formats(found: dict[str, Any]) -> Iterator[Row]:
    """Rows of `formats_speed`."""
    for one in found["formats_speed"]:
        yield f"{one['what']}, {one['characters']} characters", f"{one['per_second']:,} a second"


def latency(found: dict[str, Any]) -> Iterator[Row]:
    """Rows of `learn_latency`."""
    for name, one in found.items():
        task, _, count = name.partition("_")
        yield (
            f"from the N-th confirmation to new suggestions, {task}, {count} confirmed",
            f"{one['seconds']:.1f} s, worst {one['worst']:.1f} s",
        )


def simulations(found: dict[str, Any]) -> Iterator[Row]:
    """Rows of `simulations`."""
    cases = {
        "5": "N = 5",
        "10": "N = 10",
        "5_different": "N = 5, each text once",
        "10_different": "N = 10, each text once",
    }
    for name, case in cases.items():
        sms = found.get(f"sms_{name}")
        if sms is not None:
            yield (
                f"SMS spam, {case}: confirmations until 98 % twice in a row (random order)",
                f"median {_count(sms['default']['median'])}, worst {_count(sms['default']['worst'])}"
                f" (median {_count(sms['random']['median'])}, worst {_count(sms['random']['worst'])})",
            )
    for name, case in {"bc5cdr": "N = 10", "bc5cdr_25": "N = 25"}.items():
        if name not in found:
            continue
        picked, drawn = found[name]["default"], found[name]["random"]
        for target in ("0.60", "0.69"):
            ours, theirs = picked[f"cost_to_{target}"], drawn[f"cost_to_{target}"]
            if ours:
                yield (
                    f"BC5CDR, {case}: confirmations until F1 {target} (random order)",
                    f"{_count(picked[f'to_{target}']['median'])}, {_cost(ours)}"
                    f" ({_count(drawn[f'to_{target}']['median'])}, {_cost(theirs)})",
                )


def entities(found: dict[str, Any]) -> Iterator[Row]:
    """Rows of `learn_entities`."""
    for corpus, by_pool in found.items():
        for pool, what in {"all_texts": "all texts", "train_texts": "the training texts"}.items():
            if pool in by_pool:
                sizes = by_pool[pool]["sentences"]
                yield (
                    f"{corpus}: F1 from {' / '.join(sizes)} random sentences, vectors of {what}",
                    " / ".join(f"{one['f1']:.2f}" for one in sizes.values()),
                )
        sure = by_pool.get("all_texts", {}).get("sentences", {}).get("300")
        if sure is not None:
            held = sure["calibration"]["calibrated"]
            yield (
                f"{corpus}: precision of entities shown with p of 0.9 and more, 300 sentences",
                f"{held['precision']:.3f}, shown {held['shown']:.3f}",
            )


def labels(found: dict[str, Any]) -> Iterator[Row]:
    """Rows of `learn_labels`."""
    if "accuracy" in found:
        picked, drawn = found["accuracy"]["default"], found["accuracy"]["random"]
        yield (
            f"GoEmotions: macro F1 after {' / '.join(picked)} confirmations (random order)",
            f"{' / '.join(format(one['mean'], '.2f') for one in picked.values())}"
            f" ({' / '.join(format(one['mean'], '.2f') for one in drawn.values())})",
        )
    for part in ("rounds", "million"):
        for size, one in found.get(part, {}).items():
            yield (
                f"a round of labels, {size} documents",
                f"{one['after']:.2f} s, worst {one['worst']:.2f}; the first {one['first']:.1f}; {one['megabytes']} MB",
            )


def lag(found: dict[str, Any]) -> Iterator[Row]:
    """Rows of `app_lag`."""
    for engine, late in found["milliseconds"].items():
        yield (
            f"how late the app's loop is while {engine} trains",
            f"p99 {late['training']['p99']:.1f} ms (without a training {late['alone']['p99']:.1f})",
        )


def attributes(found: dict[str, Any]) -> Iterator[Row]:
    """Rows of `learn_attributes`."""
    one = found["negated"]["default"]
    yield (
        "negation of given concepts: confirmations until F1 0.94",
        f"median {_count(one['median'])}, worst {_count(one['worst'])}",
    )


def _count(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.0f}"


def _cost(found: dict[str, float]) -> str:
    return f"{found['tokens']:,.0f} tokens read, {found['keys']:,.0f} keys" if found else "not reached"


def coverage(found: dict[str, Any]) -> Iterator[Row]:
    """Rows of `figures_coverage`."""
    for name in ("BC5CDR sentences", "SMS spam"):
        if name in found:
            figure = "f1" if "f1" in found[name]["30"] else "accuracy"
            held = " / ".join(f"{100 * found[name][size][figure]:.0f}" for size in ("30", "100", "300"))
            yield f"nominal 90 % interval of {figure}, {name}, 30 / 100 / 300 held out", f"covers {held} %"


def second_look(found: dict[str, Any]) -> Iterator[Row]:
    """Rows of `figures_second_look`."""
    yield (
        f"second look: {found['flipped']} of {found['documents']} labels flipped, found in the first tenth",
        f"{100 * found['mean']:.0f} %, worst {100 * found['worst']:.0f} %",
    )


def kills(found: dict[str, Any]) -> Iterator[Row]:
    """Rows of `kill_sessions`."""
    yield (
        f"kill -9 in the middle of a session, {found['kills']} times: decisions drawn, of them lost",
        f"{found['decisions_drawn']:,}, {found['lost']}",
    )


def searches(found: dict[str, Any]) -> Iterator[Row]:
    """Rows of `search`."""
    one = found["search"]
    yield (
        f"first page of a search, {found['documents']:,} documents, {len(one['queries'])} kinds of queries",
        f"{one['p50_ms']} ms, p95 {one['p95_ms']} ms",
    )
    caught = found["catch_up"]
    longest = max(caught["write_longest_ms"], caught["read_longest_ms"])
    yield "indexing them", f"{caught['per_second']:,} a second, longest lock {longest} ms"


def served(found: dict[str, Any]) -> Iterator[Row]:
    """Rows of `serve`."""
    fast, paced = found["as fast as they can"]["uploads"], found["150 a second, the app open"]
    yield f"uploads by {found['clients']} clients", f"{fast['a second']:.0f} a second, p99 {fast['p99']} ms"
    yield "150 uploads a second while the app is open", f"p99 {paced['uploads']['p99']} ms"
    yield "a decision meanwhile", f"{paced['decisions']['p50']} ms, p99 {paced['decisions']['p99']} ms"


def webhooks(found: dict[str, Any]) -> Iterator[Row]:
    """Rows of `webhooks`."""
    yield (
        f"{found['events']:,} events, webhook down, program killed {found['kills']} times: lost, out of order",
        f"{found['lost']}, {found['out_of_order']}",
    )


def relabelled(found: dict[str, Any]) -> Iterator[Row]:
    """Rows of `scheme_changes`."""
    for act in ("rename", "merge", "undo merge"):
        one = found[act]
        yield (
            f"{act} among {found['entities']:,} entities in {found['documents']:,} documents",
            f"{one['seconds']} s, others waited {one['others_waited']} s",
        )


SECTIONS: dict[str, Callable[[Any], Iterator[Row]]] = {
    "app_keys": keys,
    "app_documents": documents,
    "store_waits": waits,
    "store_import": imports,
    "formats_speed": formats,
    "search": searches,
    "serve": served,
    "webhooks": webhooks,
    "scheme_changes": relabelled,
    "learn_latency": latency,
    "learn_entities": entities,
    "learn_labels": labels,
    "app_lag": lag,
    "simulations": simulations,
    "figures_coverage": coverage,
    "figures_second_look": second_look,
    "learn_attributes": attributes,
    "kill_sessions": kills,
}


def table() -> str:
    """Return the table of all benchmarks that were run."""
    lines = ["| what | measured |", "|---|---|"]
    for name, section in SECTIONS.items():
        found = read(name)
        if found is not None and "skipped" not in found:
            lines += [f"| {what} | {value} |" for what, value in section(found)]
    return "\n".join(lines)


def main() -> None:
    """Put the table between the README's marks."""
    text = README.read_text(encoding="utf-8")
    fresh = f"<!-- figures -->\n\n{table()}\n\n<!-- /figures -->"
    if not _BETWEEN.search(text):
        raise SystemExit("README.md has no <!-- figures --> ... <!-- /figures -->.")
    README.write_text(_BETWEEN.sub(lambda _: fresh, text), encoding="utf-8")
    print(table())


if __name__ == "__main__":
    main()

"""Placing: which of several new labels something becomes, by its text, what stands around it, or a value it has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import regex

from tui_annotate.domain.annotations import LabelScalar
from tui_annotate.domain.documents import Document
from tui_annotate.domain.scheme_changes import Rule
from tui_annotate.domain.spans import Span, hull
from tui_annotate.errors import DataError

NEAR = 60
"""Characters to either side that a rule about the surroundings looks at."""
_SECONDS = 0.5
"""A regular expression may take for one annotation."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where something stands, for the rules of a split."""

    document: Document | None = None
    """None where the text is not known, as of predictions: rules that ask for it do not fit."""
    id: int = 0
    spans: Sequence[Span] = ()
    """Empty for a document label: all of the text is meant."""
    attributes: Mapping[str, LabelScalar] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The annotated text, fragments with a blank between them."""
        assert self.document is not None
        if not self.spans:
            return self.document.text
        return " ".join(self.document.slice(span) for span in self.spans)

    @property
    def surroundings(self) -> str:
        """The annotated text with what stands around it in its part."""
        assert self.document is not None
        if not self.spans:
            return self.document.text
        span = hull(self.spans)
        return self.document.part(span.part).text[max(0, span.start - NEAR) : span.end + NEAR]


NOWHERE = Site()


def compiled(rule: Rule) -> regex.Pattern[str] | None:
    """Return the regular expression of a rule, None of one without; raises DataError for what is none."""
    if rule.how not in ("regex", "near"):
        return None
    try:
        return regex.compile(rule.pattern)
    except regex.error as error:
        raise DataError(f"{rule.pattern!r} is no regular expression: {error}.") from None


def fits(rule: Rule, expression: regex.Pattern[str] | None, site: Site) -> bool:
    """Say whether a rule fits what stands somewhere; raises DataError where it takes too long to tell."""
    if rule.how == "query":
        return site.id in rule.documents
    if rule.how == "attribute":
        name, _, value = rule.pattern.partition("=")
        held = site.attributes.get(name)
        return held is not None and str(held).casefold() == (value or "true").casefold()
    if site.document is None:
        return False
    if rule.how == "text":
        return " ".join(site.text.split()).casefold() in {" ".join(word.split()).casefold() for word in rule.words}
    assert expression is not None
    try:
        return expression.search(site.text if rule.how == "regex" else site.surroundings, timeout=_SECONDS) is not None
    except TimeoutError:
        raise DataError(f"{rule.pattern!r} takes too long on {site.document.key}.", hint="Make it simpler.") from None

"""Small real corpora that come with the program: their texts, schemes and gold, and whose they are."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from tui_annotate.errors import UsageError

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Sample:
    """A shipped corpus."""

    name: str
    title: str
    """One line that says what there is to decide."""
    credit: str
    """Whose it is, and the terms; LICENSES.md has the full citation."""
    scheme_suffix: str = ".toml"

    @property
    def gold(self) -> Path:
        """The JSONL file with texts and gold; importable like any other."""
        return _FOLDER / f"{self.name}.jsonl"

    @property
    def scheme(self) -> Path:
        """The scheme: TOML, or the configuration of the tool that the sample is known from."""
        return _FOLDER / f"{self.name}{self.scheme_suffix}"


SAMPLES = (
    Sample(
        "spam",
        "5,574 SMS messages: spam or not, one key each",
        "SMS Spam Collection, Almeida, Gómez Hidalgo and Yamakami 2011, free without warranty",
    ),
    Sample(
        "bc5cdr",
        "800 sentences of PubMed abstracts: mark chemicals and diseases",
        "BioCreative V CDR corpus, Li et al. 2016, CC BY 4.0",
    ),
    Sample(
        "smoking",
        "30 short visits: smoking status, age and gender, from an Annotation Lab configuration",
        "texts made up for this program, of nobody; configuration after Annotation Lab's documentation",
        ".xml",
    ),
)


def get(name: str) -> Sample:
    """Return a sample by name; raises UsageError with the nearest name."""
    names = [sample.name for sample in SAMPLES]
    if name in names:
        return SAMPLES[names.index(name)]
    near = get_close_matches(name, names, n=1)
    hint = f"Did you mean {near[0]}?" if near else f"There are {', '.join(names)}."
    raise UsageError(f"There is no demo {name!r}.", hint=hint)

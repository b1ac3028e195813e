"""What can be set for a training, by engine: one struct each, read by the engines and by the form on screen.

It imports no engine and no library of machine learning, so the app can show the fields. Titles are
those of Annotation Lab's training page where it has one.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta


class LabelParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What can be set for a training of document labels."""

    c: Annotated[
        float,
        Meta(title="Inverse regularisation (C)", gt=0, description="Smaller holds the weights down more."),
    ] = 30.0
    iterations: Annotated[int, Meta(title="Epochs", ge=1, description="Most steps of the solver.")] = 300
    fit_thresholds: Annotated[
        bool,
        Meta(
            title="Fit thresholds",
            description="Choose a threshold for each value of a label of several choices; off: as if all were common.",
        ),
    ] = True
    unlabelled: Annotated[
        float,
        Meta(
            title="Weight of unlabelled text",
            ge=0,
            lt=1,
            description="Share that naive Bayes, taught by the unlabelled texts too, has in the probabilities of a"
            " boolean or a single choice; 0: none.",
        ),
    ] = 0.25


class EntityParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What can be set for a training of entities."""

    c1: Annotated[float, Meta(title="L1 regularisation", ge=0, description="Larger drops more features.")] = 0.05
    c2: Annotated[float, Meta(title="L2 regularisation", ge=0, description="Larger holds the weights down more.")] = (
        0.05
    )
    iterations: Annotated[int, Meta(title="Epochs", ge=1, description="Most steps of the solver.")] = 40
    vectors: Annotated[
        bool,
        Meta(
            title="Word vectors of the corpus",
            description="Use what all imported text says about words; off: the words themselves only.",
        ),
    ] = True
    calibrate: Annotated[
        bool,
        Meta(
            title="Calibrate probabilities",
            description="Learn from out-of-fold predictions how far probabilities can be believed; two further fits.",
        ),
    ] = True


class AttributeParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What can be set for a training of an attribute of entities."""

    c: Annotated[
        float,
        Meta(title="Inverse regularisation (C)", gt=0, description="Smaller holds the weights down more."),
    ] = 30.0
    iterations: Annotated[int, Meta(title="Epochs", ge=1, description="Most steps of the solver.")] = 300


class SpacyParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What can be set for a training of a spaCy pipeline."""

    base: Annotated[
        str,
        Meta(
            title="Pipeline, vectors or config",
            description="blank:xx, an installed pipeline or vectors, or a spaCy config file; empty: blank, in the"
            " language of the corpus.",
        ),
    ] = ""
    language: Annotated[str, Meta(title="Language", description="Code such as en or de; empty: the corpus's.")] = ""
    epochs: Annotated[int, Meta(title="Epochs", ge=1, description="Most passes over the data.")] = 20
    patience: Annotated[
        int,
        Meta(title="Patience", ge=0, description="Passes without a better figure on the validation part; 0: all."),
    ] = 5
    learning_rate: Annotated[float, Meta(title="Learning rate", gt=0, le=1, description="Of the Adam optimiser.")] = (
        0.001
    )
    decay: Annotated[
        float, Meta(title="Decay", ge=0, lt=1, description="Share by which the learning rate falls each pass.")
    ] = 0.0
    dropout: Annotated[
        float, Meta(title="Dropout", ge=0, lt=1, description="Share of the units left out while learning.")
    ] = 0.4
    batch: Annotated[int, Meta(title="Batch", ge=1, description="Most words of a batch.")] = 1000
    l2: Annotated[float, Meta(title="L2 regularisation", ge=0, description="Larger holds the weights down more.")] = (
        0.01
    )
    pool_vectors: Annotated[
        bool,
        Meta(
            title="Word vectors of the corpus",
            description="Give the pipeline the vectors learned from all imported text, where it has none of its own.",
        ),
    ] = True
    rehearse: Annotated[
        bool,
        Meta(title="Warm start", description="Go on from the deployed run of this engine, with all data."),
    ] = False


class CustomParameters(msgspec.Struct, frozen=True):
    """What can be set for a training by a script: these, and whatever the script itself takes."""

    time_limit: Annotated[
        float, Meta(title="Time limit, minutes", gt=0, description="The script is ended after so long.")
    ] = 60.0
    memory_limit: Annotated[
        float, Meta(title="Memory limit, GB", gt=0, description="The script gets no more memory than this.")
    ] = 8.0

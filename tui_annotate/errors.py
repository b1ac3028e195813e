"""Every error a user may see: one base, one subclass per area, each with its exit code.

A message says what happened, where, and what to do. The command line prints it to
stderr and exits with `exit_code`; the app shows it and keeps going.
"""

from __future__ import annotations

EXIT_OK = 0
EXIT_FAILURE = 1
EXIT_USAGE = 2
EXIT_INVALID_DATA = 3
EXIT_LOCKED = 4
EXIT_CORRUPT = 5
EXIT_NOTHING_TO_DO = 6
EXIT_INTERRUPTED = 130


class AnnotateError(Exception):
    """Anything that a user is told rather than shown as a traceback."""

    exit_code = EXIT_FAILURE

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        """What to do about it, as one sentence; empty when the message says it."""

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class UsageError(AnnotateError):
    """The call itself is wrong: an unknown name, a missing argument, options that exclude each other."""

    exit_code = EXIT_USAGE


class QueryError(UsageError):
    """A search query that cannot be understood, and where in it."""

    def __init__(self, message: str, *, column: int, query: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.column = column
        """Where the trouble begins, from 1."""
        self.query = query
        """The whole query."""

    def __str__(self) -> str:
        return f"column {self.column}: {super().__str__()}"


class SchemeError(AnnotateError):
    """A scheme that cannot be used, or a label that is not in it."""

    exit_code = EXIT_INVALID_DATA


class DataError(AnnotateError):
    """Input that cannot be read: broken files, archives, offsets."""

    exit_code = EXIT_INVALID_DATA


class UploadError(DataError):
    """Files that a client sent and that were refused, all of them; nothing was written."""

    def __init__(self, message: str, *, faults: tuple[tuple[str, str, str], ...] = (), hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.faults = faults
        """File, field and reason of each thing that was wrong."""


class DecisionError(AnnotateError):
    """A decision that makes no sense where it was asked for; nothing was changed."""


class ChangedMeanwhileError(DecisionError):
    """Another program changed what the decision is about; nothing was written."""


class DocumentGoneError(DecisionError):
    """Somebody deleted the document; nothing was written."""


class UndoError(DecisionError):
    """Nothing to undo or redo, or somebody else changed the same version since."""


class BlockedStepError(UndoError):
    """A step that cannot be taken back, or done again; those behind it wait until it is passed over."""

    def __init__(self, message: str, *, step: int, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.step = step
        """The first decision of the step."""


class StoreError(AnnotateError):
    """The corpus file could not be read or written; what was to be written is not on disk."""


class LockedError(StoreError):
    """Another process holds the corpus file for longer than the timeout."""

    exit_code = EXIT_LOCKED


class DiskFullError(StoreError):
    """No room left where the corpus lies."""


class ReadOnlyError(StoreError):
    """The corpus file or its folder may not be written."""


class CorruptError(StoreError):
    """The file is no corpus, or it is damaged."""

    exit_code = EXIT_CORRUPT


class TooNewError(StoreError):
    """The corpus was written by a newer version of the program."""

    exit_code = EXIT_CORRUPT


class LearnError(AnnotateError):
    """A training or prediction that failed; the deployed run keeps serving."""


class TooFewExamplesError(LearnError):
    """Not enough gold, or only one class of it, to fit anything."""

    exit_code = EXIT_NOTHING_TO_DO


class PoorExamplesError(TooFewExamplesError):
    """There are examples, but they cannot teach: one value only, or answers that contradict each other."""


class ResourcesError(LearnError):
    """Memory, disk or time did not suffice."""


class ParameterError(LearnError):
    """A training parameter that does not exist or has no sense."""

    exit_code = EXIT_USAGE


class NothingToDoError(AnnotateError):
    """The command was understood and there is nothing for it to do."""

    exit_code = EXIT_NOTHING_TO_DO

"""The table of everything a key does in the app, with its default keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Context = Literal[
    "app",
    "review",
    "selection",
    "corpus",
    "list",
    "versions",
    "priorities",
    "training",
    "runs",
    "patterns",
    "queue",
    "figures",
    "second-look",
    "scheme",
]
"""Where a binding is alive. `app` is everywhere, so its keys are taken in every other context."""


@dataclass(frozen=True, slots=True)
class Action:
    """Something a key does, with its default keys."""

    id: str
    """What users remap by and tests press by; never renamed."""
    keys: tuple[str, ...]
    group: str
    """Heading in the help."""
    description: str
    """A word or two, for the footer."""
    tooltip: str
    """One sentence, for the help and the palette."""
    context: Context = "review"


def _actions(context: Context, group: str, *rows: tuple[str, str, str, str]) -> tuple[Action, ...]:
    return tuple(Action(id, tuple(keys.split()), group, name, tip, context) for id, keys, name, tip in rows)


ACTIONS: tuple[Action, ...] = (
    *_actions(
        "review",
        "Decide",
        ("accept", "a", "accept", "Accept the focused suggestion and go to the next"),
        ("reject", "x", "reject", "Reject the focused suggestion; it never comes back"),
        ("change-type", "t", "change type", "Pick another type for the focused suggestion or entity"),
        ("confirm", "enter", "confirm and next", "Declare the document complete and show the next one"),
        ("skip", "s", "skip", "Leave the document for later"),
        ("reopen", "o", "reopen", "Take back the confirmation of this document"),
        ("undo", "u", "undo", "Take back the last decision, wherever it was"),
        ("redo", "U", "redo", "Decide again what was undone"),
    ),
    *_actions(
        "review",
        "Move",
        ("next-suggestion", "j", "next", "Focus the next suggestion or annotation"),
        ("previous-suggestion", "k", "previous", "Focus the one before"),
        ("next-undecided", "tab", "next undecided", "Focus the next suggestion that is still undecided"),
        ("previous-undecided", "shift+tab", "previous undecided", "Focus the undecided one before"),
        ("scroll-down", "down", "line down", "Scroll down a line"),
        ("scroll-up", "up", "line up", "Scroll up a line"),
        ("page-down", "pagedown space", "page down", "Scroll down a page"),
        ("page-up", "pageup", "page up", "Scroll up a page"),
        ("document-start", "home", "top", "Go to the start of the document"),
        ("document-end", "end", "bottom", "Go to the end of the document"),
    ),
    *_actions(
        "review",
        "Entities",
        ("add-entity", "v", "new", "Add an entity: move to it, extend it, choose its type"),
        ("resize", "e", "resize", "Move both ends of the focused entity or suggestion"),
        ("grow-left", "left_square_bracket", "grow left", "Take in one word on the left"),
        ("shrink-left", "left_curly_bracket", "shrink left", "Give up one word on the left"),
        ("grow-right", "right_square_bracket", "grow right", "Take in one word on the right"),
        ("shrink-right", "right_curly_bracket", "shrink right", "Give up one word on the right"),
        ("remove", "d backspace delete", "remove", "Remove the focused annotation"),
        ("snap", "equals_sign", "snap", "Let the ends of the focused entity or suggestion meet whole words"),
        ("attribute", "A", "attribute", "Set an attribute of the focused entity: pick it and its value"),
    ),
    *_actions(
        "review",
        "Labels",
        ("label", "l", "label", "Set a document label: pick the label, then its value"),
    ),
    *_actions(
        "review",
        "Documents",
        ("next-document", "right greater_than_sign", "next document", "Go to the next document in file order"),
        ("previous-document", "left less_than_sign", "previous document", "Go to the document before in file order"),
        ("back", "b", "back", "Go back to the document that was shown before"),
        ("go-to-document", "g", "go to", "Go to a document by its name or number"),
        ("corpus", "c", "corpus", "Show the table of all documents"),
        ("versions", "V", "versions", "Show all versions of this document: compare, accept, reject"),
        ("tag", "number_sign", "tag", "Tag this document, or take a tag off it"),
        ("guidelines", "G", "guidelines", "Read the guidelines, and the help of each label"),
        ("find", "f slash", "find", "Find text in this document"),
        ("find-again", "F", "find again", "Go to the next place where the text stands"),
        ("queue", "Q", "queue", "Show which documents come next, and why"),
        ("copy-to-identical", "D", "copy to identical", "Copy what is confirmed to all with the same text"),
    ),
    *_actions(
        "review",
        "Scheme",
        ("edit-scheme", "E", "edit labels", "Edit the labels of this corpus: add, change, reorder, with a preview"),
    ),
    *_actions(
        "review",
        "Learning",
        ("training", "T", "train", "Choose what to train and how, see what there is to learn from, and train"),
        ("runs", "R", "runs", "Show what was trained: deploy, roll back, compare, export"),
        ("patterns", "P", "patterns", "Show the patterns that suggest: try, add, remove, import"),
        ("pattern-from", "p", "pattern from this", "Make a pattern of what is focused, for its type or another label"),
        ("figures", "percent_sign", "figures", "Show what the deployed runs are worth, and whether to go on"),
        ("accept-above", "plus", "accept above", "Accept everything suggested above a probability, at once"),
        ("toggle-active-learning", "L", "active learning", "Retrain after every N confirmations, or not"),
    ),
    *_actions(
        "review",
        "View",
        ("toggle-labels", "m", "labels", "Show labels in rows, in the style only, or in the gutter"),
        ("toggle-look", "M", "look", "Change between the terminal's palette, dark, light and no colour"),
    ),
    *_actions(
        "selection",
        "Selecting text",
        ("word-right", "right w", "word right", "Move on by a word"),
        ("word-left", "left b", "word left", "Move back by a word"),
        ("character-right", "l", "character right", "Move on by a character"),
        ("character-left", "h", "character left", "Move back by a character"),
        ("seek", "f", "jump", "Jump on to the next word that begins with the letter you type then"),
        ("seek-back", "F", "jump back", "Jump back to the word that begins with the letter you type then"),
        ("seek-again", "semicolon", "jump again", "Jump again, to the same letter"),
        ("line-down", "down j", "line down", "Move down a line"),
        ("line-up", "up k", "line up", "Move up a line"),
        ("take-left", "left_square_bracket", "take left", "Take in one word on the left"),
        ("give-left", "left_curly_bracket", "give left", "Give up one word on the left"),
        ("take-right", "right_square_bracket", "take right", "Take in one word on the right"),
        ("give-right", "right_curly_bracket", "give right", "Give up one word on the right"),
        ("anchor", "space v", "hold", "Hold this end and move the other"),
        ("other-end", "o", "other end", "Move the other end"),
        ("choose-type", "enter t", "choose type", "Choose the type; an unknown name creates it"),
        ("pattern-from-selection", "p", "pattern from this", "Make a pattern of the selected text"),
        ("cancel", "escape", "cancel", "Leave without adding or changing anything"),
    ),
    *_actions(
        "corpus",
        "Corpus table",
        ("open-document", "enter", "open", "Review the document under the cursor"),
        ("filter", "f slash", "filter", "Show only documents that a query finds: words, labels, entities, tags, dates"),
        ("filter-state", "s", "state", "Show only documents in one state"),
        ("sort", "o", "sort", "Sort by file order, name, state or last change"),
        ("tag-documents", "number_sign", "tag", "Tag all documents that the table shows, or take a tag off them"),
        ("label-next", "n", "label next", "Show the documents found next, before all others"),
        ("row-down", "j down", "down", "Go down a row"),
        ("row-up", "k up", "up", "Go up a row"),
        ("rows-down", "pagedown space", "page down", "Go down a page"),
        ("rows-up", "pageup", "page up", "Go up a page"),
        ("first-row", "home", "first", "Go to the first document"),
        ("last-row", "end", "last", "Go to the last document"),
        ("close", "escape c", "back", "Stop the search, else show all documents, else go back to the document"),
    ),
    *_actions(
        "list",
        "Lists",
        ("list-down", "j", "down", "Go down a row"),
        ("list-up", "k", "up", "Go up a row"),
        ("list-close", "escape", "back", "Go back to the document"),
    ),
    *_actions(
        "versions",
        "Versions",
        ("accept-version", "a", "accept", "Accept the version: it counts alone, and master is this one"),
        ("reject-version", "x", "reject", "Reject the version, with a note: it never counts"),
        ("correct-version", "c", "to correct", "Send the version back to be corrected, with a note"),
        ("clear-review", "r", "clear", "Take back what a reviewer said of the version"),
        ("read-version", "enter", "read", "Read the version in its text, with where it differs"),
        ("take-version", "t", "begin from it", "Make your version the same as this one, in progress"),
        ("undo-review", "u", "undo", "Take back your last decision on this document"),
    ),
    *_actions(
        "priorities",
        "Priority of annotators",
        ("move-earlier", "K", "counts more", "Let the annotator count more than the one above"),
        ("move-later", "J", "counts less", "Let the annotator count less than the one below"),
    ),
    *_actions(
        "training",
        "Training",
        ("change-option", "enter space", "change", "Change the line under the cursor"),
        ("start-training", "T", "train", "Train as the lines say"),
        ("next-step", "n right", "next step", "Go to the next step"),
        ("previous-step", "p left", "step before", "Go to the step before"),
        ("whole-form", "w", "steps or page", "Show all on one page, or in three steps"),
        ("training-log", "l", "log", "Show the whole log"),
        ("stop-training", "x", "cancel", "End the running training; the deployed runs stay"),
    ),
    *_actions(
        "runs",
        "Runs",
        ("deploy-run", "enter", "deploy", "Put the run under the cursor to use"),
        ("roll-back", "b", "roll back", "Put the run to use that was deployed before, for the task under the cursor"),
        ("run-log", "l", "log", "Show what the training said"),
        ("export-run", "e", "export", "Write the model to a folder that other programs load"),
        ("attach-run", "a", "attach", "Take a run of another corpus, or an exported one"),
        ("delete-run", "x delete", "delete", "Delete the run with its model"),
    ),
    *_actions(
        "patterns",
        "Patterns",
        ("add-pattern", "a", "add", "Add a pattern: what it suggests, then what it looks for"),
        ("try-pattern", "enter", "try", "Count where the pattern under the cursor stands, with examples"),
        ("switch-pattern", "space", "on or off", "Switch the pattern under the cursor off, or on again"),
        ("remove-pattern", "x delete", "remove", "Remove the pattern under the cursor"),
        ("import-patterns", "i", "import", "Take patterns from a file"),
        ("export-patterns", "e", "export", "Write the patterns to a file"),
        ("filter-patterns", "f slash", "filter", "Show only patterns that hold something"),
    ),
    *_actions(
        "queue",
        "Queue",
        ("open-queued", "enter", "open", "Review the document under the cursor now"),
        ("forget-asked", "x", "forget the search", "Take out the documents that a search put first"),
    ),
    *_actions(
        "figures",
        "Figures",
        ("next-section", "right tab", "next", "Show the next kind of figures"),
        ("previous-section", "left shift+tab", "previous", "Show the kind of figures before"),
        ("choose-task", "t", "task", "Choose the task"),
        ("choose-run", "r", "run", "Choose another run than the deployed one"),
        ("compare-run", "v", "compare", "Hold the run against another one, on the same documents"),
        ("evaluate", "e", "evaluate", "Measure the run anew, on the gold as it is now"),
        ("draw-curve", "c", "curve", "Train on parts of the gold and draw what more of it brings"),
        ("audit", "a", "audit", "Have random documents come next, to be measured on"),
        ("set-target", "g", "target", "Set the figure that is enough"),
        ("look-again", "l", "second look", "Find confirmed documents that models contradict which never saw them"),
        ("figures-down", "down j", "down", "Scroll down"),
        ("figures-up", "up k", "up", "Scroll up"),
        ("figures-page-down", "pagedown space", "page down", "Scroll down a page"),
        ("figures-page-up", "pageup", "page up", "Scroll up a page"),
        ("figures-close", "escape", "back", "Go back to the document"),
    ),
    *_actions(
        "second-look",
        "Second look",
        ("open-suspect", "enter", "open", "Open the document, with what the models say as suggestion"),
        ("keep-suspect", "a", "right as it is", "Say that the document is right as it is: it does not come back"),
    ),
    *_actions(
        "scheme",
        "Editing labels",
        ("change-field", "enter", "change", "Change something about the label or option under the cursor"),
        ("add-label", "a", "add", "Add an entity type, a document label, an attribute or a relation type"),
        ("add-option", "o", "option", "Add an option to the label under the cursor"),
        ("drop-label", "x delete", "delete", "Delete the label or option under the cursor"),
        ("label-up", "K", "up", "Move the label or option up among its like"),
        ("label-down", "J", "down", "Move the label or option down among its like"),
        ("take-back", "u", "undo", "Take the last change of this table back"),
        ("load-labels", "i", "load", "Take labels from a scheme file: TOML, Label Studio, tagtog, doccano, Prodigy"),
        ("save-scheme", "s", "save", "Put what the table says in force"),
    ),
    *_actions(
        "app",
        "Program",
        ("palette", "colon", "commands", "Search all commands"),
        ("help", "question_mark", "help", "Show every key that is alive here"),
        ("quit", "q", "quit", "Leave; everything is on disk already"),
    ),
)  # fmt: skip

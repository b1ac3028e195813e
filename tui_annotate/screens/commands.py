"""The commands that have no key of their own: the palette offers them beside the actions."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Command:
    """Something the palette offers."""

    id: str
    name: str
    help: str


REVIEW_COMMANDS = (
    Command("next-in-queue", "next from the queue", "Show the document that is asked for next"),
    Command("reload", "reload document", "Read this document again, with what others wrote in it"),
    Command("new-type", "new entity type", "Add an entity type to the scheme; it gets a key"),
    Command("new-label", "new document label", "Add a document label to the scheme"),
)
"""Without keys, on the review screen."""

CORPUS_COMMANDS = (
    Command("import", "import", "Import files or a folder into this corpus"),
    Command("edit-scheme", "edit labels", "Edit the labels of this corpus: add, change, reorder, with a preview"),
    Command("rename-label", "rename a label", "Give a label another name, in everything that is annotated with it"),
    Command("merge-labels", "merge labels", "Make one label of several"),
    Command("split-label", "split a label", "Make several labels of one, by rules or by deciding anew"),
    Command("delete-label", "delete a label", "Take a label out of the scheme, with what is annotated with it"),
    Command("load-scheme", "load labels", "Take labels from a scheme file of another tool into this corpus"),
    Command("train", "train now", "Train all tasks as they are set, without the form"),
    Command("set-every", "retrain after N", "Set after how many confirmations a training begins"),
    Command("priority", "priority of annotators", "Say whose version counts where several are confirmed"),
    Command("stop", "stop or go on", "Say whether more confirmations are worth it, and what an audit would show"),
    Command("second-look", "second look", "Find confirmed documents that models contradict which never saw them"),
    Command("messages", "messages", "Read again, and whole, what was told last"),
    Command("settings", "settings", "Change how this corpus is reviewed and learned from"),
    Command("cancel-training", "cancel training", "End the running training; the deployed runs stay"),
    Command("rollback", "roll back", "Deploy the run that was deployed before"),
    Command("start", "open another corpus", "Leave this corpus for the start screen"),
)
"""Wherever a corpus is open."""

APP_COMMANDS = (
    Command("look-terminal", "look: terminal palette", "Use the terminal's own colours"),
    Command("look-dark", "look: dark", "Use true colours on a dark ground"),
    Command("look-light", "look: light", "Use true colours on a light ground"),
    Command("look-no-colour", "look: no colour", "Use no colours at all"),
)

"""The talk with the operator: rate an episode, put the objects back, take the last label back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from deft_cem.operator.answers import HOW, AnswerError, Label, Ranking, parse_label, parse_verdict

# Prompts and gives the answer's line.
Ask = Callable[[str], str]
Say = Callable[[str], None]


@dataclass(frozen=True)
class Last:
    """The label that can still be taken back."""

    run_id: str
    index: int
    label: Label


class Dialogue:
    """Asks a person.

    Args:
        ask: Shows a prompt and returns a line.
        say: Shows a line.
        correct: Sends a corrected label; returns what became of it.
        compare: Ask which of two tries was better instead of for a score.
    """

    def __init__(self, ask: Ask, say: Say, correct: Callable[[Last], str], compare: bool = False) -> None:
        self._ask, self._say, self._correct = ask, say, correct
        self._compare = compare
        self.ranking = Ranking()
        self.last: Last | None = None

    def rate(self, run_id: str, task: str, index: int) -> Label | None:
        """Ask for an episode's label; None if it is to be redone."""
        title = f"{task}, try {index}"
        label = self._label(title, index, redo=True)
        if label is None:
            self._say(f"{title}: to be redone")
            return None
        self.last = Last(run_id, index, label)
        self._say(f"{title}: {label}")
        return label

    def reset(self, task: str, objects: str) -> bool:
        """Ask for the objects to be put back; False if that cannot be done."""
        while True:
            undo = f", u = undo the label of try {self.last.index} ({self.last.label})" if self.last else ""
            prompt = f"put the {objects} objects of {task} back. [Enter = done{undo}, q = it cannot be done] "
            answer = self._ask(prompt).strip().lower()
            if answer == "u" and self.last:
                self._undo(self.last, task)
            elif answer == "q":
                return False
            elif answer == "":
                self.last = None
                return True
            else:
                self._say(f"{answer!r} is none of: Enter{', u' if self.last else ''}, q")

    def _undo(self, last: Last, task: str) -> None:
        label = self._label(f"{task}, try {last.index} again", last.index, redo=False)
        if label is not None:
            self.last = Last(last.run_id, last.index, label)
            self._say(self._correct(self.last))

    def _label(self, title: str, index: int, redo: bool) -> Label | None:
        if self._compare:
            return self._compared(title, index, redo)
        choices = f"[{HOW}{'; r = redo the try' if redo else ''}]"
        while True:
            answer = self._ask(f"{title}: how was it? {choices} ")
            if redo and answer.strip().lower() == "r":
                return None
            try:
                return parse_label(answer)
            except AnswerError as error:
                self._say(str(error))

    def _compared(self, title: str, index: int, redo: bool) -> Label | None:
        success = self._verdict(f"{title}: did it succeed? [y, n{', r = redo the try' if redo else ''}] ", redo)
        if success is None:
            return None

        def better_than(other: int) -> bool:
            return bool(self._verdict(f"{title}: was it better than try {other}? [y, n] ", False))

        return Label(self.ranking.place(index, better_than), success)

    def _verdict(self, prompt: str, redo: bool) -> bool | None:
        while True:
            answer = self._ask(prompt)
            if redo and answer.strip().lower() == "r":
                return None
            try:
                return parse_verdict(answer)
            except AnswerError as error:
                self._say(str(error))

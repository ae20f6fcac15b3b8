"""The talk with the operator: rate an episode, put the objects back, take the last label back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from deft_cem.operator.answers import HOW, AnswerError, Label, Ranking, parse_label, parse_verdict

# Prompts and gives the answer's line.
Ask = Callable[[str], str]
Say = Callable[[str], None]


@dataclass(frozen=True)
class Try:
    """Which try of a run; both phases count from 1."""

    run_id: str
    phase: str
    index: int

    def __str__(self) -> str:
        return f"evaluation trial {self.index}" if self.phase == "evaluation" else f"try {self.index}"


@dataclass(frozen=True)
class Last:
    """The label that can still be taken back."""

    of: Try
    label: Label


class Dialogue:
    """Asks a person.

    Args:
        ask: Shows a prompt and returns a line.
        say: Shows a line.
        correct: Sends a corrected label; returns what became of it.
        compare: While fine-tuning, ask which of two tries of the run was better instead of for a score.
    """

    def __init__(self, ask: Ask, say: Say, correct: Callable[[Last], str], compare: bool = False) -> None:
        self._ask, self._say, self._correct = ask, say, correct
        self._compare = compare
        self._rankings: defaultdict[str, Ranking] = defaultdict(Ranking)
        self.last: Last | None = None

    def learn(self, run_id: str, index: int, score: float) -> None:
        """Take in a fine-tuning try's score that was given before: later tries are compared with it."""
        self._rankings[run_id].learn(index, score)

    def rate(self, task: str, which: Try) -> Label | None:
        """Ask for an episode's label; None if it is to be redone."""
        title = f"{task}, {which}"
        label = self._label(title, which, redo=True)
        if label is None:
            self._say(f"{title}: to be redone")
            return None
        self.last = Last(which, label)
        self._say(f"{title}: {label}")
        return label

    def reset(self, task: str, objects: str) -> bool:
        """Ask for the objects to be put back; False if that cannot be done."""
        while True:
            undo = f", u = undo the label of {self.last.of} ({self.last.label})" if self.last else ""
            prompt = f"put the {objects} objects of {task} back. [Enter = done{undo}, q = it cannot be done] "
            answer = self._ask(prompt).strip().lower()
            if answer == "u" and self.last:
                self._undo(self.last.of, task)
            elif answer == "q":
                return False
            elif answer == "":
                self.last = None
                return True
            else:
                self._say(f"{answer!r} is none of: Enter{', u' if self.last else ''}, q")

    def _undo(self, which: Try, task: str) -> None:
        label = self._label(f"{task}, {which} again", which, redo=False)
        if label is not None:
            self.last = Last(which, label)
            self._say(self._correct(self.last))

    def _label(self, title: str, which: Try, redo: bool) -> Label | None:
        if self._compare and which.phase == "finetune":
            return self._compared(title, which, redo)
        choices = f"[{HOW}{'; r = redo the try' if redo else ''}]"
        while True:
            answer = self._ask(f"{title}: how was it? {choices} ")
            if redo and answer.strip().lower() == "r":
                return None
            try:
                return parse_label(answer)
            except AnswerError as error:
                self._say(str(error))

    def _compared(self, title: str, which: Try, redo: bool) -> Label | None:
        success = self._verdict(f"{title}: did it succeed? [y, n{', r = redo the try' if redo else ''}] ", redo)
        if success is None:
            return None

        def better_than(other: int) -> bool:
            return bool(self._verdict(f"{title}: was it better than try {other}? [y, n] ", False))

        return Label(self._rankings[which.run_id].place(which.index, better_than), success)

    def _verdict(self, prompt: str, redo: bool) -> bool | None:
        while True:
            answer = self._ask(prompt)
            if redo and answer.strip().lower() == "r":
                return None
            try:
                return parse_verdict(answer)
            except AnswerError as error:
                self._say(str(error))

"""What people say they do with things: one-line instructions by verb, and the words of all nine tasks."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import numpy as np

from deft_core.task import available_tasks, load_task

# Templates by verb; {noun} is what the object is called.
TEMPLATES: dict[str, tuple[str, ...]] = {
    "pick": (
        "pick up the {noun}",
        "pick the {noun} up",
        "grab the {noun}",
        "take the {noun}",
        "lift the {noun}",
        "lift up the {noun} from the table",
        "hold the {noun} in your hand",
        "get the {noun} off the table",
        "raise the {noun}",
        "grasp the {noun} and lift it",
    ),
    "pour": (
        "pour from the {noun}",
        "pour the {noun}",
        "pour out the {noun}",
        "empty the {noun}",
        "empty out the {noun} slowly",
        "tip the {noun} over to pour",
        "tip out what is in the {noun}",
        "turn the {noun} over and pour it out",
        "pour the water from the {noun}",
        "tilt the {noun} to pour",
    ),
    "open": (
        "open up the {noun}",
        "pull the {noun} out",
        "pull open the {noun}",
        "slide the {noun} open",
        "open the {noun} by its handle",
        "take the handle and pull",
        "pull on the handle of the {noun}",
        "draw the {noun} out slowly",
        "open the {noun} by pulling",
        "slide out the {noun}",
    ),
    "scoop": (
        "scoop up grapes with the {noun}",
        "get a grape with the {noun}",
        "lift one grape with the {noun}",
        "use the {noun} to scoop a grape from the bowl",
        "take up a grape on the {noun} out of the bowl",
        "bring a grape up from the dish with the {noun}",
        "scoop one out of the dish",
        "spoon one grape out of the dish",
        "spoon up grapes with the {noun}",
        "with the {noun} scoop up one of the grapes",
    ),
    "stir": (
        "stir it with the {noun}",
        "stir what is in the pot with the {noun}",
        "use the {noun} to stir the pot",
        "move the {noun} around",
        "go around in the pot with the {noun}",
        "mix the soup with the {noun}",
        "stir the soup in the pot",
        "turn the {noun} around in the pot",
        "stir around in the jar",
        "stir the jar with the {noun}",
    ),
    "flip": (
        "flip over the {noun}",
        "turn over the {noun}",
        "turn the {noun} around so that its other side is up",
        "flip the {noun} onto its other side",
        "put the {noun} upside down",
        "turn the {noun} upside down",
        "take the {noun} and flip it over",
        "flip the {noun} to its other side",
        "toss the {noun} over",
        "turn up the other side of the {noun}",
    ),
    "squeeze": (
        "squeeze the {noun} on the juicer",
        "press the {noun}",
        "press down on the {noun}",
        "squeeze out the {noun}",
        "juice the {noun} on the juicer",
        "press the juice out of the {noun}",
        "press and turn the {noun} on the juicer",
        "get the juice out of the {noun}",
        "squeeze the juice from the {noun}",
        "push the {noun} down and juice it",
    ),
}
# What a kind is called, when something is done with it.
NOUNS: dict[str, tuple[str, ...]] = {
    "bagel": ("bagel", "bagel", "bread ring", "roll"),
    "bunch": ("grapes", "grapes", "bunch of grapes", "bunch", "grape bunch"),
    "cup": ("cup", "cup", "mug", "tumbler", "paper cup"),
    "drawer": ("drawer", "drawer", "cabinet drawer", "box"),
    "lemon": ("lemon", "lemon", "lemon half", "half lemon", "lime"),
    "spoon": ("spoon", "spoon", "ladle", "wooden spoon", "spoon by the handle"),
    "spoon in dish": ("spoon", "spoon", "ladle", "scoop"),
    "spoon in pot": ("spoon", "spoon", "ladle", "wooden spoon"),
}
# The other tasks' words: known to the vocabulary from the start, so that a checkpoint can be trained on without new
# tokens.
NINE_TASKS = (
    "pick up the cup",
    "pour from the cup",
    "open the drawer by pulling its handle",
    "pick up the spoon",
    "scoop a grape with the spoon from the bowl",
    "stir the pot or jar with the spoon",
    "pick the grapes from the stem of the bunch",
    "flip the bagel with the spatula",
    "squeeze the lemon on the juicer",
)


@cache
def task_paraphrases() -> frozenset[str]:
    """Other words for the tasks' instructions: kept for testing, never drawn."""
    return frozenset(text for name in available_tasks() for text in load_task(name).paraphrases)


def draw_instruction(verb: str, kind: str, rng: np.random.Generator) -> str:
    """Draw an instruction for doing `verb` with an object of a kind."""
    while True:
        text = str(rng.choice(TEMPLATES[verb])).format(noun=rng.choice(NOUNS[kind]))
        if text not in task_paraphrases():
            return text


def said_of(kind: str, verbs: Iterable[str]) -> list[str]:
    """Every sentence that people may say of a kind: of all verbs, in all words."""
    return [text.format(noun=noun) for verb in verbs for text in TEMPLATES[verb] for noun in NOUNS[kind]]


def all_texts() -> list[str]:
    """Every instruction that the vocabulary must know, those of the task files included."""
    texts = [t.format(noun=noun) for ts in TEMPLATES.values() for t in ts for ns in NOUNS.values() for noun in ns]
    texts += NINE_TASKS
    for name in available_tasks():
        task = load_task(name)
        texts += [task.instruction, *task.paraphrases]
    return texts

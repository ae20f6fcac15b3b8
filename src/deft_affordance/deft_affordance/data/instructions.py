"""What people say they do with things: one-line instructions by verb, and the words of all nine tasks."""

from __future__ import annotations

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
}
NOUNS: dict[str, tuple[str, ...]] = {"cup": ("cup", "cup", "mug", "tumbler", "paper cup")}
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


def draw_instruction(verb: str, kind: str, rng: np.random.Generator) -> str:
    """Draw an instruction for doing `verb` with an object of a kind."""
    return str(rng.choice(TEMPLATES[verb])).format(noun=rng.choice(NOUNS[kind]))


def all_texts() -> list[str]:
    """Every instruction that the vocabulary must know, those of the task files included."""
    texts = [t.format(noun=noun) for ts in TEMPLATES.values() for t in ts for ns in NOUNS.values() for noun in ns]
    texts += NINE_TASKS
    for name in available_tasks():
        task = load_task(name)
        texts += [task.instruction, *task.paraphrases]
    return texts

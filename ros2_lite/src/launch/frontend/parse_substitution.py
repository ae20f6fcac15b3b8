"""Read text with substitutions such as ``$(find-pkg-share deft)/config/$(var file 'default.yaml')``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import substitutions

if TYPE_CHECKING:
    from ..substitution import Substitution


_KEYWORDS: dict[str, list[str | None]] = {
    "command": [None, "on_stderr"],
    "env": [None, "default_value"],
    "find-exec": ["name"],
    "param": [None, "default"],
    "var": [None, "default"],
}


class _Reader:
    """A position in the text, and what can be read there."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def fail(self, problem: str) -> RuntimeError:
        return RuntimeError(f"cannot parse substitutions in '{self.text}' at character {self.at}: {problem}")

    def starts(self, token: str) -> bool:
        return self.text.startswith(token, self.at)

    @property
    def done(self) -> bool:
        return self.at >= len(self.text)

    def read(self, ends: str) -> list[Substitution]:
        """Read until one of the characters in ``ends``, outside of nested substitutions, or the end of the text."""
        from ..substitutions import TextSubstitution

        parts: list[Substitution] = []
        plain = ""
        while not self.done and self.text[self.at] not in ends:
            if self.starts("$("):
                if plain:
                    parts.append(TextSubstitution(text=plain))
                    plain = ""
                parts.append(self.read_substitution())
                continue
            if self.starts("\\") and self.at + 1 < len(self.text) and self.text[self.at + 1] in "$()'\"\\":
                self.at += 1
            plain += self.text[self.at]
            self.at += 1
        if plain or not parts:
            parts.append(TextSubstitution(text=plain))
        return parts

    def read_substitution(self) -> Substitution:
        """Read ``$(name argument ...)``."""
        self.at += len("$(")
        start = self.at
        while not self.done and self.text[self.at] not in " )":
            self.at += 1
        name = self.text[start : self.at]
        arguments: list[list[Substitution]] = []
        while True:
            while self.starts(" "):
                self.at += 1
            if self.done:
                raise self.fail("missing ')'")
            if self.starts(")"):
                self.at += 1
                break
            if self.text[self.at] in "'\"":
                quote = self.text[self.at]
                self.at += 1
                arguments.append(self.read(quote))
                if self.done:
                    raise self.fail(f"missing {quote}")
                self.at += 1
            else:
                arguments.append(self.read(" )"))
        return self.make(name, arguments)

    def make(self, name: str, arguments: list[list[Substitution]]) -> Substitution:
        if name not in substitutions:
            raise self.fail(f"unknown substitution '{name}', known are {', '.join(sorted(substitutions))}")
        cls, least, greatest = substitutions[name]
        if hasattr(cls, "parse"):  # written for upstream's front end
            parsed, keyword_arguments = cls.parse(arguments)
            extended: Substitution = parsed(**keyword_arguments)
            return extended
        if len(arguments) < least or (greatest is not None and len(arguments) > greatest):
            raise TypeError(
                f"{name} substitution expects {least}"
                + ("" if greatest == least else f" to {greatest if greatest is not None else 'any number of'}")
                + f" arguments, got {len(arguments)}"
            )
        # Only a few of them take an argument by keyword.
        keywords = _KEYWORDS.get(name, [])
        positional = [a for i, a in enumerate(arguments) if i >= len(keywords) or keywords[i] is None]
        named = {k: a for k, a in zip(keywords, arguments, strict=False) if k is not None}
        made: Substitution = cls(*positional, **named)
        return made


def parse_substitution(string_value: str) -> list[Substitution]:
    """Split text into plain text and the substitutions in it.

    Raises:
        RuntimeError: a parenthesis or quote is missing, or a name is unknown.
        TypeError: a substitution has too few or too many arguments.
    """
    return _Reader(string_value).read("")

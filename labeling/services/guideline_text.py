"""Guidelines as people write them: plain lines. Pure: text in, parts out, and back.

A line that begins with "# " is a heading, one with "! " heads an example; what follows belongs to it. A quiz is lines as well:
"? " asks, "- " is a wrong answer, "+ " the right one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def read(written: str) -> list[dict[str, Any]]:
    """Parts of a guideline in one language.

    >>> read("Rate what you hear.\\n# Scale\\nNine points.\\n! Shouting\\nUsually an 8.")
    [{'heading': '', 'text': 'Rate what you hear.'}, {'heading': 'Scale', 'text': 'Nine points.'}, {'heading': 'Shouting', 'text': 'Usually an 8.', 'example': True}]
    """
    parts: list[dict[str, Any]] = [{"heading": "", "text": ""}]
    for line in written.replace("\r\n", "\n").split("\n"):
        if line.startswith(("# ", "! ")):
            parts.append({"heading": line[2:].strip(), "text": "", **({"example": True} if line[0] == "!" else {})})
        else:
            parts[-1]["text"] += line + "\n"
    for part in parts:
        part["text"] = part["text"].strip()
    return [part for part in parts if part["heading"] or part["text"]]


def write(parts: Sequence[Mapping[str, Any]]) -> str:
    """The lines that `read` makes these parts of.

    >>> write([{"heading": "Scale", "text": "Nine points."}])
    '# Scale\\nNine points.'
    """
    said = []
    for part in parts:
        mark = "! " if part.get("example") else "# "
        heading = f"{mark}{part.get('heading', '')}\n" if part.get("heading") or part.get("example") else ""
        said.append(heading + part.get("text", ""))
    return "\n\n".join(said)


def read_quiz(written: str) -> list[dict[str, Any]]:
    """Questions in one language: {"prompt", "options", "right"}; `right` is -1 where none or several were marked.

    >>> read_quiz("? Whose feeling?\\n- Mine\\n+ The speaker's")
    [{'prompt': 'Whose feeling?', 'options': ['Mine', "The speaker's"], 'right': 1}]
    """
    asked: list[dict[str, Any]] = []
    marked: list[list[int]] = []
    for line in (one.strip() for one in written.splitlines()):
        if line.startswith("? "):
            asked.append({"prompt": line[2:].strip(), "options": [], "right": -1})
            marked.append([])
        elif line.startswith(("- ", "+ ")) and asked:
            if line[0] == "+":
                marked[-1].append(len(asked[-1]["options"]))
            asked[-1]["options"].append(line[2:].strip())
    for one, right in zip(asked, marked, strict=True):
        one["right"] = right[0] if len(right) == 1 else -1
    return asked


def write_quiz(quiz: Sequence[Mapping[str, Any]], language: str) -> str:
    """The lines of a stored quiz in one language."""
    lines = []
    for one in quiz:
        lines.append(f"? {one['prompt'].get(language, '')}")
        lines += [
            f"{'+' if at == one['right'] else '-'} {option.get(language, '')}"
            for at, option in enumerate(one["options"])
        ]
        lines.append("")
    return "\n".join(lines).strip()


def joined(quizzes: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[dict[str, Any]] | None:
    """One quiz of several languages; None where they do not ask the same: as many questions, answers, the same one right.

    >>> joined({"en": read_quiz("? A\\n- b\\n+ c"), "de": read_quiz("? D\\n- e\\n+ f")})
    [{'prompt': {'en': 'A', 'de': 'D'}, 'options': [{'en': 'b', 'de': 'e'}, {'en': 'c', 'de': 'f'}], 'right': 1}]
    >>> joined({"en": read_quiz("? A\\n- b\\n+ c"), "de": []}) is None
    True
    """
    shapes = [[(len(one["options"]), one["right"]) for one in quiz] for quiz in quizzes.values()]
    if any(shape != shapes[0] for shape in shapes):
        return None
    first = next(iter(quizzes.values()), [])
    return [
        {
            "prompt": {language: quiz[at]["prompt"] for language, quiz in quizzes.items()},
            "options": [
                {language: quiz[at]["options"][index] for language, quiz in quizzes.items()}
                for index in range(len(one["options"]))
            ],
            "right": one["right"],
        }
        for at, one in enumerate(first)
    ]

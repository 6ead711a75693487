"""What somebody means with one word: a profile, a URL, a folder with a handler, a function."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from bench.folders import expanded
from bench.function_folder import bundled_functions, entry
from bench.profile.shipped import shipped_profile

_URL = re.compile(r"(?i)https?://")
_SLIPPED_URL = re.compile(r"(https?)[:;.]?/{1,3}([\w.-]+(:\d{1,5})?(/\S*)?)")
_HOST = re.compile(r"(localhost|[\w-]+(\.[\w-]+)+|\[[0-9a-fA-F:]+\])(:\d{1,5})?(/\S*)?")
_ARN = re.compile(r"arn:aws[\w-]*:(lambda|states):\S+|\d{12}:function:\S+")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}(:[A-Za-z0-9$_-]{1,128})?")
_SCRIPTS = (".py", ".js", ".mjs", ".cjs")
_OTHER_FILES = (
    *(*_SCRIPTS, ".ts", ".go", ".rb", ".java", ".sh", ".lua"),
    *(".yml", ".yaml", ".json", ".txt", ".zip", ".tml", ".csv", ".html", ".log", ".xml"),
)
_PORT = re.compile(r":?(\d{2,5}(/\S*)?)")


class TargetSort(Enum):
    """What a word can be."""

    PROFILE = auto()
    """A file, whether or not it is there, or the name of a shipped profile."""
    URL = auto()
    FOLDER = auto()
    """One with a handler in it."""
    BUNDLED = auto()
    """A function that comes with the package."""
    ARN = auto()
    """Of a function, or of a state machine."""
    NAME = auto()
    """What a function on AWS may be called, and nothing that is here."""
    OTHER = auto()
    """Nothing that can be measured as it stands."""


@dataclass(frozen=True, slots=True)
class TargetWord:
    """The word and what it is; of OTHER, mend is the word that was probably meant, or ''."""

    text: str
    sort: TargetSort
    mend: str = ""


def target_word(text: str) -> TargetWord:
    """Say what a word is. What is on this machine comes before what may be elsewhere."""
    if not text.strip():
        return TargetWord(text, TargetSort.OTHER)
    if _URL.match(text):
        return TargetWord(text, TargetSort.URL)
    if _ARN.fullmatch(text):
        return TargetWord(text, TargetSort.ARN)
    try:
        return _here(text, expanded(text)) or _elsewhere(text)
    except (OSError, ValueError):  # too long, or with a zero byte
        return TargetWord(text, TargetSort.OTHER)


def _here(text: str, path: Path) -> TargetWord | None:
    """What the file system and the package have of that name."""
    if path.is_file():
        return _file(text, path)
    if shipped_profile(text) is not None:
        return TargetWord(text, TargetSort.PROFILE)
    if path.is_dir():
        profile = path / "profile.toml"
        if profile.is_file():
            return TargetWord(text, TargetSort.OTHER, str(profile))
        has = _is_folder_of_handler(path)
        return TargetWord(text, TargetSort.FOLDER if has else TargetSort.OTHER)
    return TargetWord(text, TargetSort.BUNDLED) if text in bundled_functions() else None


def _file(text: str, path: Path) -> TargetWord:
    """A profile, unless its name tells that it is something else."""
    if path.suffix in _SCRIPTS and _is_folder_of_handler(path.parent):
        folder = str(path.parent)
        is_told = path.is_absolute() or folder.startswith(".")
        return TargetWord(text, TargetSort.OTHER, folder if is_told else f"./{folder}")
    is_other = path.suffix in _OTHER_FILES
    return TargetWord(text, TargetSort.OTHER if is_other else TargetSort.PROFILE)


def _elsewhere(text: str) -> TargetWord:
    if text.endswith(".toml"):
        return TargetWord(text, TargetSort.PROFILE)
    if slipped := _SLIPPED_URL.fullmatch(text):
        return TargetWord(text, TargetSort.OTHER, f"{slipped[1]}://{slipped[2]}")
    if text.endswith(_OTHER_FILES) or text == "-":
        return TargetWord(text, TargetSort.OTHER)
    if port := _PORT.fullmatch(text):
        return TargetWord(text, TargetSort.OTHER, f"http://localhost:{port[1]}")
    if text.startswith((".", "/", "~")):
        return TargetWord(text, TargetSort.OTHER)
    if _HOST.fullmatch(text):
        is_near = text.startswith(("localhost", "127.", "[::1]"))
        return TargetWord(text, TargetSort.OTHER, f"http{'' if is_near else 's'}://{text}")
    is_name = _NAME.fullmatch(text) is not None
    return TargetWord(text, TargetSort.NAME if is_name else TargetSort.OTHER)


def _is_folder_of_handler(folder: Path) -> bool:
    try:
        entry(folder)
    except (OSError, ValueError):
        return False
    return True

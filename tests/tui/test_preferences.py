"""The user's own settings: where they are, what they can say, what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.errors import ProfileError
from bench.tui.preferences import Preferences, config_path, load_preferences
from bench.tui.themes import fitting_theme
from bench.tui.widgets.canvas import Glyphs


def settings(folder: Path, text: str) -> Preferences:
    (folder / "lamload").mkdir()
    (folder / "lamload" / "config.toml").write_text(text)
    return load_preferences({"XDG_CONFIG_HOME": str(folder)})


@pytest.mark.parametrize(
    ("environ", "path"),
    [
        ({"XDG_CONFIG_HOME": "/c"}, "/c/lamload/config.toml"),
        ({"LAMLOAD_CONFIG": "/mine.toml", "XDG_CONFIG_HOME": "/c"}, "/mine.toml"),
        ({}, str(Path.home() / ".config/lamload/config.toml")),
    ],
)
def test_where_they_are(environ: dict[str, str], path: str) -> None:
    assert str(config_path(environ)) == path


def test_without_a_file_all_is_as_it_comes(tmp_path: Path) -> None:
    assert load_preferences({"XDG_CONFIG_HOME": str(tmp_path)}) == Preferences()


def test_a_file_changes_theme_charts_and_keys(tmp_path: Path) -> None:
    text = 'theme = "light"\ncharts = "ascii"\n[keys]\nstop = "f9"\n'
    found = settings(tmp_path, text)
    assert found == Preferences("light", Glyphs.ASCII, {"stop": "f9"})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("theme = ", "config.toml:1: is not TOML: column 9: "),
        ('theme = "pink"', 'toml:1: theme must be one of "dark", "light", "ansi" (it is "pink")'),
        ('chart = "ascii"', "toml:1: chart is not a key of the settings; did you mean charts?"),
        ("charts = 5", 'charts must be one of "braille", "block", "ascii" (it is 5)'),
        ("keys = 5", "keys must be a table (it is 5)"),
        ('[keys]\nfly = "f"', "toml:2: keys.fly is no action"),
        ("[keys]\nstop = 5", "toml:2: keys.stop must be the name of a key (it is 5)"),
        ('[keys]\nstop = "p"', "toml:2: keys.stop p is the key of hold_load; give that another"),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ProfileError) as caught:
        settings(tmp_path, text)
    assert words in str(caught.value)


def test_two_keys_can_change_places(tmp_path: Path) -> None:
    found = settings(tmp_path, '[keys]\nstop = "p"\nhold_load = "s"\n')
    assert found.keys == {"stop": "p", "hold_load": "s"}


@pytest.mark.parametrize(
    ("environ", "chosen", "theme"),
    [
        ({"TERM": "xterm"}, "dark", "ansi"),
        ({"TERM": "linux"}, "dark", "ansi"),
        ({"TERM": "xterm"}, "light", "light"),
        ({"TERM": "xterm-256color"}, "dark", "dark"),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, "dark", "dark"),
        ({"TERM": "xterm-256color", "TEXTUAL_COLOR_SYSTEM": "standard"}, "dark", "ansi"),
    ],
)
def test_a_terminal_of_few_colours_is_drawn_on_in_its_own(
    environ: dict[str, str], chosen: str, theme: str
) -> None:
    assert fitting_theme(chosen, environ) == theme

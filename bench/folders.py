"""The user's folders. Any of them may be missing: a container's user often has no name and no home.

Standard library only. Sources: XDG Base Directory Specification; passwd(5).
"""

from __future__ import annotations

import os
import pwd
import stat
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from bench.errors import UsageError, cause_of


def homes(environ: Mapping[str, str] = os.environ) -> Iterator[Path]:
    """The user's home by HOME, then by the password file; neither may be there."""
    if environ.get("HOME"):
        yield Path(environ["HOME"])
    try:
        yield Path(pwd.getpwuid(os.getuid()).pw_dir)
    except KeyError:
        return


def home(environ: Mapping[str, str] = os.environ) -> Path | None:
    """The first of them that is an absolute path, or None."""
    return next((path for path in homes(environ) if path.is_absolute()), None)


def state_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Where lamload keeps what must outlive a run; below the temporary folder without a home."""
    return _base("XDG_STATE_HOME", ".local/state", environ) / "lamload"


def config_folder(environ: Mapping[str, str]) -> Path:
    """Where the user's settings would be."""
    return _base("XDG_CONFIG_HOME", ".config", environ) / "lamload"


def _base(variable: str, below_home: str, environ: Mapping[str, str]) -> Path:
    given = Path(environ.get(variable, ""))
    if given.is_absolute():  # the specification: a relative one is to be ignored
        return given
    found = home(environ)
    return found / below_home if found else _own(temporary_folder() / f"lamload-{os.getuid()}")


def _own(folder: Path) -> Path:
    """A folder below one that everybody may write to. Raises UsageError if it is another user's."""
    try:
        seen = folder.lstat()
    except OSError:
        return folder  # whoever writes there makes it
    if seen.st_uid != os.geteuid() or not stat.S_ISDIR(seen.st_mode):
        raise UsageError(
            f"{folder} is not a folder of this user's: remove it, or set HOME or XDG_STATE_HOME"
        )
    return folder


def temporary_folder() -> Path:
    """A folder for temporary files, resolved. Raises UsageError where none can be written to."""
    try:
        return Path(tempfile.gettempdir()).resolve()
    except OSError as error:
        raise UsageError(
            f"no folder for temporary files can be written to ({cause_of(error)}): "
            "set TMPDIR to one that can"
        ) from None


def expanded(path: str | Path) -> Path:
    """The path with `~` as the user's home; as it stands where nobody knows that home."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)

"""Layers: folders whose content a function finds below /opt, later ones over earlier ones.

Source: the Lambda developer guide, "Packaging your layer content".
"""

from __future__ import annotations

import shutil
from pathlib import Path

from bench.errors import UsageError

OPT = "/opt"


def check_layer(folder: Path) -> None:
    """Raise UsageError for what is no folder, and for extensions, which are not run here."""
    if not folder.is_dir():
        what = "is a file: unpack it" if folder.exists() else "does not exist"
        raise UsageError(f"layer {folder} {what}; a layer is a folder whose content lies in {OPT}")
    extensions = folder / "extensions"
    found = sorted(path.name for path in extensions.iterdir()) if extensions.is_dir() else []
    if found:
        raise UsageError(
            f"layer {folder} has extensions ({', '.join(found)}), which the embedded Lambda does "
            "not run: leave them out of the layer"
        )


def laid(layers: tuple[Path, ...], place: Path) -> str:
    """The folder that becomes /opt: the only layer's, or all of them in place. '' for none."""
    if not layers:
        return ""
    if len(layers) == 1:
        return str(layers[0])
    place.mkdir(parents=True)
    for layer in layers:
        shutil.copytree(layer, place, symlinks=True, dirs_exist_ok=True)
    return str(place)

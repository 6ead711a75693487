"""A profile written out again, with nothing left to defaults: it runs as it stands, anywhere."""

from __future__ import annotations

from bench.model.profile import Profile
from bench.profile.schema import PROFILE
from bench.schema.toml import write_toml


def resolved_toml(profile: Profile) -> str:
    """TOML of the whole profile: paths absolute, overrides applied, the question on top.

    load_profile makes an equal profile of it (but for `source`).
    """
    lines = profile.question.split("\n") if profile.question else []
    question = "".join(f"# {line}".rstrip() + "\n" for line in lines)
    document = write_toml(PROFILE.root.written(profile))
    return f"{question}\n{document}" if question else document

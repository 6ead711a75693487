"""A profile written out again, with nothing left to defaults: it runs as it stands, anywhere."""

from __future__ import annotations

from bench.model.profile import Profile
from bench.profile.environment import unexpanded
from bench.profile.schema import PROFILE
from bench.schema.toml import write_toml


def resolved_toml(profile: Profile) -> str:
    """TOML of the whole profile: paths absolute, overrides applied, the question on top.

    load_profile makes an equal profile of it (but for `source`), where the environment has what
    stands in it as `${NAME}`: every secret does.
    """
    lines = profile.question.split("\n") if profile.question else []
    lines = [profile.secrets.mask(line) for line in lines]
    question = "".join(f"# {line}".rstrip() + "\n" for line in lines)
    written = PROFILE.root.written(profile)
    document = write_toml(unexpanded(written, profile.references, profile.secrets))
    return f"{question}\n{document}" if question else document

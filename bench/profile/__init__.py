"""Profiles: TOML files that say what to run; read, validated whole, written out as resolved."""

from bench.profile.dump import resolved_toml
from bench.profile.read import load_profile, recorded_profile
from bench.profile.shipped import shipped_profiles

__all__ = ["load_profile", "recorded_profile", "resolved_toml", "shipped_profiles"]

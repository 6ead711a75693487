"""Measurements against peers: `python -m tests.benchmarks`. Not tests: nothing here asserts."""

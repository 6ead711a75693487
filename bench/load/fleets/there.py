"""What a Dask worker is asked before it is given anything of this package's to load.

A worker that cannot load what its scheduler passes on to it ends. So this function goes there by
value (bench.load.fleets.dask registers the module for that): it may name nothing of this module.
"""

from __future__ import annotations


def lamload_there() -> tuple[str, int]:
    """Version of the package and of its frames. Raises ImportError without it, or an older one."""
    import bench
    from bench.load.branch import Branch  # noqa: F401 - whether it is there
    from bench.load.frames import VERSION
    from bench.load.node_process import OwnedNode  # noqa: F401

    return bench.__version__, VERSION

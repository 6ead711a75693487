"""How wanted arrivals lie in time, one shape a file.

Pure: no clock, no chance, and no numpy, which a worker, who gets its shapes pickled, would be slow
to load. Nobody else knows a formula of theirs: what a plan, a schedule, a forecast or a report
needs is a method of `bench.model.shape.Shape`. A new shape is a file with a `ShapeKind` and its
line in the registry.
"""

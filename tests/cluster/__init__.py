"""A Dask cluster of machines that are network and time namespaces of this one, and faults on it.

`python -m tests.cluster` runs each fault at random moments of a load and checks what is left:
`--times 20` is the long form, `--only node-killed,…` some of them. It needs root, iproute2 and
util-linux; clocks that drift need a C compiler too. Nothing outside the namespaces is touched.
"""

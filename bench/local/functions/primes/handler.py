"""CPU-bound work whose size the event decides: how many primes there are below n.

event: {"n": 20000}. The work is trial division, about 8 ms of a whole core for 20000: no memory to
speak of, no input or output, the same number of divisions each time.
"""

from math import isqrt

from front_door import through


def handler(event, context):
    return through(event, run)


def run(event):
    n = int((event or {}).get("n", 20000))
    return {"n": n, "primes": count_primes(n)}


def count_primes(n):
    found = 0
    for candidate in range(2, n):
        for divisor in range(2, isqrt(candidate) + 1):
            if candidate % divisor == 0:
                break
        else:
            found += 1
    return found

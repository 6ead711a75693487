"""CPU-bound work whose size the event decides: how many primes there are below n.

event: {"n": 20000}. The work is trial division, about 8 ms of a whole core for 20000: no memory to
speak of, no input or output, the same number of divisions each time.

Through a front door the event is the request's JSON body, and the answer an HTTP response.
"""

import base64
import json
from math import isqrt


def count_primes(n):
    found = 0
    for candidate in range(2, n):
        for divisor in range(2, isqrt(candidate) + 1):
            if candidate % divisor == 0:
                break
        else:
            found += 1
    return found


def handler(event, context):
    if isinstance(event, dict) and "requestContext" in event:
        return answer(run(body_of(event)))
    return run(event)


def run(event):
    n = int((event or {}).get("n", 20000))
    return {"n": n, "primes": count_primes(n)}


def body_of(event):
    body = event.get("body") or "{}"
    if event.get("isBase64Encoded"):
        body = base64.b64decode(body)
    return json.loads(body)


def answer(result):
    return {
        "statusCode": 200,
        "headers": {"Content-Type": "application/json"},
        "body": json.dumps(result),
    }

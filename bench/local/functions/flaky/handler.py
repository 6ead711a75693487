"""Fails now and then. event: {"probability": 0.1, "seed": 1}.

With a seed each environment fails in the same order each time: its n-th invocation with that seed
has the n-th number of that seed's sequence. Through a front door the event is the request's JSON
body, and the answer an HTTP response.
"""

import base64
import json
import random

sequences = {}


class Unlucky(Exception):
    pass


def handler(event, context):
    if isinstance(event, dict) and "requestContext" in event:
        return {
            "statusCode": 200,
            "headers": {"Content-Type": "application/json"},
            "body": json.dumps(run(body_of(event))),
        }
    return run(event)


def run(event):
    event = event or {}
    probability = float(event.get("probability", 0.1))
    seed = event.get("seed")
    sequence = sequences.setdefault(seed, random.Random(seed))
    drawn = sequence.random()
    if drawn < probability:
        raise Unlucky(f"drew {drawn:.3f}, below {probability:g}")
    return {"drawn": drawn}


def body_of(event):
    body = event.get("body") or "{}"
    if event.get("isBase64Encoded"):
        body = base64.b64decode(body)
    return json.loads(body)

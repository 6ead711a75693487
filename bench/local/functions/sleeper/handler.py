"""Waits, as for a database: time that more memory does not shorten. event: {"ms": 50}.

Through a front door the event is the request's JSON body, and the answer an HTTP response.
"""

import base64
import json
import time


def handler(event, context):
    if isinstance(event, dict) and "requestContext" in event:
        return {
            "statusCode": 200,
            "headers": {"Content-Type": "application/json"},
            "body": json.dumps(run(body_of(event))),
        }
    return run(event)


def run(event):
    ms = float((event or {}).get("ms", 50))
    time.sleep(ms / 1000)
    return {"slept_ms": ms}


def body_of(event):
    body = event.get("body") or "{}"
    if event.get("isBase64Encoded"):
        body = base64.b64decode(body)
    return json.loads(body)

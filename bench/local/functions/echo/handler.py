"""Gives the event back: through a front door as an HTTP response whose body is the event."""

import json


def handler(event, context):
    if isinstance(event, dict) and "requestContext" in event:
        return {
            "statusCode": 200,
            "headers": {"Content-Type": "application/json"},
            "body": json.dumps(event),
        }
    return event

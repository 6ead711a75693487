"""Lets a function of plain events be called through any front door as well.

The event is then the JSON body of the request, and the answer an HTTP response in the form that
the door wants. The same file lies beside each bundled function that takes an event.
"""

import base64
import json


def through(event, run):
    """What `run` makes of the event, in the form of the door that it came through."""
    if isinstance(event, dict) and "requestContext" in event:
        return proxy_response(event, run(proxy_body(event)))
    if isinstance(event, dict) and "Records" in event:
        return edge_response(run(edge_body(event["Records"][0]["cf"]["request"])))
    return run(event)


def proxy_body(event):
    body = event.get("body") or "{}"
    return json.loads(base64.b64decode(body) if event.get("isBase64Encoded") else body)


def proxy_response(event, result):
    """A load balancer with multi-value headers on gives and takes nothing else."""
    response = {"statusCode": 200, "isBase64Encoded": False, "body": json.dumps(result)}
    if "headers" in event:
        response["headers"] = {"Content-Type": "application/json"}
    else:
        response["multiValueHeaders"] = {"Content-Type": ["application/json"]}
    return response


def edge_body(request):
    data = request.get("body", {}).get("data", "")
    return json.loads(base64.b64decode(data) or "{}")


def edge_response(result):
    return {
        "status": "200",
        "headers": {"content-type": [{"key": "Content-Type", "value": "application/json"}]},
        "body": json.dumps(result),
    }

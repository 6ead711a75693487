"""A tutorial's mistake that many have copied: "status code" instead of "statusCode".

Malformed for a load balancer and a REST API; an HTTP API and a function URL answer 200 with the
whole object as the body.
"""

import json


def lambda_handler(event, context):
    return {"status code": 200, "body": json.dumps("Hello from Lambda!")}

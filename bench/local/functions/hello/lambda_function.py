"""The handler of the load balancer's tutorial: a page, whatever the event."""


def lambda_handler(event, context):
    return {
        "statusCode": 200,
        "statusDescription": "200 OK",
        "isBase64Encoded": False,
        "headers": {"Content-Type": "text/html"},
        "body": "<h1>Hello from Lambda!</h1>",
    }

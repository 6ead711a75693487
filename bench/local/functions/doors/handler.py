"""Does nothing, and answers in the form that each door demands: what is left is the door's time.

event: anything. Lambda@Edge wants a status in words, a load balancer with several values a header
list for each name, the other doors statusCode and body; the Lambda API takes any JSON.
"""


def handler(event, context):
    if not isinstance(event, dict):
        return "ok"
    if "Records" in event:
        content_type = [{"key": "Content-Type", "value": "text/plain"}]
        return {"status": "200", "headers": {"content-type": content_type}, "body": "ok"}
    if "requestContext" not in event:
        return "ok"
    answer = {"statusCode": 200, "headers": {"Content-Type": "text/plain"}, "body": "ok"}
    if "multiValueHeaders" in event:
        answer["multiValueHeaders"] = {"Content-Type": ["text/plain"]}
    return answer

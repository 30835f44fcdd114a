"""Sends each request that arrives as a line of JSON by boto3, and answers with a line of JSON."""

import json
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from model_check import deviations

endpoint = sys.argv[1]
clients = {}
seen = []


def client_for(service, access_key_id):
    key = (service, access_key_id)
    if key not in clients:
        clients[key] = boto3.client(
            service,
            region_name="us-east-1",
            endpoint_url=endpoint,
            aws_access_key_id=access_key_id,
            aws_secret_access_key="secret",
            config=Config(retries={"total_max_attempts": 1}),
        )
        clients[key].meta.events.register("after-call", check)
    return clients[key]


def check(http_response, model, **_):
    seen.clear()
    if http_response.status_code < 300:
        seen.extend(deviations(model, http_response))


def to_json(value):
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if hasattr(value, "read"):
        return value.read().decode()
    if isinstance(value, bytes):
        return value.decode()
    raise TypeError(type(value))


def answer(request):
    client = client_for(request["service"], request["accessKeyId"])
    methods = {api: method for method, api in client.meta.method_to_api_mapping.items()}
    try:
        output = getattr(client, methods[request["operation"]])(**request["input"])
    except ClientError as error:
        failure = error.response["Error"]
        metadata = error.response["ResponseMetadata"]
        return {
            "kind": "error",
            "code": failure["Code"],
            "message": failure.get("Message", ""),
            "requestId": metadata.get("RequestId"),
        }
    except BotoCoreError as error:
        return {"kind": "error", "code": type(error).__name__, "message": str(error)}
    metadata = output.pop("ResponseMetadata")
    return {
        "kind": "output",
        "output": output,
        "requestId": metadata.get("RequestId"),
        "deviations": list(seen),
    }


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line)), default=to_json), flush=True)

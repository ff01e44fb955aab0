"""One sensor app as a student of the course writes it.

    producer.py STREAM TYPE LOW HIGH COUNT

Plain boto3 with credentials and a region: nothing in here knows that there are emulators, only
AWS_ENDPOINT_URL in the environment does. It differs from the course's apps in stopping after COUNT
readings, in not pausing between them, and in printing what it sent.
"""

import json
import random
import sys
from datetime import datetime

import boto3

stream, sensor, low, high, count = sys.argv[1:]
kinesis = boto3.client(
    "kinesis",
    aws_access_key_id="any-key",
    aws_secret_access_key="any-secret",
    region_name="us-east-1",
)
for number in range(1, int(count) + 1):
    reading = {
        "idtemp": str(number),
        "data": str(random.uniform(float(low), float(high))),
        "type": sensor,
        "timestamp": str(datetime.now()),
    }
    payload = json.dumps(reading)
    kinesis.put_record(StreamName=stream, Data=payload, PartitionKey="02")
    print(payload, flush=True)

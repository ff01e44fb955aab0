"""Enhanced fan-out with boto3, over a socket: a consumer sees every record once, through a split.

    fan_out.py ENDPOINT [--minutes M]

ENDPOINT is a running `windfarm up`. With M above 5, subscriptions are renewed on the way.
"""

import argparse
import threading
import time

import boto3
from botocore.config import Config


class Consumer:
    """Follows every shard of a stream on a thread each, children of closed shards included."""

    def __init__(self, kinesis, arn):
        self.kinesis, self.arn = kinesis, arn
        self.seen, self.met, self.renewals = [], set(), 0
        self.lock = threading.Lock()

    def follow(self, shard, start):
        with self.lock:
            if shard in self.met:
                return
            self.met.add(shard)
        threading.Thread(target=self.run, args=(shard, start), daemon=True).start()

    def run(self, shard, start):
        while True:
            try:
                reply = self.kinesis.subscribe_to_shard(ConsumerARN=self.arn, ShardId=shard, StartingPosition=start)
            except self.kinesis.exceptions.ResourceInUseException:
                time.sleep(1)
                continue
            for message in reply["EventStream"]:
                event = message["SubscribeToShardEvent"]
                with self.lock:
                    self.seen += [(shard, record["Data"].decode()) for record in event["Records"]]
                for child in event.get("ChildShards", []):
                    self.follow(child["ShardId"], {"Type": "TRIM_HORIZON"})
                number = event.get("ContinuationSequenceNumber")
                if number is None:
                    return
                start = {"Type": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": number}
            self.renewals += 1


def wait(condition, what, seconds=30):
    """Waits until `condition` holds, or fails naming `what`."""
    for _ in range(seconds * 200):
        if condition():
            return
        time.sleep(0.005)
    raise SystemExit(f"{what}: not within {seconds} s")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("endpoint")
    arguments.add_argument("--minutes", type=float, default=0.5)
    arguments = arguments.parse_args()
    kinesis = boto3.client(
        "kinesis", endpoint_url=arguments.endpoint, region_name="us-east-1",
        aws_access_key_id="test", aws_secret_access_key="test", config=Config(max_pool_connections=50),
    )
    stream = f"fan-out-{time.time_ns()}"
    kinesis.create_stream(StreamName=stream, ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName=stream, WaiterConfig={"Delay": 1})
    stream_arn = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]["StreamARN"]
    arn = kinesis.register_stream_consumer(StreamARN=stream_arn, ConsumerName="c")["Consumer"]["ConsumerARN"]
    described = lambda: kinesis.describe_stream_consumer(ConsumerARN=arn)["ConsumerDescription"]["ConsumerStatus"]
    wait(lambda: described() == "ACTIVE", "the consumer is ACTIVE")
    consumer = Consumer(kinesis, arn)
    consumer.follow("shardId-000000000000", {"Type": "LATEST"})
    time.sleep(1)
    sent, delays, end = 0, [], time.monotonic() + arguments.minutes * 60
    split_at = time.monotonic() + arguments.minutes * 30
    while time.monotonic() < end:
        kinesis.put_record(StreamName=stream, PartitionKey=str(sent), Data=f"{sent:06}".encode())
        sent += 1
        began = time.monotonic()
        wait(lambda: len(consumer.seen) >= sent, f"record {sent}")
        delays.append(time.monotonic() - began)
        if split_at and time.monotonic() > split_at:
            kinesis.split_shard(StreamName=stream, ShardToSplit="shardId-000000000000", NewStartingHashKey=str(1 << 127))
            split_at = None
        time.sleep(0.2)
    seen = sorted(data for _, data in consumer.seen)
    assert seen == [f"{n:06}" for n in range(sent)], "every record once"
    by_shard = {}
    for shard, data in consumer.seen:
        by_shard.setdefault(shard, []).append(data)
    assert len(by_shard) == 3 and all(data == sorted(data) for data in by_shard.values()), "in order, in three shards"
    print(f"{sent} records seen once in {len(by_shard)} shards, {consumer.renewals} renewals, "
          f"slowest {max(delays) * 1000:.0f} ms")


main()

"""The smoke flow with the AWS CLI as a person types it."""

import base64
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import flow
from flow import wait
from checks import equal, expect

AWS = pathlib.Path(sys.executable).parent / "aws"
folder = pathlib.Path(tempfile.mkdtemp(prefix="windfarm-cli-"))


def run(*words, **more):
    return subprocess.run([AWS, *words], capture_output=True, text=True, timeout=120,
                          env=os.environ | more)


def aws(*words, **more):
    """What a command that must succeed answers."""
    done = run(*words, **more)
    command = "aws " + " ".join(words[:2])
    expect(done.returncode == 0, f"{command}: {done.stderr.strip()}")
    text = done.stdout.strip()
    return json.loads(text) if text.startswith(("{", "[")) else text


def refused(*words):
    done = run(*words[1:])
    expect(done.returncode != 0, f"aws {' '.join(words[1:3])} succeeded")
    expect(words[0] in done.stderr, done.stderr.strip())


def file(name, content):
    path = folder / name
    path.write_bytes(content)
    return path


def sts_says_who_calls():
    equal("account", aws("sts", "get-caller-identity")["Account"], "000000000000")


def s3_puts_gets_and_lists():
    aws("s3", "mb", "s3://smoke")
    blob = file("blob", flow.BLOB)
    key = "folder/a key+with ünusual=characters"
    aws("s3api", "put-object", "--bucket", "smoke", "--key", key, "--body", str(blob),
        "--metadata", "site=north")
    got = aws("s3api", "get-object", "--bucket", "smoke", "--key", key, str(folder / "back"))
    equal("metadata", got["Metadata"], {"site": "north"})
    equal("body", (folder / "back").read_bytes(), flow.BLOB)
    listed = aws("s3api", "list-objects-v2", "--bucket", "smoke", "--prefix", "folder/")
    equal("keys", [item["Key"] for item in listed["Contents"]], [key])
    expect("PRE folder/" in aws("s3", "ls", "s3://smoke"), "no prefix is listed")
    aws("s3", "rm", f"s3://smoke/{key}")
    refused("NoSuchKey", "s3api", "get-object", "--bucket", "smoke", "--key", key, str(folder / "x"))


def s3_uploads_in_parts():
    large = file("large", flow.LARGE)
    aws("s3", "cp", "--only-show-errors", str(large), "s3://smoke/large")
    head = aws("s3api", "head-object", "--bucket", "smoke", "--key", "large")
    expect("-" in head["ETag"], f"not in parts: {head['ETag']}")
    aws("s3", "cp", "--only-show-errors", "s3://smoke/large", str(folder / "large.back"))
    expect((folder / "large.back").read_bytes() == flow.LARGE, "other bytes came back")
    aws("s3", "sync", "--only-show-errors", "s3://smoke", str(folder / "sync"))
    expect((folder / "sync" / "large").stat().st_size == len(flow.LARGE), "sync")


def kinesis_puts_and_gets():
    aws("kinesis", "create-stream", "--stream-name", "smoke", "--shard-count", "1")

    def active():
        found = aws("kinesis", "describe-stream-summary", "--stream-name", "smoke")
        return True if found["StreamDescriptionSummary"]["StreamStatus"] == "ACTIVE" else None

    wait("stream", active)
    data = base64.b64encode(flow.BLOB).decode()
    records = file("records", json.dumps([{"Data": "text", "PartitionKey": "k"}]).encode())
    aws("kinesis", "put-record", "--stream-name", "smoke", "--partition-key", "k",
        "--data", f"fileb://{folder / 'blob'}")
    put = aws("kinesis", "put-records", "--stream-name", "smoke", "--records", f"file://{records}")
    equal("failed", put["FailedRecordCount"], 0)
    iterator = aws("kinesis", "get-shard-iterator", "--stream-name", "smoke", "--shard-id",
                   "shardId-000000000000", "--shard-iterator-type", "TRIM_HORIZON")
    got = aws("kinesis", "get-records", "--shard-iterator", iterator["ShardIterator"])["Records"]
    equal("records", [record["Data"] for record in got],
          [data, base64.b64encode(b"text").decode()])


def iam_makes_roles_and_keys_that_work():
    role = aws("iam", "create-role", "--role-name", "smoke",
               "--assume-role-policy-document", flow.TRUST)["Role"]
    aws("iam", "put-role-policy", "--role-name", "smoke", "--policy-name", "s3",
        "--policy-document", flow.POLICY)
    aws("iam", "create-user", "--user-name", "smoke")
    key = aws("iam", "create-access-key", "--user-name", "smoke")["AccessKey"]
    who = aws("sts", "get-caller-identity", AWS_ACCESS_KEY_ID=key["AccessKeyId"],
              AWS_SECRET_ACCESS_KEY=key["SecretAccessKey"])
    equal("user", who["Arn"], "arn:aws:iam::000000000000:user/smoke")
    lent = aws("sts", "assume-role", "--role-arn", role["Arn"],
               "--role-session-name", "me")["Credentials"]
    who = aws("sts", "get-caller-identity", AWS_ACCESS_KEY_ID=lent["AccessKeyId"],
              AWS_SECRET_ACCESS_KEY=lent["SecretAccessKey"],
              AWS_SESSION_TOKEN=lent["SessionToken"])
    equal("role", who["Arn"], "arn:aws:sts::000000000000:assumed-role/smoke/me")


def firehose_delivers_an_object():
    aws("firehose", "create-delivery-stream", "--delivery-stream-name", "smoke",
        "--extended-s3-destination-configuration",
        "BucketARN=arn:aws:s3:::smoke,RoleARN=arn:aws:iam::000000000000:role/smoke,"
        "Prefix=delivered/,BufferingHints={IntervalInSeconds=1}")

    def active():
        found = aws("firehose", "describe-delivery-stream", "--delivery-stream-name", "smoke")
        status = found["DeliveryStreamDescription"]["DeliveryStreamStatus"]
        return True if status == "ACTIVE" else None

    wait("delivery stream", active)
    record = file("record", json.dumps({"Data": "from the CLI"}).encode())
    aws("firehose", "put-record", "--delivery-stream-name", "smoke", "--record", f"file://{record}")

    def delivered():
        found = aws("s3api", "list-objects-v2", "--bucket", "smoke", "--prefix", "delivered/")
        return [item["Key"] for item in found["Contents"]] if found and "Contents" in found else None

    keys = wait("delivery", delivered)
    aws("s3", "cp", "--only-show-errors", f"s3://smoke/{keys[0]}", str(folder / "delivered"))
    equal("content", (folder / "delivered").read_bytes(), b"from the CLI")


def glue_keeps_databases_and_tables():
    aws("glue", "create-database", "--database-input", "Name=smoke")
    aws("s3", "cp", "--only-show-errors", str(file("day.json", flow.LINES.encode())),
        "s3://smoke/readings/day.json")
    aws("glue", "create-table", "--database-name", "smoke", "--table-input", json.dumps(flow.TABLE))
    table = aws("glue", "get-table", "--database-name", "smoke", "--name", "readings")["Table"]
    equal("columns", table["StorageDescriptor"]["Columns"],
          flow.TABLE["StorageDescriptor"]["Columns"])


def athena_answers_a_query():
    identifier = aws("athena", "start-query-execution", "--query-string", flow.SQL,
                     "--result-configuration",
                     "OutputLocation=s3://smoke/answers/")["QueryExecutionId"]

    def ended():
        found = aws("athena", "get-query-execution", "--query-execution-id", identifier)
        status = found["QueryExecution"]["Status"]
        return status if status["State"] in ["SUCCEEDED", "FAILED", "CANCELLED"] else None

    status = wait("query", ended)
    equal("state", (status["State"], status.get("StateChangeReason")), ("SUCCEEDED", None))
    answer = aws("athena", "get-query-results", "--query-execution-id", identifier)
    equal("rows", [[cell.get("VarCharValue") for cell in row["Data"]]
                   for row in answer["ResultSet"]["Rows"]], flow.ANSWER)


def errors_have_their_codes():
    refused("ResourceNotFoundException", "kinesis", "describe-stream-summary",
            "--stream-name", "nowhere")
    refused("NoSuchBucket", "s3", "ls", "s3://nowhere-at-all")
    refused("NoSuchEntity", "iam", "get-role", "--role-name", "nobody")
    refused("EntityNotFoundException", "glue", "get-database", "--name", "nowhere")


def what_is_not_supported_says_so():
    refused("glue:ListMLTransforms", "glue", "list-ml-transforms")


if __name__ == "__main__":
    sys.exit(flow.run([
        sts_says_who_calls,
        s3_puts_gets_and_lists,
        s3_uploads_in_parts,
        kinesis_puts_and_gets,
        iam_makes_roles_and_keys_that_work,
        firehose_delivers_an_object,
        glue_keeps_databases_and_tables,
        athena_answers_a_query,
        errors_have_their_codes,
        what_is_not_supported_says_so,
    ]))

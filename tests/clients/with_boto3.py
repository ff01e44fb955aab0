"""The smoke flow with boto3: default checksums, default retries, everything else from the environment."""

import io
import sys

import boto3
from botocore.exceptions import ClientError

import flow
from flow import wait
from checks import equal, expect

s3 = boto3.client("s3")
kinesis = boto3.client("kinesis")
firehose = boto3.client("firehose")
glue = boto3.client("glue")
athena = boto3.client("athena")
iam = boto3.client("iam")
sts = boto3.client("sts")


def refused(call, code, status, words=""):
    """A call must be refused with this code, at once."""
    try:
        call()
    except ClientError as error:
        found = error.response
        equal("code", found["Error"]["Code"], code)
        equal("status", found["ResponseMetadata"]["HTTPStatusCode"], status)
        expect(words in found["Error"]["Message"], found["Error"]["Message"])
        expect(found["ResponseMetadata"].get("RequestId"), "no request id")
        equal("retries", found["ResponseMetadata"]["RetryAttempts"], 0)
        return
    raise flow.Failed("it succeeded")


def sts_says_who_calls():
    equal("account", sts.get_caller_identity()["Account"], "000000000000")


def s3_puts_gets_and_lists():
    s3.create_bucket(Bucket="smoke")
    key = "folder/a key+with ünusual=characters"
    put = s3.put_object(Bucket="smoke", Key=key, Body=flow.BLOB, Metadata={"site": "north"})
    expect(put.get("ChecksumCRC32") or put.get("ChecksumCRC64NVME"), f"no checksum: {put}")
    got = s3.get_object(Bucket="smoke", Key=key)
    equal("body", got["Body"].read(), flow.BLOB)
    equal("metadata", got["Metadata"], {"site": "north"})
    equal("range", s3.get_object(Bucket="smoke", Key=key, Range="bytes=1-3")["Body"].read(),
          b"\x01\x02\x03")
    listed = s3.list_objects_v2(Bucket="smoke", Prefix="folder/")
    equal("keys", [item["Key"] for item in listed["Contents"]], [key])
    listed = s3.list_objects_v2(Bucket="smoke", Delimiter="/")
    equal("prefixes", [item["Prefix"] for item in listed["CommonPrefixes"]], ["folder/"])
    s3.delete_objects(Bucket="smoke", Delete={"Objects": [{"Key": key}]})
    refused(lambda: s3.get_object(Bucket="smoke", Key=key), "NoSuchKey", 404)


def s3_uploads_in_parts():
    s3.upload_fileobj(io.BytesIO(flow.LARGE), "smoke", "large")
    head = s3.head_object(Bucket="smoke", Key="large")
    expect("-" in head["ETag"], f"not in parts: {head['ETag']}")
    back = io.BytesIO()
    s3.download_fileobj("smoke", "large", back)
    expect(back.getvalue() == flow.LARGE, "other bytes came back")


def kinesis_puts_and_gets():
    kinesis.create_stream(StreamName="smoke", ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName="smoke", WaiterConfig={"Delay": 1})
    kinesis.put_record(StreamName="smoke", Data=flow.BLOB, PartitionKey="k")
    put = kinesis.put_records(StreamName="smoke", Records=[
        {"Data": bytes([number]), "PartitionKey": str(number)} for number in range(20)])
    equal("failed", put["FailedRecordCount"], 0)
    iterator = kinesis.get_shard_iterator(
        StreamName="smoke", ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON")
    got = kinesis.get_records(ShardIterator=iterator["ShardIterator"])["Records"]
    equal("records", [record["Data"] for record in got],
          [flow.BLOB] + [bytes([number]) for number in range(20)])


def iam_makes_roles_and_keys_that_work():
    role = iam.create_role(RoleName="smoke", AssumeRolePolicyDocument=flow.TRUST)["Role"]
    iam.put_role_policy(RoleName="smoke", PolicyName="s3", PolicyDocument=flow.POLICY)
    kept = iam.get_role_policy(RoleName="smoke", PolicyName="s3")["PolicyDocument"]
    equal("action", kept["Statement"][0]["Action"], "s3:*")
    iam.create_user(UserName="smoke")
    key = iam.create_access_key(UserName="smoke")["AccessKey"]
    user = boto3.client("sts", aws_access_key_id=key["AccessKeyId"],
                        aws_secret_access_key=key["SecretAccessKey"])
    equal("user", user.get_caller_identity()["Arn"], "arn:aws:iam::000000000000:user/smoke")
    lent = sts.assume_role(RoleArn=role["Arn"], RoleSessionName="me")["Credentials"]
    session = boto3.client("sts", aws_access_key_id=lent["AccessKeyId"],
                           aws_secret_access_key=lent["SecretAccessKey"],
                           aws_session_token=lent["SessionToken"])
    equal("role", session.get_caller_identity()["Arn"],
          "arn:aws:sts::000000000000:assumed-role/smoke/me")


def firehose_delivers_an_object():
    firehose.create_delivery_stream(
        DeliveryStreamName="smoke", DeliveryStreamType="DirectPut",
        ExtendedS3DestinationConfiguration={
            "BucketARN": "arn:aws:s3:::smoke",
            "RoleARN": "arn:aws:iam::000000000000:role/smoke",
            "Prefix": "delivered/", "BufferingHints": {"IntervalInSeconds": 1}})

    def active():
        found = firehose.describe_delivery_stream(DeliveryStreamName="smoke")
        status = found["DeliveryStreamDescription"]["DeliveryStreamStatus"]
        return True if status == "ACTIVE" else None

    wait("delivery stream", active)
    firehose.put_record(DeliveryStreamName="smoke", Record={"Data": flow.BLOB})
    put = firehose.put_record_batch(DeliveryStreamName="smoke", Records=[{"Data": b"end"}])
    equal("failed", put["FailedPutCount"], 0)

    def delivered():
        found = s3.list_objects_v2(Bucket="smoke", Prefix="delivered/").get("Contents", [])
        content = b"".join(s3.get_object(Bucket="smoke", Key=item["Key"])["Body"].read()
                           for item in found)
        return content if content.endswith(b"end") else None

    equal("content", wait("delivery", delivered), flow.BLOB + b"end")


def glue_keeps_databases_and_tables():
    glue.create_database(DatabaseInput={"Name": "smoke"})
    s3.put_object(Bucket="smoke", Key="readings/day.json", Body=flow.LINES)
    glue.create_table(DatabaseName="smoke", TableInput=flow.TABLE)
    table = glue.get_table(DatabaseName="smoke", Name="readings")["Table"]
    equal("columns", table["StorageDescriptor"]["Columns"],
          flow.TABLE["StorageDescriptor"]["Columns"])
    expect(table["CreateTime"].year > 2000, f"created {table['CreateTime']}")
    refused(lambda: glue.get_table(DatabaseName="smoke", Name="other"),
            "EntityNotFoundException", 400)


def athena_answers_a_query():
    started = athena.start_query_execution(
        QueryString=flow.SQL, ResultConfiguration={"OutputLocation": "s3://smoke/answers/"})
    identifier = started["QueryExecutionId"]

    def ended():
        status = athena.get_query_execution(QueryExecutionId=identifier)["QueryExecution"]["Status"]
        return status if status["State"] in ["SUCCEEDED", "FAILED", "CANCELLED"] else None

    status = wait("query", ended)
    equal("state", (status["State"], status.get("StateChangeReason")), ("SUCCEEDED", None))
    answer = athena.get_query_results(QueryExecutionId=identifier)["ResultSet"]["Rows"]
    equal("rows", [[cell.get("VarCharValue") for cell in row["Data"]] for row in answer],
          flow.ANSWER)


def errors_have_their_codes_and_are_not_retried():
    refused(lambda: kinesis.describe_stream_summary(StreamName="nowhere"),
            "ResourceNotFoundException", 400, "nowhere")
    refused(lambda: s3.list_objects_v2(Bucket="nowhere-at-all"), "NoSuchBucket", 404)
    refused(lambda: iam.get_role(RoleName="nobody"), "NoSuchEntity", 404)
    refused(lambda: athena.get_query_execution(QueryExecutionId="x"),
            "InvalidRequestException", 400)


def what_is_not_supported_says_so():
    refused(lambda: glue.list_ml_transforms(), "NotImplemented", 501, "glue:ListMLTransforms")
    refused(lambda: iam.list_server_certificates(), "NotImplemented", 501,
            "iam:ListServerCertificates")


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
        errors_have_their_codes_and_are_not_retried,
        what_is_not_supported_says_so,
    ]))

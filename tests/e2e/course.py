#!/usr/bin/env python3
"""The course's project with nothing changed but the endpoint: boto3 apps and the AWS CLI.

    course.py [--binary FILE | --endpoint URL]

Starts `windfarm up` on a free port (or uses the empty emulator at URL) and does what a student does,
in the student's order, checking every step against what was sent. Each case prints `ok` or `FAILED`
with the reason; the last line is `N passed, N failed`. Exit code 0 when all passed, 1 when one failed,
2 when the checks could not start. Needs boto3 and the AWS CLI (requirements.txt): `just e2e` runs it.
"""

import argparse
import csv
import json
import os
import pathlib
import queue
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from datetime import datetime, timedelta, timezone

import readme
from checks import PATIENCE_SECONDS, Failed, attempt, count, equal, expect

HERE = pathlib.Path(__file__).resolve().parent
AWS = pathlib.Path(sys.executable).parent / "aws"
NAME = "wind_farm_project"
BUCKET = "wind-farm-project"
RESULTS = "wind-farm-project-results"
LAKE = f"s3://{BUCKET}/datalake"
FIELDS = ["idtemp", "data", "type", "timestamp"]
PARTITIONS = ["partition_0", "partition_1", "partition_2", "partition_3"]
# The course's sensors and the ranges its apps draw from.
SENSORS = [("powerfactor", 0.7, 1.0), ("temperature", 20, 25), ("hydraulicpressure", 70, 80)]
READINGS = 12


def wait(what, look):
    """The first true answer of `look`; fails with its last answer when there is none in time."""
    last = None
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        done, last = look()
        if done:
            return last
        time.sleep(0.2)
    raise Failed(f"{what}: not within {PATIENCE_SECONDS} s; last seen: {last!r}")


# The cases in the order they are written in: names of methods of Course.
CASES = []


def case(method):
    """Marks a method as a case; its name is what the case claims."""
    CASES.append(method.__name__)
    return method


class Course:
    """The project's steps in order; later ones need the earlier ones."""

    def __init__(self, environment, folder):
        self.environment = environment
        self.folder = pathlib.Path(folder)
        self.account = None
        self.sent = []
        self.files = 0

    # --- the AWS CLI ---------------------------------------------------------------------------------

    def run_aws(self, *words):
        return subprocess.run(
            [AWS, *words], env=self.environment, capture_output=True, text=True, timeout=120
        )

    def aws(self, *words):
        """What a command that must succeed answers: a document, text, or nothing."""
        done = self.run_aws(*words)
        command = "aws " + " ".join(words[:2])
        expect(done.returncode == 0, f"{command}: {done.stderr.strip()}")
        text = done.stdout.strip()
        return json.loads(text) if text.startswith(("{", "[")) else text

    def file(self, document):
        """A document as the CLI takes it from a file."""
        self.files += 1
        path = self.folder / f"{self.files}.json"
        path.write_text(json.dumps(document))
        return f"file://{path}"

    def role(self, name):
        return f"arn:aws:iam::{self.account}:role/{name}"

    def keys(self, prefix):
        listed = self.aws("s3api", "list-objects-v2", "--bucket", BUCKET, "--prefix", prefix)
        return [item["Key"] for item in listed.get("Contents", [])] if listed else []

    def read(self, location):
        """The bytes of an object, copied as a person copies them."""
        self.files += 1
        path = self.folder / f"{self.files}.object"
        self.aws("s3", "cp", "--only-show-errors", location, str(path))
        return path.read_bytes()

    # --- cases ---------------------------------------------------------------------------------------

    @case
    def any_credentials_have_an_account(self):
        self.account = self.aws("sts", "get-caller-identity")["Account"]
        expect(re.fullmatch(r"\d{12}", self.account), f"account {self.account!r}")

    @case
    def a_bucket_is_made_and_listed(self):
        self.aws("s3", "mb", f"s3://{BUCKET}")
        self.aws("s3", "mb", f"s3://{RESULTS}")
        listed = [line.split()[-1] for line in self.aws("s3", "ls").splitlines()]
        equal("buckets", sorted(listed), sorted([BUCKET, RESULTS]))

    @case
    def a_stream_becomes_active(self):
        self.aws("kinesis", "create-stream", "--stream-name", NAME)

        def look():
            described = self.aws("kinesis", "describe-stream-summary", "--stream-name", NAME)
            status = described["StreamDescriptionSummary"]["StreamStatus"]
            return status == "ACTIVE", status

        wait("stream", look)

    @case
    def roles_are_made_for_firehose_and_glue(self):
        for service in ["firehose", "glue"]:
            trust = self.file({
                "Version": "2012-10-17",
                "Statement": [{
                    "Effect": "Allow",
                    "Principal": {"Service": f"{service}.amazonaws.com"},
                    "Action": "sts:AssumeRole",
                }],
            })
            role = f"{service}AdminRole"
            made = self.aws("iam", "create-role", "--role-name", role,
                            "--assume-role-policy-document", trust)
            equal("role", made["Role"]["Arn"], self.role(role))
            self.aws("iam", "attach-role-policy", "--role-name", role,
                     "--policy-arn", "arn:aws:iam::aws:policy/AdministratorAccess")

    @case
    def a_delivery_stream_becomes_active(self):
        role = self.role("firehoseAdminRole")
        stream = f"arn:aws:kinesis:us-east-1:{self.account}:stream/{NAME}"
        made = self.aws(
            "firehose", "create-delivery-stream", "--delivery-stream-name", NAME,
            "--delivery-stream-type", "KinesisStreamAsSource",
            "--kinesis-stream-source-configuration", f"KinesisStreamARN={stream},RoleARN={role}",
            "--s3-destination-configuration",
            f"BucketARN=arn:aws:s3:::{BUCKET},RoleARN={role},BufferingHints={{IntervalInSeconds=1}}")
        equal("delivery stream", made["DeliveryStreamARN"],
              f"arn:aws:firehose:us-east-1:{self.account}:deliverystream/{NAME}")

        def look():
            described = self.aws("firehose", "describe-delivery-stream",
                                 "--delivery-stream-name", NAME)
            status = described["DeliveryStreamDescription"]["DeliveryStreamStatus"]
            return status == "ACTIVE", status

        wait("delivery stream", look)

    @case
    def three_unmodified_boto3_apps_send_side_by_side(self):
        # Credentials and region stand in the apps, as in the course's; only the endpoint is told.
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith("AWS_")}
        environment["AWS_ENDPOINT_URL"] = self.environment["AWS_ENDPOINT_URL"]
        apps = [
            subprocess.Popen(
                [sys.executable, HERE / "producer.py", NAME, sensor, str(low), str(high),
                 str(READINGS)],
                env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            for sensor, low, high in SENSORS
        ]
        for app in apps:
            out, error = app.communicate(timeout=120)
            expect(app.returncode == 0, error.strip().splitlines()[-1:])
            self.sent += out.splitlines()
        equal("records", len(self.sent), READINGS * len(SENSORS))

    @case
    def the_cli_puts_records(self):
        payloads = [
            json.dumps({"idtemp": str(number), "data": "0.95", "type": "powerfactor",
                        "timestamp": "2025-04-30 14:35:00"})
            for number in range(1, 5)
        ]
        records = self.file([{"Data": data, "PartitionKey": "02"} for data in payloads])
        put = self.aws("kinesis", "put-records", "--stream-name", NAME, "--records", records)
        equal("failed records", put["FailedRecordCount"], 0)
        shards = {record["ShardId"] for record in put["Records"]}
        # MD5("02") lies in the third quarter of the hash range, and an on-demand stream has four
        # shards: what AWS answered the course's apps too.
        equal("shards of key 02", shards, {"shardId-000000000002"})
        self.sent += payloads

    @case
    def the_records_are_in_the_shard_in_order(self):
        iterator = self.aws(
            "kinesis", "get-shard-iterator", "--stream-name", NAME, "--shard-id",
            "shardId-000000000002", "--shard-iterator-type", "TRIM_HORIZON")["ShardIterator"]
        got = self.aws("kinesis", "get-records", "--shard-iterator", iterator)["Records"]
        equal("records", len(got), len(self.sent))
        numbers = [int(record["SequenceNumber"]) for record in got]
        equal("sequence numbers", numbers, sorted(set(numbers)))

    @case
    def firehose_delivers_every_record_by_utc_hour(self):
        def look():
            keys = self.keys("")
            content = "".join(self.read(f"s3://{BUCKET}/{key}").decode() for key in keys)
            return content.count("{") >= len(self.sent), (keys, content)

        keys, content = wait("delivery", look)
        now = datetime.now(timezone.utc)
        hours = {f"{hour:%Y/%m/%d/%H/}" for hour in (now, now - timedelta(hours=1))}
        for key in keys:
            folder, name = key[:14], key[14:]
            expect(folder in hours, f"{key} does not lie under {sorted(hours)}")
            shape = rf"{NAME}-1-\d{{4}}(-\d\d){{5}}-[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}"
            expect(re.fullmatch(shape, name), f"object name {name}")
        # No delimiter between records, and nothing lost, added or changed.
        records = [record if record.endswith("}") else record + "}"
                   for record in re.split(r"(?<=\})(?=\{)", content)]
        equal("records", sorted(records), sorted(self.sent))

    def crawl(self, crawler, path):
        """Makes and runs a crawler as the course does; what it reports of its last run."""
        self.aws("glue", "create-crawler", "--name", crawler, "--role",
                 self.role("glueAdminRole"), "--database-name", NAME,
                 "--targets", f"S3Targets={{Path={path}}}")
        self.aws("glue", "start-crawler", "--name", crawler)

        def look():
            found = self.aws("glue", "get-crawler", "--name", crawler)["Crawler"]
            expect(found["State"] in ["RUNNING", "STOPPING", "READY"], f"state {found['State']}")
            last = found.get("LastCrawl", {})
            return found["State"] == "READY" and last.get("Status"), last

        last = wait(f"crawler {crawler}", look)
        equal("last crawl", last["Status"], "SUCCEEDED")

    def table(self, name):
        return self.aws("glue", "get-table", "--database-name", NAME, "--name", name)["Table"]

    @case
    def a_crawler_finds_the_raw_table(self):
        self.aws("glue", "create-database", "--database-input", f"Name={NAME}")
        self.crawl(NAME, f"s3://{BUCKET}")
        table = self.table(NAME)
        columns = [(column["Name"], column["Type"])
                   for column in table["StorageDescriptor"]["Columns"]]
        equal("columns", columns, [(field, "string") for field in FIELDS])
        partitions = [(key["Name"], key["Type"]) for key in table["PartitionKeys"]]
        equal("partition keys", partitions, [(name, "string") for name in PARTITIONS])
        equal("classification", table["Parameters"]["classification"], "json")
        found = self.aws("glue", "get-partitions", "--database-name", NAME, "--table-name", NAME)
        values = {"/".join(partition["Values"]) + "/" for partition in found["Partitions"]}
        equal("partitions", values, {key[:14] for key in self.keys("")})

    @case
    def a_glue_studio_job_runs(self):
        graph = self.file({
            "node1": {"CatalogSource": {"Name": "raw", "Database": NAME, "Table": NAME}},
            "node2": {"S3GlueParquetTarget": {
                "Name": "lake", "Inputs": ["node1"], "Path": LAKE, "Compression": "snappy"}},
        })
        script = f"s3://{BUCKET}/script/datalake"
        made = self.aws(
            "glue", "create-job", "--name", NAME, "--role", self.role("glueAdminRole"),
            "--command", f"Name=glueetl,ScriptLocation={script},PythonVersion=3",
            "--glue-version", "3.0", "--code-gen-configuration-nodes", graph)
        equal("job", made["Name"], NAME)
        kept = self.aws("glue", "get-job", "--job-name", NAME)["Job"]["Command"]["ScriptLocation"]
        equal("script location", kept, script)
        run = self.aws("glue", "start-job-run", "--job-name", NAME)["JobRunId"]

        def look():
            found = self.aws("glue", "get-job-runs", "--job-name", NAME)["JobRuns"][0]
            equal("run", found["Id"], run)
            ended = found["JobRunState"] in ["SUCCEEDED", "FAILED", "ERROR", "STOPPED", "TIMEOUT"]
            return ended, found

        found = wait("job run", look)
        equal("job run", (found["JobRunState"], found.get("ErrorMessage")), ("SUCCEEDED", None))

    @case
    def the_lake_holds_snappy_parquet(self):
        keys = [key for key in self.keys("datalake/") if not key.endswith("/")]
        listed = self.aws("s3", "ls", f"{LAKE}/").splitlines()
        expect(keys and len(listed) == len(keys), f"s3 ls: {listed}, keys: {keys}")
        for key in keys:
            content = self.read(f"s3://{BUCKET}/{key}")
            equal(f"first and last bytes of {key}", (content[:4], content[-4:]), (b"PAR1", b"PAR1"))

    @case
    def a_second_crawler_finds_the_lake(self):
        self.crawl("datalake", LAKE)
        table = self.table("datalake")
        columns = {column["Name"]: column["Type"]
                   for column in table["StorageDescriptor"]["Columns"]}
        equal("course columns", {name: columns.get(name) for name in FIELDS},
              {name: "string" for name in FIELDS})
        equal("classification", table["Parameters"]["classification"], "parquet")

    def query(self, sql):
        """A finished query execution."""
        return self.finished(self.aws(
            "athena", "start-query-execution", "--query-string", sql,
            "--query-execution-context", f"Database={NAME}",
            "--result-configuration", f"OutputLocation=s3://{RESULTS}/")["QueryExecutionId"])

    def finished(self, identifier):
        """A query execution when it has ended."""
        def look():
            found = self.aws("athena", "get-query-execution",
                             "--query-execution-id", identifier)["QueryExecution"]
            return found["Status"]["State"] in ["SUCCEEDED", "FAILED", "CANCELLED"], found

        return wait("query", look)

    def rows(self, sql):
        """Header and rows of a query that must succeed, from the API and equal in the CSV file."""
        found = self.query(sql)
        status = found["Status"]
        equal(sql, (status["State"], status.get("StateChangeReason")), ("SUCCEEDED", None))
        answer = self.aws("athena", "get-query-results",
                          "--query-execution-id", found["QueryExecutionId"])
        rows = [[cell.get("VarCharValue") for cell in row["Data"]]
                for row in answer["ResultSet"]["Rows"]]
        location = found["ResultConfiguration"]["OutputLocation"]
        equal("output location", location, f"s3://{RESULTS}/{found['QueryExecutionId']}.csv")
        text = self.read(location).decode()
        expect(text.startswith('"'), f"the CSV file quotes everything: {text[:40]!r}")
        equal("the CSV file", list(csv.reader(text.splitlines())), rows)
        return rows[0], rows[1:]

    @case
    def athena_counts_what_was_sent(self):
        header, rows = self.rows("SELECT type, count(*) AS readings FROM datalake "
                                 "GROUP BY type ORDER BY type")
        equal("header", header, ["type", "readings"])
        wanted = {}
        for payload in self.sent:
            sensor = json.loads(payload)["type"]
            wanted[sensor] = wanted.get(sensor, 0) + 1
        equal("readings", rows, [[sensor, str(wanted[sensor])] for sensor in sorted(wanted)])

    @case
    def athena_returns_every_field_as_sent(self):
        header, rows = self.rows("SELECT * FROM datalake")
        equal("first columns", header[:4], FIELDS)
        wanted = [list(json.loads(payload).values()) for payload in self.sent]
        equal("rows", sorted(row[:4] for row in rows), sorted(wanted))

    @case
    def athena_refuses_to_compare_text_with_a_number(self):
        found = self.query("SELECT * FROM datalake WHERE data > 0.9 AND type = 'powerfactor'")
        status = found["Status"]
        equal("state", status["State"], "FAILED")
        reason = status.get("StateChangeReason", "")
        expect("TYPE_MISMATCH" in reason and "varchar" in reason, f"reason: {reason!r}")
        done = self.run_aws("athena", "get-query-results",
                            "--query-execution-id", found["QueryExecutionId"])
        expect(done.returncode != 0, "get-query-results of a failed query succeeded")
        expect("InvalidRequestException" in done.stderr, done.stderr.strip())

    @case
    def athena_compares_what_is_cast(self):
        _, rows = self.rows("SELECT idtemp, data, timestamp FROM datalake "
                            "WHERE CAST(data AS double) > 0.9 AND type = 'powerfactor'")
        readings = [json.loads(payload) for payload in self.sent]
        wanted = [[reading["idtemp"], reading["data"], reading["timestamp"]]
                  for reading in readings
                  if reading["type"] == "powerfactor" and float(reading["data"]) > 0.9]
        expect(wanted, "no reading to find: the check would prove nothing")
        equal("rows", sorted(rows), sorted(wanted))

    @case
    def what_is_not_supported_says_so(self):
        done = self.run_aws("glue", "create-ml-transform", "--name", "x", "--role", "x",
                            "--input-record-tables", "DatabaseName=x,TableName=x",
                            "--parameters", "TransformType=FIND_MATCHES")
        expect(done.returncode != 0, "create-ml-transform succeeded")
        expect("glue:CreateMLTransform" in done.stderr, done.stderr.strip())


class Emulator:
    """`windfarm up` on a free port, stopped with SIGTERM."""

    def __init__(self, binary, folder):
        self.log = pathlib.Path(folder) / "windfarm.log"
        self.process = subprocess.Popen(
            [binary, "up", "--port", "0"], stdout=subprocess.PIPE, text=True,
            stderr=self.log.open("w"))
        lines = queue.Queue()

        def follow():
            for line in self.process.stdout:
                lines.put(line.strip())
            lines.put(None)

        threading.Thread(target=follow, daemon=True).start()
        self.endpoint = None
        while self.endpoint is None:
            try:
                line = lines.get(timeout=PATIENCE_SECONDS)
            except queue.Empty:
                line = None
            if line is None:
                self.process.kill()
                raise Failed(f"`windfarm up` does not listen: {self.log.read_text().strip()}")
            found = re.fullmatch(r"export AWS_ENDPOINT_URL=(\S+)", line)
            self.endpoint = found.group(1) if found else None

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(timeout=PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise Failed("`windfarm up` does not stop on SIGTERM") from None
        equal("exit code", code, 0)
        told = self.log.read_text()
        expect("panicked" not in told, told)


def reset(endpoint, course):
    """`POST /_windfarm/reset` leaves nothing."""
    request = urllib.request.Request(f"{endpoint}/_windfarm/reset", method="POST")
    with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
        equal("status", answer.status, 200)
    equal("buckets", course.aws("s3", "ls"), "")
    equal("streams", course.aws("kinesis", "list-streams")["StreamNames"], [])
    equal("databases", course.aws("glue", "get-databases")["DatabaseList"], [])


def typed(course):
    """The README's lines end with a query over everything its producer sent."""
    found = course.finished(readme.run(course.environment, course.folder))
    status = found["Status"]
    equal("query", (status["State"], status.get("StateChangeReason")), ("SUCCEEDED", None))
    answer = course.aws("athena", "get-query-results",
                        "--query-execution-id", found["QueryExecutionId"])
    header, *rows = [[cell["VarCharValue"] for cell in row["Data"]]
                     for row in answer["ResultSet"]["Rows"]]
    data = header.index("data")
    # A third of a hundred uniform readings; none at all has a probability of 2.5e-18.
    expect(rows, "no reading above 0.9 of 100 between 0.7 and 1")
    expect(all(float(row[data]) > 0.9 for row in rows), f"rows: {rows}")


def environment(endpoint, folder):
    """What a student exports, and nothing of this machine's own AWS settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return kept | {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": os.path.join(folder, "no-config"),
        "AWS_SHARED_CREDENTIALS_FILE": os.path.join(folder, "no-credentials"),
        "AWS_DEFAULT_OUTPUT": "json",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PAGER": "",
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    target = os.environ.get("CARGO_TARGET_DIR", HERE.parents[1] / "target")
    parser.add_argument("--binary", type=pathlib.Path,
                        default=pathlib.Path(target) / "debug" / "windfarm")
    parser.add_argument("--endpoint", help="use the empty emulator at this URL")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        emulator = None
        try:
            if arguments.endpoint is None:
                emulator = Emulator(arguments.binary, folder)
        except (OSError, Failed) as error:
            print(f"course.py: {error}", file=sys.stderr)
            return 2
        endpoint = arguments.endpoint or emulator.endpoint
        course = Course(environment(endpoint, folder), folder)
        held = [attempt(name, getattr(course, name)) for name in CASES]
        if emulator is not None:
            held.append(attempt("reset leaves nothing", lambda: reset(endpoint, course)))
            held.append(attempt("the README's lines work as they stand", lambda: typed(course)))
            held.append(attempt("SIGTERM stops it cleanly", emulator.stop))
    return count(held)


if __name__ == "__main__":
    sys.exit(main())

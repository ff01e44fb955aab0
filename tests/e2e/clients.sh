#!/usr/bin/env bash
# Puts boto3 and the AWS CLI (requirements.txt) into the virtual environment FOLDER, once.
#
#     tests/e2e/clients.sh FOLDER
set -euo pipefail
folder=$1
wanted=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/requirements.txt
# Copied last, so that an installation that was cut short is done again.
cmp --silent "$wanted" "$folder/requirements.txt" && exit 0
python3 -m venv --clear "$folder"
"$folder/bin/pip" install --quiet --disable-pip-version-check --requirement "$wanted"
cp "$wanted" "$folder/requirements.txt"

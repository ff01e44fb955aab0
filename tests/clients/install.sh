#!/usr/bin/env bash
# Puts JavaScript SDK v3 (javascript/package.json) into FOLDER, once. Exit code 3 where it cannot be had.
#
#     tests/clients/install.sh FOLDER
set -euo pipefail
folder=$1
wanted=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/javascript/package.json
command -v node >/dev/null && command -v npm >/dev/null || {
    echo "clients: no node or no npm on this machine" >&2
    exit 3
}
# Renamed last, so that an installation that was cut short is done again.
cmp --silent "$wanted" "$folder/installed.json" && exit 0
mkdir -p "$folder"
cp "$wanted" "$folder/package.json"
if ! (cd "$folder" && npm install --no-audit --no-fund --no-package-lock --loglevel error >&2); then
    echo "clients: npm cannot install JavaScript SDK v3" >&2
    exit 3
fi
cp "$wanted" "$folder/installed.json"

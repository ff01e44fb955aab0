#!/usr/bin/env bash
# Builds the image from a binary that was built anyway.
#
#     docker/build.sh [BINARY] [TAG]
#
# BINARY is $CARGO_TARGET_DIR/debug/windfarm (target/debug/windfarm) unless given, TAG is `windfarm`.
# The image holds a stripped copy of it, the shared libraries `ldd` names at the paths it names, the
# CA certificates of this machine and a user without privileges. Nothing is compiled or downloaded.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
binary=${1:-${CARGO_TARGET_DIR:-$here/../target}/debug/windfarm}
tag=${2:-windfarm}
certificates=${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}

fail() {
    echo "docker/build.sh: $1" >&2
    exit 2
}
size() { numfmt --to=iec-i --suffix=B "$(stat --dereference --format=%s "$1")"; }

[ -x "$binary" ] || fail "there is no binary $binary: run \`cargo build\`, or name one"
command -v docker >/dev/null || fail "docker is not installed"
[ -r "$certificates" ] || fail "there are no CA certificates in $certificates: install ca-certificates, or name a bundle in SSL_CERT_FILE"

context=$(mktemp -d)
trap 'rm -rf "$context" "$context.log"' EXIT
root=$context/root
install -D -m 755 "$binary" "$root/usr/bin/windfarm"
if command -v strip >/dev/null; then
    strip "$root/usr/bin/windfarm"
else
    echo "strip is not installed (binutils): the image keeps the debug information"
fi
echo "binary     $(size "$binary"), in the image $(size "$root/usr/bin/windfarm")"

# `ldd` writes `name => path (address)`, `path (address)` for the loader, and a name without a path
# for what the kernel maps by itself. A static binary has no libraries and makes it fail.
libraries=$(ldd "$binary" 2>/dev/null || true)
if grep -q 'not found' <<<"$libraries"; then
    fail "libraries are missing here: $(grep 'not found' <<<"$libraries" | tr -s '[:space:]' ' ')"
fi
while read -r library; do
    [ -n "$library" ] || continue
    install -D -m 755 "$library" "$root$library"
    echo "library    $(size "$library") $library"
done < <(grep -oE '/[^ ]+ \(0x' <<<"$libraries" | sed 's/ (0x$//' | sort -u)

install -D -m 644 "$certificates" "$root/etc/ssl/certs/ca-certificates.crt"
echo 'windfarm:x:10001:10001:windfarm:/tmp:/usr/bin/windfarm' >"$root/etc/passwd"
echo 'windfarm:x:10001:' >"$root/etc/group"
# Queries that do not fit in memory spill here.
install -d -m 1777 "$root/tmp"

cp "$here/Dockerfile" "$context/Dockerfile"
# Shown when it fails only: engines without BuildKit warn about its absence, which is nothing here.
docker build --quiet --tag "$tag" "$context" >"$context.log" 2>&1 || fail "docker build: $(cat "$context.log")"
# A missing library shows when the program starts, not when the image is built.
version=$(docker run --rm --network none "$tag" --version) || fail "the image $tag does not start"
echo "image      $(docker image inspect --format '{{.Size}}' "$tag" | numfmt --to=iec-i --suffix=B) $tag ($version)"

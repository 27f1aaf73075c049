#!/bin/sh
# differential.sh VXD CASES...: assembles every case with our assembler and with the JWasm named by VXDKIT_JWASM and compares the
# code and data byte by byte (relocated fields included, so a case must not name a target other than by its section). Skipped
# without JWasm. The case files hold what JWasm said when they were made; this asks it anew.
set -u
[ -n "${VXDKIT_JWASM:-}" ] || { echo "VXDKIT_JWASM is not set: skipped"; exit 77; }
oracle=$1
shift
status=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for cases in "$@"; do
    "$oracle" "$VXDKIT_JWASM" "$cases" > "$work/cases.txt" || status=1
    grep '^=' "$cases" > "$work/old"
    grep '^=' "$work/cases.txt" > "$work/new"
    diff "$work/old" "$work/new" || status=1
done
rm -f asm_oracle.err
exit $status

#!/bin/sh
# differential.sh ORACLE CASES...: asks the JWasm named by VXDKIT_JWASM anew what every case assembles to (ORACLE is asm_oracle) and
# compares that with the lines the case files hold, which the tests in turn compare with ours. Skipped
# without JWasm.
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

#!/bin/sh
# run.sh BUILD: what `make bench` prints. First the cold start, then every other bench-* program that was built; each
# compares itself with its rivals in the same run. A benchmark that fails does not stop the others but fails the whole.
set -u
build=$1
status=0

"$build/vxd" build -o "$build/restricted.vxd" examples/restricted/restricted.asm || exit 1
"$build/bench/bench-cold-start" "$build/vxd" "$build/restricted.vxd" || status=1
for program in "$build"/bench/bench-*; do
    [ -x "$program" ] && [ -f "$program" ] || continue
    name=$(basename "$program")
    [ "$name" != bench-cold-start ] || continue
    printf '\n%s\n' "$name"
    "$program" || status=1
done
exit $status

#!/bin/sh
# readme.sh VXD [--accept]: the demo's output in README.md is what the demo prints today, but for addresses, instruction
# times and the list of devices, which change with every device that is added. --accept puts today's output there.
set -eu
vxd=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

"$vxd" build -o "$dir/restricted.vxd" --debug examples/restricted/restricted.asm
"$vxd" run "$dir/restricted.vxd" | tr -d '\r' > "$dir/today"
awk '/^```demo$/ { inside = 1; next } /^```$/ { inside = 0 } inside' README.md > "$dir/written"
if [ "${2:-}" = --accept ]; then
    awk -v new="$dir/today" '
        /^```demo$/ { print; while ((getline line < new) > 0) print line; inside = 1; next }
        /^```$/ { inside = 0 }
        !inside' README.md > "$dir/README.md"
    cat "$dir/README.md" > README.md
    exit 0
fi
essence() {
    grep -vE '(_Init|_Complete|_Exit2?|_Terminate2?)( \(|:)' "$1" | sed -E 's/[0-9A-F]{8}/ADDRESS/g; s/[0-9]+\.[0-9]+/TIME/g'
}
essence "$dir/written" > "$dir/a"
essence "$dir/today" > "$dir/b"
diff "$dir/a" "$dir/b" || { echo "README.md shows another output: make generate"; exit 1; }

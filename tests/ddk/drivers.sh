#!/bin/sh
# drivers.sh VXD: what the macros promise, run: services of all conventions between two drivers, and a hook procedure that
# is found again by its preamble; each in retail and in a debug build.
set -eu
vxd=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

build() { "$vxd" build $1 -o "$dir/$2.vxd" "tests/ddk/drivers/$2.asm"; }
run() { "$vxd" run --quiet "$@" | tr -d '\r'; }

for debug in "" --debug; do
    build "$debug" provider
    build "$debug" user
    run "$dir/provider.vxd" "$dir/user.vxd" | sed -E 's/addr [0-9A-F]{8}/addr -/' > "$dir/out"
    echo "version 0100 double 0000002A sum 0000002A diff 0000002A addr -" | diff - "$dir/out"
done

build "" hook
run "$dir/hook.vxd" > "$dir/out"
echo "in the hook" | diff - "$dir/out"

build --debug hook
run "$dir/hook.vxd" > "$dir/out"
diff - "$dir/out" <<END
10 and a in a debug build
in the hook
version 0400
unhooked
END

for debug in "" --debug; do
    "$vxd" build $debug --dynamic -o "$dir/cioctl.vxd" tests/ddk/drivers/cioctl.asm
    "$vxd" run --ioctl 0x12345678 "$dir/cioctl.vxd" 2>&1 | grep "control code" > "$dir/out"
    echo "vxd: control code 12345678h: done, 8 bytes returned: 78 56 34 12 00 00 00 00" | diff - "$dir/out"
done

"$vxd" build --debug -o "$dir/lockable.vxd" tests/ddk/drivers/lockable.asm
"$vxd" run "$dir/lockable.vxd" > "$dir/out" && { echo "FAILED: a broken rule is no error"; exit 1; }
grep "^vxd: .*RULE BROKEN" "$dir/out" | sed 's/.*RULE/RULE/; s/ (documented.*//' > "$dir/rules"
echo "RULE BROKEN [blocked-in-no-block] LOCKABLE: may block, but ENTER_NOBLOCK is outstanding," \
    "at Work+C (tests/ddk/drivers/lockable.asm:11)" | diff - "$dir/rules"
grep -c "^locked\|^unlocked" "$dir/out" | grep -qx 2

for debug in "" --debug; do
    build "$debug" named
    build "$debug" caller
    run "$dir/named.vxd" "$dir/caller.vxd" > "$dir/out"
    echo "version 123, difference 42, kept 11f, absent fffeffff" | diff - "$dir/out"
done

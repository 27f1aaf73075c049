#!/bin/sh
# collection.sh VXD MAKE_COLLECTION: collections of drivers are listed, looked into and taken apart; what comes out runs.
set -eu
vxd=$1 make=$2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

for stem in minimal ioctl; do
    kind=; [ $stem = ioctl ] && kind=--dynamic
    # shellcheck disable=SC2086 # no word when empty
    "$vxd" build $kind -o "$dir/$stem.vxd" "examples/$stem/$stem.asm"
done
"$make" W3 "$dir/win386.exe" "ONE=$dir/minimal.vxd" "TWO=$dir/ioctl.vxd"
"$make" W4 "$dir/vmm32.vxd" "ONE=$dir/minimal.vxd" "TWO=$dir/ioctl.vxd"

for file in win386.exe vmm32.vxd; do
    "$vxd" info "$dir/$file" > "$dir/list"
    grep -q "collection of 2 drivers for Windows 4.00" "$dir/list"
    grep -Eq "^ONE +0000 +static +[0-9]+ +000000B0 +[0-9]+ +[0-9]+$" "$dir/list"
    grep -Eq "^TWO +[0-9A-F]{4} +dynamic " "$dir/list"
    "$vxd" info --json "$dir/$file" > "$dir/list"
    grep -q '"drivers":\[{"name":"ONE",.*"kind":"static",.*},{"name":"TWO",.*"kind":"dynamic",.*}\]}$' "$dir/list" ||
        { echo "FAILED: JSON of $file"; exit 1; }

    "$vxd" info --driver one "$dir/$file" | grep -q "^$dir/$file(ONE): "
    "$vxd" dis --driver ONE "$dir/$file" | grep -q "Out_Debug_String"
    "$vxd" info --extract "$dir/out" "$dir/$file"
    "$vxd" run --quiet "$dir/out/one.vxd" | grep -q "Hello from ring 0"
    "$vxd" run --quiet --ioctl 1 "$dir/out/two.vxd" > "$dir/log" 2>&1
    rm -r "$dir/out"
    "$vxd" info --extract "$dir/out" --driver Two "$dir/$file"
    [ "$(ls "$dir/out")" = two.vxd ]
    rm -r "$dir/out"
done

for command in "info --driver THREE" "dis --driver THREE"; do
    # shellcheck disable=SC2086 # several words
    "$vxd" $command "$dir/vmm32.vxd" > "$dir/log" 2>&1 && { echo "FAILED: $command"; exit 1; }
    grep -q "no driver is called THREE among its 2" "$dir/log"
done
for command in dis run; do
    "$vxd" $command "$dir/vmm32.vxd" > "$dir/log" 2>&1 && { echo "FAILED: $command of a collection"; exit 1; }
    grep -q "vxd info --extract takes it apart" "$dir/log"
done

# One damaged driver does not hide the others.
printf '\377\377\377\377' | dd of="$dir/win386.exe" bs=1 seek=304 conv=notrunc 2> "$dir/log"
"$vxd" info "$dir/win386.exe" > "$dir/list" 2> "$dir/log" && { echo "FAILED: a damaged driver is no error"; exit 1; }
grep -q "^ONE .*damaged" "$dir/list"
grep -q "^TWO .*dynamic" "$dir/list"
echo "collections are opened, listed and taken apart"

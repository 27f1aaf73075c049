#!/bin/sh
# other_host.sh VXD BUILD: the command built for aarch64 and run under qemu-user gives the same trace as the host's own.
# Exit status 77 (skipped) with a message where the cross tools are missing; scripts/setup.sh does not ask for them:
#   dpkg --add-architecture arm64 && apt-get update &&
#   apt-get install gcc-aarch64-linux-gnu qemu-user libzydis-dev:arm64 libmpfr-dev:arm64
set -eu
vxd=$1 build=$2
other=$build/aarch64

for tool in aarch64-linux-gnu-gcc qemu-aarch64; do
    command -v $tool > /dev/null || { echo "skipped: no $tool here"; exit 77; }
done
libraries=/usr/lib/aarch64-linux-gnu
for library in libZydis libmpfr libgmp; do
    [ -e $libraries/$library.so ] || { echo "skipped: no $libraries/$library.so here"; exit 77; }
done

set -- -DZYDIS_LIBRARY=$libraries/libZydis.so -DMPFR_LIBRARY=$libraries/libmpfr.so -DGMP_LIBRARY=$libraries/libgmp.so
[ ! -e $libraries/libZycore.so ] || set -- "$@" -DZYCORE_LIBRARY=$libraries/libZycore.so
cmake -S . -B "$other" -G Ninja -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64 \
    -DCMAKE_C_COMPILER=aarch64-linux-gnu-gcc -DVXDKIT_TESTS=OFF "$@" > /dev/null
ninja -C "$other" vxd > "$other/build.log" || { cat "$other/build.log"; exit 1; }

for driver in examples/restricted/restricted.asm examples/minimal/minimal.asm; do
    "$vxd" build -o "$other/here.vxd" --debug $driver
    "$vxd" run --trace "$other/here.json" "$other/here.vxd" > "$other/here.txt"
    qemu-aarch64 -L /usr/aarch64-linux-gnu "$other/vxd" build -o "$other/there.vxd" --debug $driver
    qemu-aarch64 -L /usr/aarch64-linux-gnu "$other/vxd" run --trace "$other/there.json" "$other/there.vxd" > "$other/there.txt"
    cmp "$other/here.vxd" "$other/there.vxd"
    cmp "$other/here.json" "$other/there.json"
    cmp "$other/here.txt" "$other/there.txt"
done
echo "aarch64 gives the same drivers, traces and accounts"

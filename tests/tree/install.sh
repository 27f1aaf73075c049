#!/bin/sh
# install.sh BUILD CC VXD [FLAGS]: installs into a fresh prefix, then builds examples/embed/embed.c with nothing but what
# pkg-config says there, and runs it with the demo driver: what a host program's author does.
set -eu
build=$1 cc=$2 vxd=$3 flags=${4:-}
prefix=$(mktemp -d)
trap 'rm -rf "$prefix"' EXIT

cmake --install "$build" --prefix "$prefix" > "$prefix/install.log"
[ -x "$vxd" ]
for file in bin/vxd share/man/man1/vxd.1 include/vxdkit/vxdkit.h; do
    [ -e "$prefix/$file" ] || { echo "not installed: $file"; exit 1; }
done
pc=$(find "$prefix" -name vxdkit.pc)
PKG_CONFIG_PATH=$(dirname "$pc")
export PKG_CONFIG_PATH
# shellcheck disable=SC2046,SC2086 # words on purpose
"$cc" -std=c17 -Wall -Wextra $flags -o "$prefix/embed" examples/embed/embed.c $(pkg-config --cflags --libs vxdkit)
"$prefix/bin/vxd" build -o "$prefix/restricted.vxd" examples/restricted/restricted.asm
"$prefix/embed" "$prefix/restricted.vxd" > "$prefix/out"
grep -q 'embed: both runs executed' "$prefix/out"
"$prefix/bin/vxd" --version

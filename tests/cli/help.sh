#!/bin/sh
# help.sh VXD: help and version are there for everything, and every option of the help is in the manual page.
set -eu
vxd=$1
commands='build run asm ml link info dis services help'

"$vxd" --version | grep -qE '^vxd [0-9]+\.[0-9]+\.[0-9]+$'
for command in $commands; do
    "$vxd" --help | grep -qE "^  $command +[a-z]" || { echo "not in vxd --help: $command"; exit 1; }
    "$vxd" $command --help | grep -qF "vxd $command" || { echo "no help for $command"; exit 1; }
    "$vxd" help $command | cmp -s - /dev/null && { echo "vxd help $command is empty"; exit 1; }
    for option in $("$vxd" $command --help | grep -oE -e '--[a-z-]+' | sort -u); do
        escaped=$(printf '%s' "$option" | sed 's/-/\\\\-/g')
        grep -qF -e "$(printf '%b' "$escaped")" docs/vxd.1 || { echo "not in docs/vxd.1: $option"; exit 1; }
    done
done
if "$vxd" > /dev/null 2>&1; then
    echo "vxd alone must end with status 2"
    exit 1
fi

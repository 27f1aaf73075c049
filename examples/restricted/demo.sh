#!/bin/sh
# demo.sh BUILD: the main job, from source to a running driver: what `make demo` shows.
set -eu
vxd=$1/vxd
driver=$1/restricted.vxd
source=examples/restricted/restricted.asm

echo "\$ vxd build -o restricted.vxd --debug $source"
"$vxd" build -o "$driver" --debug "$source"
ls -l "$driver" | awk '{ print "  " $5 " bytes" }'
echo
echo "\$ vxd run restricted.vxd"
"$vxd" run "$driver"

#!/bin/sh
# floors.sh [TREE]: walks the include graph of TREE/src. A room may include only its own files and rooms on floors below
# its own; the command may include only the public headers and its own; only `api` and `cli` see the public headers.
set -eu
tree=${1:-.}
cd "$tree"

grep -rnE --include='*.[ch]' --include='*.def' '^[[:space:]]*#[[:space:]]*include' src | awk '
BEGIN {
    floors = "base;kit;x86 image;dis pc asm link;vmm;dos;devices;check watch;api;cli"
    n = split(floors, floor, ";")
    for (i = 1; i <= n; i++) {
        m = split(floor[i], rooms, " ")
        for (j = 1; j <= m; j++) level[rooms[j]] = i
    }
}
function complain(why) {
    print place ": " why ": " what
    bad = 1
}
{
    split($0, part, ":")
    place = part[1] ":" part[2]
    split(part[1], path, "/")
    room = path[2]
    what = $0
    sub(/^[^:]*:[^:]*:[[:space:]]*#[[:space:]]*include[[:space:]]*/, "", what)
    seen++
    if (!(room in level)) { complain("no such room in the plan: " room); next }
    if (what ~ /^<vxdkit\//) {
        if (room != "api" && room != "cli") complain("only api and cli see the public headers")
        next
    }
    if (what !~ /^"/) next
    target = substr(what, 2)
    sub(/".*/, "", target)
    if (target !~ /\//) { complain("write the room before the file"); next }
    sub(/\/.*/, "", target)
    if (target == room) next
    if (!(target in level)) { complain("no such room: " target); next }
    if (room == "cli") { complain("the command stands on the public API only"); next }
    if (level[target] >= level[room]) complain((level[target] == level[room] ? "sideways" : "upward") " step")
}
END {
    if (!seen) { print "no includes found below src"; bad = 1 }
    exit bad
}'

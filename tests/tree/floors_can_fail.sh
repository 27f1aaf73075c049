#!/bin/sh
# The floors test must notice an upward step, a sideways step and a command that looks behind the public API.
set -eu
floors=$PWD/tests/tree/floors.sh
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT

expect_refusal() { # room, include line, expected words
    rm -rf "$tree/src"
    mkdir -p "$tree/src/$1"
    printf '%s\n' "$2" > "$tree/src/$1/file.c"
    if said=$("$floors" "$tree"); then
        echo "not noticed in $1: $2"
        exit 1
    fi
    case $said in *"$3"*) ;; *) echo "unexpected words: $said"; exit 1 ;; esac
}

expect_refusal kit '#include "x86/x86.h"' 'upward step'
expect_refusal asm '#  include "link/link.h"' 'sideways step'
expect_refusal cli '#include "vmm/vmm.h"' 'public API only'
expect_refusal vmm '#include <vxdkit/vxdkit.h>' 'only api and cli'
expect_refusal vmm '#include "vmm.h"' 'write the room'
mkdir -p "$tree/src/link"
printf '#include "base/buf.h"\n#include "link/link.h"\n#include <stdio.h>\n' > "$tree/src/link/link.c"
rm -rf "$tree/src/vmm"
"$floors" "$tree"

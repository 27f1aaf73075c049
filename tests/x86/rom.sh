#!/bin/sh
# rom.sh CPU-ROM: the runner itself, with a ROM made here: POST 01, "ok" to the out port, POST FF.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
make_rom() { # CODE (printf escapes) at F000:0000, a far jump to it at the reset vector
    head -c 65536 /dev/zero > "$dir/rom"
    printf "$1" | dd of="$dir/rom" conv=notrunc 2>/dev/null
    printf '\352\000\000\000\360' | dd of="$dir/rom" bs=1 seek=65520 conv=notrunc 2>/dev/null
}
fail() { echo "rom.sh: $1"; exit 1; }

# mov al,1; out 84h,al; mov al,'o'; out 0E9h,al; mov al,'k'; out 0E9h,al; mov al,0FFh; out 84h,al
make_rom '\260\001\346\204\260o\346\351\260k\346\351\260\377\346\204'
out=$("$1" "$dir/rom" --post 0x84) || fail "POST FF must exit 0"
[ "$out" = "POST 01
ok
POST FF" ] || fail "printed: $out"

make_rom '\260\002\346\200\364' # POST 02, HLT
if out=$("$1" "$dir/rom"); then fail "HLT must not exit 0"; fi
case $out in "POST 02
halted at F000:"*) ;; *) fail "printed: $out" ;; esac

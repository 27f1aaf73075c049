#!/bin/sh
# spin.sh VXD: --for ends a run whose program never gives the processor up.
set -eu
vxd=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

cat > "$dir/spin.asm" << 'ASM'
PRG     segment para use16 public 'CODE'
        org     100h
start:  sti
again:  inc     ax
        jmp     again
PRG     ends
        end     start
ASM
"$vxd" build -o "$dir/spin.com" "$dir/spin.asm"
"$vxd" run --for 100ms --vm "$dir/spin.com" > "$dir/out" || { tail -3 "$dir/out"; exit 1; }
grep -q 'System_Exit' "$dir/out" || { echo "FAILED: the system was not shut down"; exit 1; }

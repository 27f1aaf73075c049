#!/bin/sh
# run.sh VXD: programs that work with a card described in a file, alone and with the card's driver.
. tests/cli/begin.sh

"$vxd" build -o "$dir/dma.com" tests/dos/cards/dma.asm
"$vxd" build --debug -o "$dir/dmadrv.vxd" tests/dos/cards/dmadrv.asm
cat > "$dir/wanted" << 'TEXT'
recorded
recorded again
seen in the status register
played
words round and round
TEXT
"$vxd" run --quiet --hardware tests/dos/cards/sound.hw --vm "$dir/dma.com" > "$dir/out" || fail "DMA by a program"
tr -d '\r' < "$dir/out" | cmp -s - "$dir/wanted" || fail "DMA by a program: its output"
"$vxd" run --quiet --hardware tests/dos/cards/sound.hw --vm "$dir/dma.com" "$dir/dmadrv.vxd" > "$dir/out" ||
    fail "DMA by a driver"
tr -d '\r' < "$dir/out" | grep -v '^the card wrote' | cmp -s - "$dir/wanted" || fail "DMA by a driver: the program's output"
test "$(grep -c '^the card wrote' "$dir/out")" -eq 3 || fail "DMA by a driver: its output"

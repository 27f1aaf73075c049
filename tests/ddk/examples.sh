#!/bin/sh
# examples.sh VXD: builds the examples and checks what they print. Addresses and handles are the VMM's affair.
set -eu
vxd=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

plain() { tr -d '\r' | sed -E 's/(VM|registers|handle) [0-9A-F]{8}/\1 -/g; s/ECX = [0-9A-F]{8}/ECX = -/'; }

"$vxd" build -o "$dir/minimal.vxd" examples/minimal/minimal.asm
"$vxd" run --quiet "$dir/minimal.vxd" | plain > "$dir/minimal.out"
echo "Hello from ring 0" | diff - "$dir/minimal.out"

for debug in "" --debug; do
    "$vxd" build $debug -o "$dir/restricted.vxd" examples/restricted/restricted.asm
    "$vxd" run --quiet "$dir/restricted.vxd" | plain > "$dir/restricted.out"
    diff - "$dir/restricted.out" <<END
RESTRICT: critical section taken
event 01: runs. VM -, client registers -, reference 00000001, carry clear
event 01: has run before the call returned, ESI = 00000000
event 02: waits, handle -
event 03: waits, handle -
event 04: waits, handle -
event 05: waits, handle -
event 02: runs. VM -, client registers -, reference 00000002, carry clear
event 04: timed out. VM -, client registers -, reference 00000004, carry set
60 ms: event 05 is cancelled, ECX = - (ms late)
100 ms: critical section released, ECX = - (ms late)
event 03: runs. VM -, client registers -, reference 00000003, carry clear
END
done

printf hello > "$dir/hello"
"$vxd" build --dynamic -o "$dir/ioctl.vxd" examples/ioctl/ioctl.asm
"$vxd" run --ioctl 1 --ioctl "2:$dir/hello" --ioctl 3 "$dir/ioctl.vxd" 2>&1 | grep "control code" > "$dir/ioctl.out"
diff - "$dir/ioctl.out" <<END
vxd: control code 00000001h: done, 4 bytes returned: 00 04 00 00
vxd: control code 00000002h: done, 5 bytes returned: 6F 6C 6C 65 68
vxd: control code 00000003h: error 50, 0 bytes returned
END

# A card that is described in a file: the driver finds its device node, takes memory and interrupt, and answers a
# control code when the card interrupts. The register that is logged shows in the trace.
"$vxd" build --dynamic -o "$dir/card.vxd" examples/card/card.asm
"$vxd" run --hardware examples/card/card.hw --ioctl 1 --ioctl 1 --trace "$dir/card.json" "$dir/card.vxd" > "$dir/card.all"
grep -E "control code|has been started" "$dir/card.all" | sed 's/^vxd: *[0-9.]* ms/vxd:/' > "$dir/card.out"
diff - "$dir/card.out" <<'END'
vxd:  device PCI\VEN_1AF7&DEV_0042&SUBSYS_00000000&REV_00\BUS_00&DEV_03&FUNC_00 has been started, memory E0000000-E0000FFF, IRQ 11
vxd: control code 00000001h: done, 4 bytes returned: DC 00 00 00
vxd: control code 00000001h: done, 4 bytes returned: DF 00 00 00
END
[ "$(grep -c '"ev":"io","memory":"e0000000","size":4,"direction":"out","value":1,"device":"0:3.0/0"' "$dir/card.json")" = 2 ]
[ "$(grep '"ev":"devnode"' "$dir/card.json" | grep -c '"state":"has been started, memory')" = 1 ]

# Without the card the driver is loaded and has nothing to do.
"$vxd" run --ioctl 1 "$dir/card.vxd" | grep -q "control code 00000001h: error 21, 0 bytes returned"

# A display adapter: VDD finds the mini-VDD in the registry, each VM has its own register 30h, the VESA BIOS is the driver's.
"$vxd" build --dynamic -o "$dir/chip.vxd" examples/display/chip.asm
"$vxd" build -o "$dir/modes.com" examples/display/modes.asm
chip() { "$vxd" run --hardware examples/display/chip.hw --registry examples/display/chip.reg "$@"; }
chip --quiet --vm "$dir/modes.com" "$dir/chip.vxd" | plain > "$dir/chip.out"
diff - "$dir/chip.out" <<'END'
CHIP: revision 0A is here, 0280 pixels across
CHIP: register 30h is now 00
there is a VESA BIOS
register 30h holds what was written
CHIP: register 30h is now 00
END
chip --ioctl 1 "$dir/chip.vxd" | grep -q "control code 00000001h: done, 6 bytes returned: 15 0D 0A 00 80 02"
"$vxd" run --quiet --vm "$dir/modes.com" "$dir/chip.vxd" > "$dir/chip.all" 2> "$dir/err" && exit 1 # it refused
plain < "$dir/chip.all" > "$dir/chip.out"
diff - "$dir/chip.out" <<'END'
CHIP: this is another adapter
there is no VESA BIOS
END

#!/bin/sh
# sources.sh VXD: the whole drivers of tests/ddk/sources build with one command, retail and debug, and those that need
# nothing else run: services of one device called from another, ioctls.
set -eu
vxd=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

cat > "$dir/rest.asm" <<END
        .386p
        include vmm.inc
VxD_LOCKED_DATA_SEG
        public Elsewhere
Elsewhere dd 0
VxD_LOCKED_DATA_ENDS
BeginProc Imported, CCALL, LOCKED
        ret
EndProc Imported
BeginProc Imported_Too, SCALL, LOCKED
        EnterProc
        LeaveProc
        Return
EndProc Imported_Too
        end
END

for source in tests/ddk/sources/*.asm; do
    stem=$(basename "$source" .asm)
    rest=
    case $stem in frames|oldstyle) rest=$dir/rest.asm ;; esac
    for debug in "" --debug; do
        # shellcheck disable=SC2086 # no word when empty
        "$vxd" build $debug -o "$dir/$stem$debug.vxd" "$source" $rest 2> "$dir/log" ||
            { echo "FAILED: $stem $debug"; cat "$dir/log"; exit 1; }
        "$vxd" info "$dir/$stem$debug.vxd" > "$dir/info"
        grep -q "virtual device driver" "$dir/info"
    done
done

for debug in "" --debug; do
    "$vxd" run "$dir/provide$debug.vxd" "$dir/client$debug.vxd" > "$dir/out"
    # Found there, it is not loaded but asked for the address of one of its services.
    grep -q "CLIENT calls Get_DDB" "$dir/out" || { echo "FAILED: services"; cat "$dir/out"; exit 1; }
    "$vxd" run --dynamic --ioctl 0x222000 --ioctl 0x222004 "$dir/ioctl95$debug.vxd" > "$dir/out" 2>&1
    grep -q "control code 00222000h: done, 4 bytes returned: 00 01 00 00" "$dir/out" ||
        { echo "FAILED: ioctl"; cat "$dir/out"; exit 1; }
done
echo "whole drivers build and run"

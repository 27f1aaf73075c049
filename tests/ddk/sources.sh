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
# A driver whose texts are in a source of their own, in two languages.
cat > "$dir/declare_en.inc" <<END
VxD_MESSAGE_SEG
DECLARE_MESSAGE MSG_Greeting, <"Hello, %0s">
VxD_MESSAGE_ENDS
VxD_IMESSAGE_SEG
DECLARE_MESSAGE MSG_Start, <"started">
VxD_IMESSAGE_ENDS
END
sed 's/Hello/Guten Tag/; s/started/begonnen/' "$dir/declare_en.inc" > "$dir/declare_de.inc"
cat > "$dir/greeter.asm" <<END
        .386p
        include vmm.inc
        include msgmacro.inc
        include declare_en.inc
Declare_Virtual_Device GREETER, 1, 0, GREETER_Control, Undefined_Device_ID, Undefined_Init_Order
Begin_Control_Dispatch GREETER
Control_Dispatch Device_Init, GREETER_Device_Init
End_Control_Dispatch GREETER
VxD_LOCKED_DATA_SEG
who     db 'world', 13, 10, 0
VxD_LOCKED_DATA_ENDS
VxD_LOCKED_CODE_SEG
BeginProc GREETER_Device_Init
        PUSH_SPRINTF MSG_Greeting, <OFFSET32 who>
        mov     esi, eax
        VMMCall Out_Debug_String
        POP_SPRINTF
        GET_MESSAGE_PTR MSG_Start, esi
        VMMCall Out_Debug_String
        clc
        ret
EndProc GREETER_Device_Init
VxD_LOCKED_CODE_ENDS
        end
END
for language in en de; do
    printf ' .386\n include vmm.inc\n include msgmacro.inc\nCREATE_MESSAGES EQU TRUE\n include declare_%s.inc\n end\n' \
        "$language" > "$dir/texts_$language.asm"
    "$vxd" build -I "$dir" -o "$dir/greeter.vxd" "$dir/greeter.asm" "$dir/texts_$language.asm"
    "$vxd" run --quiet "$dir/greeter.vxd" > "$dir/out"
    case $language in en) want='Hello, world started' ;; *) want='Guten Tag, world begonnen' ;; esac
    [ "$(tr -s '\r\n' ' ' < "$dir/out")" = "$want" ] || { echo "FAILED: messages"; cat "$dir/out"; exit 1; }
done
echo "whole drivers build and run"

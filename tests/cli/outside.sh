#!/bin/sh
# outside.sh VXD: what comes from outside (control codes, interrupts, keys, SYSTEM.INI, registry) reaches the driver at its
# time, and the options that choose a machine do so.
. tests/cli/begin.sh

printf 'hello' > "$dir/in"
"$vxd" build -o "$dir/ioctl.vxd" --dynamic examples/ioctl/ioctl.asm
"$vxd" run --ioctl 1 --ioctl "2:$dir/in" "$dir/ioctl.vxd" > "$dir/out"
grep -q '^vxd: control code 00000001h: done, 4 bytes returned: 00 04 00 00$' "$dir/out" || fail "ioctl 1"
grep -q '^vxd: control code 00000002h: done, 5 bytes returned: 6F 6C 6C 65 68$' "$dir/out" || fail "ioctl 2"
[ -z "$("$vxd" run --quiet --ioctl 1 "$dir/ioctl.vxd")" ] || fail "--quiet prints more than the driver"
"$vxd" run --windows 3.1 --static --ioctl 1 "$dir/ioctl.vxd" > /dev/null 2> "$dir/err" && fail "3.1 has no DeviceIoControl"
grep -q "cannot be opened" "$dir/err" || fail "ioctl under 3.1"

cat > "$dir/listen.asm" << 'ASM'
        .386p
        include vmm.inc
Declare_Virtual_Device LISTEN, 1, 0, LISTEN_Control, Undefined_Device_ID, Undefined_Init_Order
VxD_LOCKED_DATA_SEG
Section db      "LISTEN", 0
Key     db      "Answer", 0
Text    db      "answer #EAX version #BX", 13, 10, 0
VxD_LOCKED_DATA_ENDS
VxD_LOCKED_CODE_SEG
Begin_Control_Dispatch LISTEN
        Control_Dispatch Device_Init, LISTEN_Device_Init
End_Control_Dispatch LISTEN
BeginProc LISTEN_Device_Init
        xor     eax, eax
        mov     esi, OFFSET32 Section
        mov     edi, OFFSET32 Key
        VMMCall Get_Profile_Decimal_Int
        xchg    eax, ebx
        VMMCall Get_VMM_Version
        xchg    eax, ebx
        pushfd
        pushad
        mov     esi, OFFSET32 Text
        VMMCall Out_Debug_String
        popad
        popfd
        clc
        ret
EndProc LISTEN_Device_Init
VxD_LOCKED_CODE_ENDS
        END
ASM
printf '[LISTEN]\r\nAnswer=42\r\n' > "$dir/system.ini"
"$vxd" build -o "$dir/listen.vxd" "$dir/listen.asm"
[ "$("$vxd" run --quiet --ini "$dir/system.ini" "$dir/listen.vxd" | tr -d '\r')" = "answer 0000002A version 0400" ] || fail "--ini"
[ "$("$vxd" run --quiet "$dir/listen.vxd" | tr -d '\r')" = "answer 00000000 version 0400" ] || fail "no --ini"
for windows in 3.1:030A 95:0400 98:040A; do
    "$vxd" run --quiet --windows ${windows%:*} "$dir/listen.vxd" | grep -q "version ${windows#*:}" || fail "--windows $windows"
done

"$vxd" run --quiet --trace "$dir/t" --irq 1@7ms --key a@30ms "$dir/listen.vxd" > /dev/null
grep -q '"t":7000000,.*"ev":"irq","irq":1,"state":"raised"' "$dir/t" || fail "--irq"
grep -q '"t":30000000,.*"ev":"irq","irq":1,"state":"raised"' "$dir/t" || fail "--key"

# The non-maskable interrupt reaches the procedure of a driver.
cat > "$dir/nmi.asm" << 'ASM'
.386p
include vmm.inc
include debug.inc
Declare_Virtual_Device NMI, 1, 0, NMI_Control, Undefined_Device_ID, Undefined_Init_Order
Begin_Control_Dispatch NMI
Control_Dispatch Device_Init, NMI_Device_Init
End_Control_Dispatch NMI
VxD_LOCKED_CODE_SEG
BeginProc NMI_Device_Init
        mov     esi, OFFSET32 NMI_Event
        VMMcall Hook_NMI_Event
        clc
        ret
EndProc NMI_Device_Init
BeginProc NMI_Event
        Trace_Out "an NMI"
        ret
EndProc NMI_Event
VxD_LOCKED_CODE_ENDS
end
ASM
"$vxd" build --debug -o "$dir/nmi.vxd" "$dir/nmi.asm"
[ "$("$vxd" run --quiet --nmi 5ms --nmi 9ms "$dir/nmi.vxd" | grep -c 'an NMI')" = 2 ] || fail "--nmi"
status=0
"$vxd" run --quiet --nmi soon "$dir/nmi.vxd" 2> /dev/null || status=$?
[ $status = 2 ] || fail "--nmi soon: status $status"

# A bound that was asked for ends the run as asked; a default one is told.
"$vxd" run --quiet --for 5ms "$dir/listen.vxd" > /dev/null || fail "--for is as asked"
status=0
"$vxd" run --quiet --limit 50 "$dir/listen.vxd" > /dev/null 2> "$dir/err" || status=$?
[ $status = 4 ] || fail "--limit: status $status"
grep -q 'the limit of 50 instructions' "$dir/err" || fail "--limit says what ended the run"

# Message boxes are answered one after the other, the last answer stays.
cat > "$dir/box.asm" << 'ASM'
        .386p
        include vmm.inc
        include shell.inc
Declare_Virtual_Device BOX, 1, 0, BOX_Control, Undefined_Device_ID, Undefined_Init_Order
VxD_LOCKED_DATA_SEG
Text    db      "answer #EAX", 13, 10, 0
Ask     db      "Format the disk?", 0
VxD_LOCKED_DATA_ENDS
VxD_LOCKED_CODE_SEG
Begin_Control_Dispatch BOX
        Control_Dispatch Init_Complete, BOX_Init_Complete
End_Control_Dispatch BOX
BeginProc BOX_Init_Complete
        mov     edx, 3
@@:
        mov     eax, MB_YESNOCANCEL + MB_SYSTEMMODAL
        mov     ecx, OFFSET32 Ask
        xor     edi, edi
        VxDCall SHELL_SYSMODAL_Message
        pushad
        mov     esi, OFFSET32 Text
        VMMCall Out_Debug_String
        popad
        dec     edx
        jnz     @B
        clc
        ret
EndProc BOX_Init_Complete
VxD_LOCKED_CODE_ENDS
        END
ASM
"$vxd" build -o "$dir/box.vxd" "$dir/box.asm"
answers() {
    "$vxd" run --quiet "$@" "$dir/box.vxd" | tr -d '\r' | sed 's/answer 0*//' | tr '\n' ' '
}
[ "$(answers)" = "6 6 6 " ] || fail "default buttons"
[ "$(answers --answer no --answer cancel)" = "7 2 2 " ] || fail "--answer: $(answers --answer no --answer cancel)"
[ "$(answers --answer ok)" = "6 6 6 " ] || fail "a button that the box does not have"
"$vxd" run --quiet --answer maybe "$dir/box.vxd" > "$dir/out" 2> "$dir/err" && fail "--answer maybe"
grep -q 'no button "maybe"' "$dir/err" || fail "--answer maybe: $(cat "$dir/err")"

# A driver's files, in the directory of --root.
cat > "$dir/log.asm" << 'ASM'
        .386p
        include vmm.inc
        include ifsmgr.inc
        include ifs.inc
Declare_Virtual_Device LOG, 1, 0, LOG_Control, Undefined_Device_ID, Undefined_Init_Order
VxD_LOCKED_DATA_SEG
Name    db      "C:\BOOT.LOG", 0
Text    db      "started"
VxD_LOCKED_DATA_ENDS
VxD_LOCKED_CODE_SEG
Begin_Control_Dispatch LOG
        Control_Dispatch Init_Complete, LOG_Init_Complete
End_Control_Dispatch LOG
BeginProc LOG_Init_Complete
        mov     eax, R0_OPENCREATFILE
        mov     ebx, 2
        xor     ecx, ecx
        mov     edx, 12h
        mov     esi, OFFSET32 Name
        VxDCall IFSMgr_Ring0_FileIO
        jc      @F
        mov     ebx, eax
        mov     eax, R0_WRITEFILE
        mov     ecx, 7
        xor     edx, edx
        mov     esi, OFFSET32 Text
        VxDCall IFSMgr_Ring0_FileIO
        mov     eax, R0_CLOSEFILE
        VxDCall IFSMgr_Ring0_FileIO
@@:
        clc
        ret
EndProc LOG_Init_Complete
VxD_LOCKED_CODE_ENDS
        END
ASM
"$vxd" build -o "$dir/log.vxd" "$dir/log.asm"
mkdir "$dir/c"
"$vxd" run --quiet --root "$dir/c" "$dir/log.vxd" || fail "--root"
[ "$(cat "$dir/c/BOOT.LOG")" = "started" ] || fail "--root: the driver's file: $(ls "$dir/c")"
"$vxd" run --quiet --root "$dir/nowhere" "$dir/log.vxd" > /dev/null 2> "$dir/err" && fail "--root nowhere"
grep -q nowhere "$dir/err" || fail "--root nowhere: $(cat "$dir/err")"

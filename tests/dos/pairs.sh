#!/bin/sh
# pairs.sh VXD: a driver and the DOS program that talks to it: API, hooked interrupt, trapped port, interrupt line
# (examples/dos), hot key; and what the command says about programs.
. tests/cli/begin.sh

"$vxd" build -o "$dir/door.vxd" examples/dos/driver.asm
"$vxd" build -o "$dir/door.com" examples/dos/program.asm
"$vxd" run --quiet --vm "$dir/door.com" --irq 5@20ms "$dir/door.vxd" | tr -d '\r' > "$dir/out"
cat > "$dir/wanted" << 'TEXT'
API version 1.2
virtual machine 2
the port turns bits round
the bell has rung
TEXT
cmp -s "$dir/out" "$dir/wanted" || fail "the example's output"
"$vxd" run --vm "$dir/door.com" --irq 5@20ms "$dir/door.vxd" --trace "$dir/trace" > "$dir/out"
grep -q 'VM 2: C:\\DOOR.COM ended with exit code 0' "$dir/out" || fail "account"
grep -q '"ev":"program","vm":2,"name":"C:\\\\DOOR.COM","state":"ended","how":"exit","code":0' "$dir/trace" || fail "trace"
grep -q '"ev":"output","vm":2,"text":"virtual machine ' "$dir/trace" || fail "output in the trace"
"$vxd" run --vm "$dir/door.com" > "$dir/out" || fail "a program's exit code is not the command's"
grep -q 'DOOR.COM ended with exit code 1' "$dir/out" || fail "exit code"
"$vxd" run --vm "$dir/door.com" --vm "$dir/door.com x" > "$dir/out"
grep -q 'VM 2: .*DOOR.COM ended' "$dir/out" && grep -q 'VM 3: .*DOOR.COM ended' "$dir/out" || fail "two programs"

# Two programs that hold different numbers in the coprocessor for several time slices.
cat > "$dir/fp.asm" << 'ASM'
        .386p
        .387
S       SEGMENT USE16 'CODE'
        ASSUME CS:S, DS:S
        ORG     100h
start:  mov     al, ds:[82h]            ; the digit of the command line
        sub     al, '0'
        cbw
        mov     number, ax
        finit
        fild    number
        fldcw   control
        mov     ecx, 600000            ; longer than a few time slices
again:  fld     st(0)
        fistp   result
        mov     ax, result
        cmp     ax, number
        jne     wrong
        dec     ecx
        jnz     again
        mov     dl, ds:[82h]
        mov     ah, 2
        int     21h
        mov     ax, 4C00h
        int     21h
wrong:  mov     ax, 4C01h
        int     21h
number  dw      0
result  dw      0
control dw      0F7Fh
S       ENDS
        END     start
ASM
"$vxd" build -o "$dir/fp.com" "$dir/fp.asm"
"$vxd" run --vm "$dir/fp.com 3" --vm "$dir/fp.com 7" > "$dir/out"
[ "$(grep -c 'FP.COM ended with exit code 0' "$dir/out")" = 2 ] || fail "each virtual machine has its own x87 registers"

# The screen changes hands: a program with a handler of INT 2Fh hears it, and its VGA registers come back.
cat > "$dir/focus.asm" << 'ASM'
        .386p
        include vmm.inc
Declare_Virtual_Device FOCUS, 1, 0, FOCUS_Control, Undefined_Device_ID, Undefined_Init_Order
VxD_LOCKED_DATA_SEG
To_Whom dd      0
Program dd      0
VxD_LOCKED_DATA_ENDS
VxD_LOCKED_CODE_SEG
BeginProc FOCUS_Move
        mov     ebx, edx
        mov     eax, Set_Device_Focus
        xor     edx, edx
        xor     esi, esi
        xor     edi, edi
        VMMCall System_Control
        ret
EndProc FOCUS_Move
BeginProc FOCUS_VM_Init
        mov     eax, 30
        VMMCall Get_Sys_VM_Handle
        mov     edx, ebx
        mov     esi, OFFSET32 FOCUS_Move
        VMMCall Set_Global_Time_Out
        mov     eax, 60
        VMMCall Get_Cur_VM_Handle
        mov     edx, ebx
        mov     esi, OFFSET32 FOCUS_Move
        VMMCall Set_Global_Time_Out
        clc
        ret
EndProc FOCUS_VM_Init
Begin_Control_Dispatch FOCUS
        Control_Dispatch VM_Init, FOCUS_VM_Init
End_Control_Dispatch FOCUS
VxD_LOCKED_CODE_ENDS
        end
ASM
cat > "$dir/screen.asm" << 'ASM'
        .386
S       SEGMENT USE16 'CODE'
        ASSUME  CS:S, DS:S
        ORG     100h
start:  mov     ax, 352Fh
        int     21h
        mov     word ptr old, bx
        mov     word ptr old+2, es
        mov     dx, OFFSET handler
        mov     ax, 252Fh
        int     21h
        mov     ax, 4000h
        int     2Fh
        add     al, '0'
        mov     dl, al
        mov     ah, 2
        int     21h
        mov     dx, 3D4h
        mov     ax, 770Eh
        out     dx, ax
wait_:  cmp     heard, 2
        jb      wait_
        inc     dx
        in      al, dx
        mov     dl, 'x'
        cmp     al, 77h
        jne     @F
        mov     dl, '.'
@@:     mov     ah, 2
        int     21h
        mov     ax, 252Fh
        lds     dx, old
        int     21h
        mov     ax, 4C00h
        int     21h
handler:cmp     ax, 4001h
        je      lost
        cmp     ax, 4002h
        je      got
        jmp     dword ptr cs:old
lost:   mov     byte ptr cs:background, 1
        inc     byte ptr cs:heard
        iret
got:    cmp     byte ptr cs:background, 1
        jne     @F
        inc     byte ptr cs:heard
@@:     iret
old     dd      0
heard   db      0
background db   0
S       ENDS
        END     start
ASM
"$vxd" build -o "$dir/focus.vxd" "$dir/focus.asm"
"$vxd" build -o "$dir/screen.com" "$dir/screen.asm"
"$vxd" run --quiet --static --for 5s --vm "$dir/screen.com" "$dir/focus.vxd" > "$dir/out"
[ "$(cat "$dir/out")" = "2." ] || fail "switches of the screen: $(cat "$dir/out")"
cat > "$dir/leaver.asm" << 'ASM'
S       SEGMENT USE16 'CODE'
        ASSUME  CS:S, DS:S
        ORG     100h
start:  mov     dx, OFFSET handler
        mov     ax, 252Fh
        int     21h
        mov     ax, 4C00h
        int     21h
handler:iret
S       ENDS
        END     start
ASM
"$vxd" build -o "$dir/leaver.com" "$dir/leaver.asm"
"$vxd" run --vm "$dir/leaver.com" > "$dir/out" || fail "a program that leaves its handler behind"
grep -q "vm event" "$dir/out" && fail "a virtual machine that ends hears of the screen"

# A mouse: a driver posts its messages, the program with the focus has INT 33h with position, buttons, counters, a cursor and
# a procedure of its own. Without a driver there is no mouse.
cat > "$dir/mouse.asm" << 'ASM'
        .386p
        include vmm.inc
        include vmd.inc
Declare_Virtual_Device MOUSE, 1, 0, MOUSE_Control, Undefined_Device_ID, Undefined_Init_Order
VxD_LOCKED_DATA_SEG
Step    dd      0
Steps   dd      80, -8, 0               ; mickeys across and down, buttons
        dd      0, 0, 20h
        dd      8, 16, 20h
        dd      0, 0, 0
        dd      0, 0, 8
        dd      -30000, 30000, 8
        dd      0, 0, 0
STEPS_  equ     7
VxD_LOCKED_DATA_ENDS
VxD_LOCKED_CODE_SEG
BeginProc MOUSE_Device_Init
        mov     eax, VMD_Type_PS2 * 256 + 12
        xor     ebx, ebx
        mov     edx, 200h
        VxDCall VMD_Set_Mouse_Data
        clc
        ret
EndProc MOUSE_Device_Init
BeginProc MOUSE_Next
        mov     ecx, [Step]
        cmp     ecx, STEPS_
        je      @F
        inc     [Step]
        imul    ecx, 12
        mov     esi, Steps[ecx]
        mov     edi, Steps[ecx+4]
        mov     eax, Steps[ecx+8]
        VxDCall VMD_Post_Pointer_Message
        mov     eax, 10
        mov     esi, OFFSET32 MOUSE_Next
        VMMCall Set_Global_Time_Out
@@:     ret
EndProc MOUSE_Next
; The program says by INT 33h AX=0001h that it is ready.
BeginProc MOUSE_Int33
        cmp     [ebp.Client_AX], 1
        jne     @F
        cmp     [Step], 0
        jne     @F
        mov     eax, 10
        mov     esi, OFFSET32 MOUSE_Next
        VMMCall Set_Global_Time_Out
@@:     stc
        ret
EndProc MOUSE_Int33
BeginProc MOUSE_Init_Complete
        mov     eax, 33h
        mov     esi, OFFSET32 MOUSE_Int33
        VMMCall Hook_V86_Int_Chain
        clc
        ret
EndProc MOUSE_Init_Complete
Begin_Control_Dispatch MOUSE
        Control_Dispatch Device_Init, MOUSE_Device_Init
        Control_Dispatch Init_Complete, MOUSE_Init_Complete
End_Control_Dispatch MOUSE
VxD_LOCKED_CODE_ENDS
        end
ASM
cat > "$dir/pointer.asm" << 'ASM'
        .386
S       SEGMENT USE16 'CODE'
        ASSUME  CS:S, DS:S
        ORG     100h
start:  xor     ax, ax
        mov     bx, 7777h
        int     33h
        call    number                  ; FFFF, or 0000 without a mouse
        or      ax, ax
        jz      over
        mov     ax, bx
        call    number                  ; buttons
        mov     ax, 24h
        int     33h
        mov     ax, cx
        call    number                  ; type and IRQ
        mov     ax, 7
        mov     cx, 100
        mov     dx, 500
        int     33h
        mov     ax, 4
        mov     cx, 200
        mov     dx, 48
        int     33h
        mov     ax, 0Ch
        mov     cx, 1Fh                 ; moved, left and right
        push    ds
        pop     es
        mov     dx, OFFSET procedure
        int     33h
        mov     ax, 1
        int     33h
        mov     ax, 0B800h
        mov     fs, ax
        mov     ax, fs:[(6*80+25)*2]
        call    number                  ; the cursor in row 6, column 25
wait_:  cmp     calls, 7
        jb      wait_
        mov     ax, 3
        int     33h
        mov     ax, cx
        call    number
        mov     ax, dx
        call    number
        mov     ax, bx
        call    number
        mov     ax, 0Bh
        int     33h
        mov     ax, cx
        call    number                  ; mickeys since the reset
        mov     ax, dx
        call    number
        mov     ax, 5
        xor     bx, bx
        int     33h
        mov     ax, bx
        call    number                  ; the left button was pressed once, there
        mov     ax, cx
        call    number
        mov     ax, 6
        mov     bx, 1
        int     33h
        mov     ax, bx
        call    number                  ; the right one was let go once
        mov     ax, 2
        int     33h
        mov     ax, fs:[(24*80+12)*2]
        call    number                  ; no cursor any more
        mov     si, OFFSET log
        mov     cx, 14
@@:     lodsw
        call    number
        loop    @B
over:   mov     ax, 4C00h
        int     21h

; Conditions and position of each call.
procedure:
        push    si
        mov     si, cs:at
        mov     cs:[si], ax
        mov     cs:[si+2], cx
        add     cs:at, 4
        inc     cs:calls
        pop     si
        retf

number: push    ax
        push    cx
        push    dx
        mov     cx, 4
        mov     dx, ax
@@:     rol     dx, 4
        mov     al, dl
        and     al, 15
        cmp     al, 10
        sbb     al, 69h
        das
        push    dx
        mov     dl, al
        mov     ah, 2
        int     21h
        pop     dx
        loop    @B
        mov     dl, ' '
        mov     ah, 2
        int     21h
        pop     dx
        pop     cx
        pop     ax
        ret
at      dw      log
calls   db      0
log     dw      28 dup (0)
S       ENDS
        END     start
ASM
"$vxd" build -o "$dir/mouse.vxd" "$dir/mouse.asm"
"$vxd" build -o "$dir/pointer.com" "$dir/pointer.asm"
"$vxd" run --quiet --for 5s --vm "$dir/pointer.com" "$dir/mouse.vxd" > "$dir/out"
wanted="FFFF 0002 040C 7020 0064 00C7 0000 8B28 7538 0001 0118 0001 0720"
wanted="$wanted 0001 0118 0002 0118 0001 0120 0004 0120 0008 0120 0001 0064 0010 0064 "
[ "$(cat "$dir/out")" = "$wanted" ] || fail "the mouse: $(cat "$dir/out")"
[ "$("$vxd" run --quiet --vm "$dir/pointer.com")" = "0000 " ] || fail "a mouse without a driver"

# The board's mouse, moved from outside, says the same but for the counters.
set -- --mouse 80,-8@20ms --mouse 0,0,left@40ms --mouse 8,16,left@60ms --mouse 0,0@80ms --mouse 0,0,right@100ms
"$vxd" run --quiet --for 5s "$@" --mouse -250,250,right@120ms --mouse 0,0@140ms --vm "$dir/pointer.com" > "$dir/out"
wanted="FFFF 0002 040C 7020 0064 00B1 0000 FF5E 0102 0001 0118 0001 0720"
wanted="$wanted 0001 0118 0002 0118 0001 0120 0004 0120 0008 0120 0001 0064 0010 0064 "
[ "$(cat "$dir/out")" = "$wanted" ] || fail "the board's mouse: $(cat "$dir/out")"
for bad in 1@5ms 1,2,up@3ms 1,2,left+@3ms 1,2,@3ms 1,2 1,2x@3ms; do
    "$vxd" run --mouse "$bad" --vm "$dir/pointer.com" > /dev/null 2>&1 && fail "--mouse $bad"
done
"$vxd" run --mouse 70000,0@1ms --vm "$dir/pointer.com" > /dev/null 2> "$dir/out" && fail "too far"
grep -q "too far" "$dir/out" || fail "what is said of too far"

# A program loads a driver and unloads it by VXDLDR's API.
cat > "$dir/extra.asm" << 'ASM'
        .386p
        include vmm.inc
        include debug.inc
Declare_Virtual_Device EXTRA, 1, 0, EXTRA_Control, 7F55h, Undefined_Init_Order
VxD_LOCKED_DATA_SEG
Hello   db      "loaded", 13, 10, 0
Bye     db      "unloaded", 13, 10, 0
VxD_LOCKED_DATA_ENDS
VxD_LOCKED_CODE_SEG
BeginProc EXTRA_Init
        mov     esi, OFFSET32 Hello
        VMMCall Out_Debug_String
        clc
        ret
EndProc EXTRA_Init
BeginProc EXTRA_Exit
        mov     esi, OFFSET32 Bye
        VMMCall Out_Debug_String
        clc
        ret
EndProc EXTRA_Exit
Begin_Control_Dispatch EXTRA
        Control_Dispatch Sys_Dynamic_Device_Init, EXTRA_Init
        Control_Dispatch Sys_Dynamic_Device_Exit, EXTRA_Exit
End_Control_Dispatch EXTRA
VxD_LOCKED_CODE_ENDS
        end
ASM
cat > "$dir/loader.asm" << 'ASM'
        .386
S       SEGMENT USE16 'CODE'
        ASSUME  CS:S, DS:S
        ORG     100h
api_    MACRO   function
        mov     ax, function
        call    dword ptr api
        call    show
        ENDM
start:  xor     di, di
        mov     es, di
        mov     ax, 1684h
        mov     bx, 27h
        int     2Fh
        mov     word ptr api, di
        mov     word ptr api+2, es
        api_    0
        mov     dx, OFFSET absent
        api_    1
        mov     dx, OFFSET file
        api_    1
        mov     dx, OFFSET file
        api_    1
        mov     bx, 7F55h
        api_    2
        mov     bx, 7F55h
        api_    2
        mov     dx, OFFSET file
        api_    1
        mov     bx, -1
        mov     dx, OFFSET module
        api_    2
        mov     dx, 0FFFFh              ; no text
        api_    1
        api_    9
        mov     ax, 4C00h
        int     21h
; CF and AX as digits.
show:   mov     dl, '-'
        jnc     @F
        mov     dl, 'C'
@@:     push    ax
        mov     ah, 2
        int     21h
        pop     dx
        add     dl, 'a'
        mov     ah, 2
        int     21h
        ret
api     dd      0
absent  db      "absent.vxd", 0
file    db      "extra.vxd", 0
module  db      "EXTRA", 0
S       ENDS
        END     start
ASM
"$vxd" build --dynamic -o "$dir/extra.vxd" "$dir/extra.asm"
"$vxd" build -o "$dir/loader.com" "$dir/loader.asm"
"$vxd" run --quiet --vm "$dir/loader.com" | tr -d '\r' > "$dir/out"
cat > "$dir/wanted" << 'END'
-aCdloaded
-aCfunloaded
-aCiloaded
-aunloaded
-aCdCl
END
printf '%s' "$(cat "$dir/wanted")" | cmp -s - "$dir/out" || fail "a driver loaded by a program: $(cat "$dir/out")"

# A driver at Device_Init calls DOS in the System VM; a hot key is the driver's and never reaches the program.
cat > "$dir/hot.asm" << 'ASM'
        .386p
        include vmm.inc
        include vkd.inc
Declare_Virtual_Device HOT, 1, 0, HOT_Control, Undefined_Device_ID, VKD_Init_Order + 1
VxD_LOCKED_DATA_SEG
Dos     db      "DOS version #AL", 13, 10, 0
Hit     db      "hot key", 13, 10, 0
Version dd      0
VxD_LOCKED_DATA_ENDS
VxD_LOCKED_CODE_SEG
BeginProc HOT_Pressed
        mov     esi, OFFSET32 Hit
        VMMCall Out_Debug_String
        ret
EndProc HOT_Pressed
Begin_Control_Dispatch HOT
        Control_Dispatch Init_Complete, HOT_Init
End_Control_Dispatch HOT
BeginProc HOT_Init
        mov     ebp, [ebx.CB_Client_Pointer]
        Push_Client_State
        VMMCall Begin_Nest_Exec
        mov     [ebp.Client_AX], 3000h
        mov     eax, 21h
        VMMCall Exec_Int
        movzx   eax, [ebp.Client_AX]
        mov     [Version], eax
        VMMCall End_Nest_Exec
        Pop_Client_State
        mov     eax, [Version]
        mov     esi, OFFSET32 Dos
        pushfd
        pushad
        VMMCall Out_Debug_String
        popad
        popfd
        mov     eax, 3Ch                ; F2
        mov     ah, AllowExtended_B
        xor     ebx, ebx                ; whatever else is held
        mov     cl, CallOnPress
        mov     esi, OFFSET32 HOT_Pressed
        xor     edx, edx
        xor     edi, edi
        VxDCall VKD_Define_Hot_Key
        clc
        ret
EndProc HOT_Init
VxD_LOCKED_CODE_ENDS
        END
ASM
cat > "$dir/type.asm" << 'ASM'
        .model  tiny
        .code
        org     100h
start:  mov     ah, 8
        int     21h
        or      al, al
        jz      start
        mov     dl, al
        mov     ah, 2
        int     21h
        cmp     dl, 'q'
        jne     start
        mov     ah, 8                   ; waits for a key that never comes
        int     21h
        mov     ax, 4C00h
        int     21h
        end     start
ASM
"$vxd" build -o "$dir/hot.vxd" "$dir/hot.asm"
"$vxd" build -o "$dir/type.com" "$dir/type.asm"
"$vxd" run --quiet --vm "$dir/type.com" --key a@10ms --key F2@20ms --key q@30ms "$dir/hot.vxd" | tr -d '\r' > "$dir/out"
printf 'DOS version 07\nahot key\nq' > "$dir/wanted"
cmp -s "$dir/out" "$dir/wanted" || fail "hot key"

# Somewhere else than in the program's directory, with arguments, typed input and the screen.
mkdir "$dir/root" "$dir/root/bin"
cp "$dir/type.com" "$dir/root/bin"
(cd "$dir/root" && printf 'xyq' | "$vxd" run --quiet --screen --root . --vm "bin/type.com some arguments" > "$dir/out")
[ "$(cat "$dir/out")" = "xyqxyq" ] || fail "input and screen"
printf 'MZ' > "$dir/root/cut.exe"
"$vxd" run --vm "$dir/root/cut.exe" > "$dir/out" < /dev/null || true
grep -q 'CUT.EXE' "$dir/out" || fail "a file of two bytes"

# A driver's hook of INT 10h sees each character that DOS prints.
cat > "$dir/seen.asm" << 'ASM'
        .386p
        include vmm.inc
Declare_Virtual_Device SEEN, 1, 0, SEEN_Control, Undefined_Device_ID, Undefined_Init_Order
VxD_LOCKED_DATA_SEG
Text    db      "#AL ", 0
VxD_LOCKED_DATA_ENDS
VxD_LOCKED_CODE_SEG
BeginProc SEEN_Int10
        movzx   eax, [ebp.Client_AX]
        mov     esi, OFFSET32 Text
        pushfd
        pushad
        VMMCall Out_Debug_String
        popad
        popfd
        stc
        ret
EndProc SEEN_Int10
Begin_Control_Dispatch SEEN
        Control_Dispatch Device_Init, SEEN_Init
End_Control_Dispatch SEEN
BeginProc SEEN_Init
        mov     eax, 10h
        mov     esi, OFFSET32 SEEN_Int10
        VMMCall Hook_V86_Int_Chain
        clc
        ret
EndProc SEEN_Init
VxD_LOCKED_CODE_ENDS
        END
ASM
cat > "$dir/say.asm" << 'ASM'
        .model  tiny
        .code
        org     100h
start:  mov     dx, OFFSET text
        mov     ah, 9
        int     21h
        ret
text    db      "ok$"
        end     start
ASM
"$vxd" build -o "$dir/seen.vxd" "$dir/seen.asm"
"$vxd" build -o "$dir/say.com" "$dir/say.asm"
"$vxd" run --quiet --vm "$dir/say.com" "$dir/seen.vxd" | tr -d '\r' > "$dir/out"
[ "$(cat "$dir/out")" = "6F o6B k" ] || fail "a hook of INT 10h"

# A driver makes a virtual machine and has DOSMGR run a program in it: command tail, directory, size, the end.
cat > "$dir/exec.asm" << 'ASM'
        .386p
        include vmm.inc
        include dosmgr.inc
Declare_Virtual_Device EXEC, 1, 0, EXEC_Control, Undefined_Device_ID, Undefined_Init_Order
VxD_LOCKED_DATA_SEG
Second  dd      0
Tail    db      3, " ab", 0Dh
Program db      "C:\TELL.EXE", 0
Where   db      "C:\SUB", 0
Text    db      "over: #DX", 13, 10, 0
VxD_LOCKED_DATA_ENDS
VxD_LOCKED_CODE_SEG
Begin_Control_Dispatch EXEC
        Control_Dispatch Init_Complete, EXEC_Init
        Control_Dispatch VM_Init, EXEC_VM_Init
End_Control_Dispatch EXEC
BeginProc EXEC_Make
        mov     eax, Create_VM
        xor     ebx, ebx
        VMMCall System_Control
        mov     [Second], ebx
        VxDCall _DOSMGR_Set_Exec_VM_Data, <ebx, OFFSET32 Tail, OFFSET32 Program, OFFSET32 Where>
        ret
EndProc EXEC_Make
BeginProc EXEC_Init
        mov     eax, 10
        mov     esi, OFFSET32 EXEC_Make
        VMMCall Set_Global_Time_Out
        clc
        ret
EndProc EXEC_Init
BeginProc EXEC_VM_Init
        VxDCall _DOSMGR_Exec_VM, <ebx, 60h, OFFSET32 EXEC_Over, 77h>
        clc
        ret
EndProc EXEC_VM_Init
BeginProc EXEC_Over
        mov     esi, OFFSET32 Text
        pushfd
        pushad
        VMMCall Out_Debug_String
        popad
        popfd
        ret
EndProc EXEC_Over
VxD_LOCKED_CODE_ENDS
        END
ASM
cat > "$dir/tell.asm" << 'ASM'
        .model  small
        .stack  100h
        .data
name    db      64 dup (0)
        .code
start:  mov     al, ds:[83h]            ; of the command tail
        mov     dx, @data
        mov     ds, dx
        mov     dl, al
        mov     ah, 2
        int     21h
        mov     ah, 47h                 ; the directory
        mov     dl, 0
        mov     si, OFFSET name
        int     21h
        mov     dl, name
        mov     ah, 2
        int     21h
        int     12h                     ; KB: a digit that says whether it is below 640
        mov     dl, '<'
        cmp     ax, 640
        jb      small_
        mov     dl, '='
small_: mov     ah, 2
        int     21h
        mov     ax, 4C05h
        int     21h
        end     start
ASM
mkdir "$dir/root/sub"
"$vxd" build -o "$dir/exec.vxd" "$dir/exec.asm"
"$vxd" build -o "$dir/root/tell.exe" "$dir/tell.asm"
"$vxd" run --root "$dir/root" --for 1s "$dir/exec.vxd" | tr -d '\r' > "$dir/out"
grep -q '^bS<' "$dir/out" || fail "what the driver's program tells"
grep -q 'over: 0077' "$dir/out" || fail "the end of the driver's program"
grep -q 'TELL.EXE ended with exit code 5' "$dir/out" || fail "the account of the driver's program"

# A driver's hooks see the interrupts that DOS makes itself: here a critical error.
sed -e 's/mov     eax, 10h/mov     eax, 24h/; s/Client_AX/Client_DI/' "$dir/seen.asm" > "$dir/crit.asm"
cat > "$dir/prn.asm" << 'ASM'
        .model  tiny
        .code
        org     100h
start:  mov     dl, 'x'
        mov     ah, 5
        int     21h
        ret
        end     start
ASM
"$vxd" build -o "$dir/crit.vxd" "$dir/crit.asm"
"$vxd" build -o "$dir/prn.com" "$dir/prn.asm"
"$vxd" run --quiet --vm "$dir/prn.com" "$dir/crit.vxd" > "$dir/out"
grep -q '^0A' "$dir/out" || fail "a hook of INT 24h"

# A driver limits what a virtual machine may have of extended memory.
cat > "$dir/limit.asm" << 'ASM'
        .386p
        include vmm.inc
        include v86mmgr.inc
Declare_Virtual_Device LIMIT, 1, 0, LIMIT_Control, Undefined_Device_ID, Undefined_Init_Order
VxD_LOCKED_CODE_SEG
Begin_Control_Dispatch LIMIT
        Control_Dispatch Create_VM, LIMIT_Create
End_Control_Dispatch LIMIT
BeginProc LIMIT_Create
        xor     eax, eax
        xor     edx, edx
        mov     esi, 16
        mov     edi, 64
        xor     ecx, ecx
        VxDCall V86MMGR_Set_EMS_XMS_Limits
        clc
        ret
EndProc LIMIT_Create
VxD_LOCKED_CODE_ENDS
        END
ASM
cat > "$dir/left.asm" << 'ASM'
        .model  tiny
        .386
        .code
        org     100h
start:  mov     ax, 4310h
        int     2Fh
        mov     WORD PTR xms, bx
        mov     WORD PTR xms + 2, es
        mov     ah, 9
        mov     dx, 24
        call    xms
        mov     ah, 8
        call    xms                     ; DX = 40
        add     dl, 'A' - 40
        mov     ah, 2
        int     21h
        mov     ah, 42h
        int     67h
        add     bl, 'B'                 ; no pages
        mov     dl, bl
        mov     ah, 2
        int     21h
        ret
xms     dd      0
        end     start
ASM
"$vxd" build -o "$dir/limit.vxd" "$dir/limit.asm"
"$vxd" build -o "$dir/left.com" "$dir/left.asm"
[ "$("$vxd" run --quiet --vm "$dir/left.com" "$dir/limit.vxd")" = AB ] || fail "limits of extended memory"

# IRQ 9 is a program's IRQ 2: the BIOS has ended it at the second controller before INT 0Ah comes.
cat > "$dir/irq9.asm" << 'ASM'
        .model  tiny
        .386
        .code
        org     100h
start:  mov     ax, 250Ah
        mov     dx, OFFSET two
        int     21h
        in      al, 0A1h
        and     al, 0FDh
        out     0A1h, al
wait_:  hlt
        cmp     rung, 2
        jb      wait_
        ret
two:    push    ax
        mov     al, 0Bh
        out     0A0h, al
        in      al, 0A0h                ; nothing in service there,
        add     al, 'A'
        int     29h
        mov     al, 0Bh
        out     20h, al
        in      al, 20h                 ; the cascade here
        add     al, 'A'
        int     29h
        mov     al, 20h
        out     20h, al
        inc     cs:rung
        pop     ax
        iret
rung    db      0
        end     start
ASM
"$vxd" build -o "$dir/irq9.com" "$dir/irq9.asm"
[ "$("$vxd" run --quiet --vm "$dir/irq9.com" --irq 9@10ms --irq 9@20ms)" = AEAE ] || fail "IRQ 9 is IRQ 2"

# A file that is no program is told of, with --quiet too.
head -c 70000 /dev/zero > "$dir/large.com"
code=0
"$vxd" run --quiet --vm "$dir/large.com" 2> "$dir/messages" || code=$?
[ "$code" = 2 ] && grep -q "large.com: DOS cannot load" "$dir/messages" || fail "a file that is no program"

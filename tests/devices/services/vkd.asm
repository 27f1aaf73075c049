; VKD: hot keys, forced, reflected and pasted keys, keys of message mode (VDAG31 Virtual_Keyboard_Device). Keys are
; typed by command D2h of the keyboard controller: its answer looks like a key.
include check.inc
include vkd.inc

Declare_Virtual_Device TEST, 1, 0, TEST_Control, Undefined_Device_ID, Undefined_Init_Order
Begin_Control_Dispatch TEST
Control_Dispatch Sys_VM_Init, TEST_Run
End_Control_Dispatch TEST

VxD_LOCKED_DATA_SEG
vm      dd 0
key     dd 0
calls   dd 0
last    dd 0                            ; AX of the last call
pasted  dd -1
moment  dd 0
codes   db 1Eh, 9Eh, 30h
keys    db 'a', 1Eh
        dw 0
        db 'B', 30h
        dw 2
        db 0E1h, 0FFh
        dw 0FFFFh
VxD_LOCKED_DATA_ENDS

; A byte from the keyboard; it is served before the next instruction but one.
Type_Byte macro code
        mov     al, 0D2h
        out     64h, al
        mov     al, code
        out     60h, al
        nop
        nop
endm

; The VM reads a byte, which must be this.
Expect macro code
        mov     edx, 60h
        mov     ecx, Byte_Input
        VMMcall Simulate_VM_IO
        movzx   eax, al
        Check_Eq eax, code, 'instead of &code: #EAX'
endm

VxD_LOCKED_CODE_SEG
BeginProc Pressed
        inc     [calls]
        and     eax, 0FFFFh
        mov     [last], eax
        Check_Eq edx, 77, 'reference data of a hot key: #EDX'
        Check_Eq ebx, [key], 'handle of a hot key: #EBX'
        ret
EndProc Pressed

BeginProc Is_Pasted
        Check_Eq ebx, [vm], 'VM of a paste: #EBX'
        Check_Eq edx, 78, 'reference data of a paste: #EDX'
        mov     [pasted], eax
        ret
EndProc Is_Pasted

BeginProc Moment_Over
        mov     eax, [moment]
        VMMcall Signal_Semaphore
        ret
EndProc Moment_Over

; Lets events run.
BeginProc Wait_A_Moment
        pushad
        mov     eax, 30
        mov     edx, [moment]
        mov     esi, OFFSET32 Moment_Over
        VMMcall Set_Global_Time_Out
        mov     eax, [moment]
        mov     ecx, Block_Svc_Ints+Block_Enable_Ints
        VMMcall Wait_Semaphore
        popad
        ret
EndProc Wait_A_Moment
VxD_LOCKED_CODE_ENDS

Begin_Tests
        xor     ecx, ecx
        VMMcall Create_Semaphore
        mov     [moment], eax
        VxDcall VKD_Get_Version
        Check   nc, 'CF of the version'
        Check_Eq eax, 400h, 'version #EAX'
        VxDcall VKD_Get_Kbd_Owner
        mov     [vm], ebx
        VMMcall Test_Sys_VM_Handle
        Check   z, 'the system VM does not have the keyboard'

        ; hot keys
        mov     eax, 3Fh
        xor     ebx, ebx
        mov     cl, CallOnUpDwn
        mov     esi, OFFSET32 Pressed
        mov     edx, 77
        xor     edi, edi
        VxDcall VKD_Define_Hot_Key
        Check   nc, 'no hot key'
        mov     [key], eax
        Type_Byte 3Fh
        call    Wait_A_Moment
        Check_Eq [calls], 1, 'calls after the key went down'
        Check_Eq [last], 003Fh, 'what the procedure was told'
        Type_Byte 0BFh
        call    Wait_A_Moment
        Check_Eq [calls], 2, 'calls after the key went up'
        Check_Eq [last], 013Fh, 'what it was told then'
        mov     eax, [key]
        mov     ebx, [vm]
        VxDcall VKD_Local_Disable_Hot_Key
        Type_Byte 3Fh
        call    Wait_A_Moment
        Check_Eq [calls], 2, 'calls while it is disabled'
        Expect  3Fh
        mov     eax, [key]
        mov     ebx, [vm]
        VxDcall VKD_Local_Enable_Hot_Key
        Type_Byte 3Fh
        call    Wait_A_Moment
        Check_Eq [calls], 3, 'calls when it is enabled again'
        VxDcall VKD_Cancel_Hot_Key_State

        ; reflected with a shift key
        mov     eax, [key]
        mov     ebx, [vm]
        mov     cx, SS_LShift
        VxDcall VKD_Reflect_Hot_Key
        Expect  2Ah
        Expect  3Fh
        Expect  0BFh
        Expect  0AAh

        ; forced
        mov     ebx, [vm]
        mov     esi, OFFSET32 codes
        mov     ecx, 3
        VxDcall VKD_Force_Keys
        Check   nc, 'no room for three codes'
        Check_Eq ecx, 0, 'codes left: #ECX'
        Expect  1Eh
        Expect  9Eh
        Expect  30h
        mov     ebx, [vm]
        mov     esi, OFFSET32 codes
        mov     ecx, 100
        VxDcall VKD_Force_Keys
        Check   c, 'room for 100 codes'
        cmp     ecx, 0
        Check   a, 'none left of 100'
@@:
        mov     edx, 64h
        mov     ecx, Byte_Input
        VMMcall Simulate_VM_IO
        test    al, 1
        jz      @F
        mov     edx, 60h
        mov     ecx, Byte_Input
        VMMcall Simulate_VM_IO
        jmp     @B
@@:

        ; pasted
        mov     al, 1
        mov     ebx, [vm]
        VxDcall VKD_Define_Paste_Mode
        mov     eax, OFFSET32 keys
        mov     ecx, 3
        mov     esi, OFFSET32 Is_Pasted
        mov     edx, 78
        VxDcall VKD_Start_Paste
        Check   nc, 'cannot paste'
        VxDcall VKD_Start_Paste
        Check   c, 'pastes twice'
        Expect  1Eh
        Expect  9Eh
        Expect  2Ah
        Expect  30h
        Expect  0B0h
        Expect  0AAh
        Expect  38h                     ; Alt+225
        Expect  50h
        Expect  0D0h
        Expect  50h
        Expect  0D0h
        Expect  4Ch
        Expect  0CCh
        Expect  0B8h
        call    Wait_A_Moment
        Check_Eq [pasted], Paste_Complete, 'not told of the end'
        mov     eax, OFFSET32 keys
        mov     ebx, [vm]
        mov     ecx, 3
        mov     esi, OFFSET32 Is_Pasted
        mov     edx, 78
        VxDcall VKD_Start_Paste
        Check   nc, 'cannot paste again'
        Expect  1Eh
        mov     ebx, [vm]
        VxDcall VKD_Cancel_Paste
        call    Wait_A_Moment
        Check_Eq [pasted], Paste_Aborted, 'not told that it was cancelled'

        ; message mode
        mov     ebx, [vm]
        VxDcall VKD_Get_Msg_Key
        Check   z, 'a key without message mode'
        mov     eax, Begin_Message_Mode
        VMMcall System_Control
        Type_Byte 36h                   ; shift
        Type_Byte 1Eh
        Type_Byte 9Eh
        Type_Byte 0B6h
        Type_Byte 30h
        mov     ebx, [vm]
        VxDcall VKD_Peek_Msg_Key
        Check   nz, 'no key'
        VxDcall VKD_Get_Msg_Key
        Check   nz, 'no key any more'
        Check_Eq ax, 11Eh, 'the first key: #EAX'
        VxDcall VKD_Peek_Msg_Key
        Check_Eq ax, 30h, 'the second key: #EAX'
        VxDcall VKD_Flush_Msg_Key_Queue
        VxDcall VKD_Get_Msg_Key
        Check   z, 'a key after the flush'
        mov     eax, End_Message_Mode
        VMMcall System_Control

;! dead-handle
        mov     ebx, 1234h
        VxDcall VKD_Get_Msg_Key
;! dead-handle
        VxDcall VKD_Define_Paste_Mode
        mov     eax, [key]
        VxDcall VKD_Remove_Hot_Key
;! dead-handle
        VxDcall VKD_Remove_Hot_Key
End_Tests
end

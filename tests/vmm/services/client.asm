; Code of the client that leads into the driver and back: break points, call-backs, faults, page faults nobody hooks,
; jumps; interrupts executed for the driver; I/O split into bytes.
include check.inc
Declare_Virtual_Device TEST, 1, 0, TEST_Control, Undefined_Device_ID, Undefined_Init_Order
Begin_Control_Dispatch TEST
Control_Dispatch Device_Init, TEST_Device_Init
Control_Dispatch Sys_VM_Init, TEST_Sys_VM_Init
End_Control_Dispatch TEST

CODE    equ 500h                        ; in the first megabyte, where nothing else is
PORT    equ 3E8h

VxD_LOCKED_DATA_SEG
back    dd 0                            ; seg:off
breaks  dd 0
calls   dd 0
faults  dd 0
next_fault dd 0
next_pm dd 0
bytes   dd 0
pages   dd 0
nowhere dd 0
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
; The client stands on the patched instruction: a NOP.
BeginProc Broken
        Check_Eq edx, 77h, 'EDX of a break point'
        Check_Eq esi, CODE+1, 'ESI of a break point'
        inc     [breaks]
        inc     [ebp.Client_EIP]
        ret
EndProc Broken

BeginProc Called
        Check_Eq edx, 88h, 'EDX of a call-back'
        inc     [calls]
        VMMcall Simulate_Far_Ret
        ret
EndProc Called

; An invalid opcode of the client, two bytes.
BeginProc Invalid, HOOK_PROC, next_fault
        cmp     word ptr [ebp.Client_EIP], CODE+7
        jne     Not_Mine
        inc     [faults]
        add     [ebp.Client_EIP], 2
        ret
Not_Mine:
        jmp     [next_fault]
EndProc Invalid

BeginProc Invalid_PM, HOOK_PROC, next_pm
        jmp     [next_pm]
EndProc Invalid_PM

BeginProc Bad_Page
        inc     [pages]
        stc
        ret
EndProc Bad_Page

; Takes plain bytes, the VMM splits the rest.
BeginProc Port_Handler
        cmp     ecx, Byte_Output
        je      Plain
        VMMJmp  Simulate_IO
Plain:
        inc     [bytes]
        ret
EndProc Port_Handler

BeginProc TEST_Device_Init
        mov     esi, OFFSET32 Called
        mov     edx, 88h
        VMMcall Allocate_V86_Call_Back
        Check   nc, 'no call-back'
        mov     [back], eax
        mov     edx, PORT
        mov     esi, OFFSET32 Port_Handler
        VMMcall Install_IO_Handler
        Check   nc, 'no port'
        mov     edx, PORT+1
        mov     esi, OFFSET32 Port_Handler
        VMMcall Install_IO_Handler
        ; nop / nop / call far back / ud2 / retf
        mov     word ptr ds:[CODE], 9090h
        mov     byte ptr ds:[CODE+2], 9Ah
        mov     eax, [back]
        mov     dword ptr ds:[CODE+3], eax
        mov     word ptr ds:[CODE+7], 0B0Fh
        mov     byte ptr ds:[CODE+9], 0CBh
        mov     eax, CODE+1             ; 0:CODE+1
        mov     edx, 77h
        mov     esi, OFFSET32 Broken
        VMMcall Install_V86_Break_Point
        Check   nc, 'no break point'
        mov     eax, 6
        mov     esi, OFFSET32 Invalid
        VMMcall Hook_V86_Fault
        Check   nc, 'Hook_V86_Fault'
        mov     eax, 6
        mov     esi, OFFSET32 Invalid_PM
        VMMcall Hook_PM_Fault
        Check   nc, 'Hook_PM_Fault'
        mov     eax, 6
        mov     esi, OFFSET32 Invalid_PM
        VMMcall Unhook_PM_Fault
        Check   nc, 'Unhook_PM_Fault'
        mov     eax, 6
        VMMcall Unhook_PM_Fault
        Check   c, 'Unhook_PM_Fault twice'
        mov     esi, OFFSET32 Bad_Page
        VMMcall Hook_Invalid_Page_Fault
        Check   nc, 'Hook_Invalid_Page_Fault'
        VMMcall Unhook_Invalid_Page_Fault
        Check   nc, 'Unhook_Invalid_Page_Fault'
        VMMcall Unhook_Invalid_Page_Fault
        Check   c, 'Unhook_Invalid_Page_Fault twice'
        mov     edx, PORT
        mov     ecx, Word_Output
        mov     eax, 1234h
        VMMcall Simulate_VM_IO
        Check_Eq [bytes], 2, 'a word is not two bytes'
        clc
        ret
EndProc TEST_Device_Init

BeginProc TEST_Sys_VM_Init
        pushad
        Push_Client_State
        VMMcall Begin_Nest_V86_Exec
        xor     ecx, ecx
        xor     edx, edx
        VMMcall Simulate_Far_Call       ; the return address leads to the end of nested execution
        mov     edx, CODE
        VMMcall Simulate_Far_Jmp
        VMMcall Resume_Exec
        VMMcall End_Nest_Exec
        Pop_Client_State
        Check_Eq [breaks], 1, 'the break point'
        Check_Eq [calls], 1, 'the call-back'
        Check_Eq [faults], 1, 'the invalid opcode'
        mov     eax, CODE+1
        VMMcall Remove_V86_Break_Point
        Check   nc, 'Remove_V86_Break_Point'
        Check_Eq <byte ptr ds:[CODE+1]>, 90h, 'the instruction is not put back'
        mov     eax, CODE+1
        VMMcall Remove_V86_Break_Point
        Check   c, 'a break point is removed twice'
        mov     eax, 6
        mov     esi, OFFSET32 Invalid
        VMMcall Unhook_V86_Fault
        Check   nc, 'Unhook_V86_Fault'

        Push_Client_State
        VMMcall Begin_Non_Serial_Nest_V86_Exec
        mov     eax, 21h
        VMMcall Exec_Int
        VMMcall End_Nest_Exec
        Pop_Client_State
        mov     eax, 3000h              ; what nobody answers comes back as it was
        push    dword ptr 21h
        VMMcall Exec_VxD_Int
        Say     'done'
        popad
        clc
        ret
EndProc TEST_Sys_VM_Init

VxD_LOCKED_CODE_ENDS
end

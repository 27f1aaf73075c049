; A VM whose client halts inside nested execution waits there for ever; the system is idle all the same and shuts down.
; Handles that are used when they are dead, by the callback they belonged to.
;! dead-handle
;! dead-handle
include check.inc
Declare_Virtual_Device TEST, 1, 0, TEST_Control, Undefined_Device_ID, Undefined_Init_Order
Begin_Control_Dispatch TEST
Control_Dispatch Sys_VM_Init, TEST_Sys_VM_Init
Control_Dispatch VM_Init, TEST_VM_Init
Control_Dispatch VM_Not_Executeable, TEST_VM_Not_Executeable
Control_Dispatch System_Exit, TEST_System_Exit
End_Control_Dispatch TEST

CODE    equ 70000h                      ; hlt / jmp $-1

VxD_LOCKED_DATA_SEG
second  dd 0
handle  dd 0
came_back dd 0
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
BeginProc TEST_Sys_VM_Init
        pushad
        mov     eax, Create_VM
        VMMcall System_Control
        Check   nc, 'no VM'
        mov     [second], ebx
        mov     eax, 40
        mov     esi, OFFSET32 Late
        VMMcall Set_Global_Time_Out
        mov     [handle], esi
        popad
        clc
        ret
EndProc TEST_Sys_VM_Init

BeginProc Late
        mov     esi, [handle]           ; died when this callback began
        VMMcall Cancel_Time_Out
        mov     esi, OFFSET32 Later
        VMMcall Schedule_Global_Event
        mov     [handle], esi
        ret
EndProc Late

BeginProc Later
        mov     esi, [handle]           ; the same
        VMMcall Cancel_Global_Event
        ret
EndProc Later

BeginProc TEST_VM_Init
        mov     dword ptr ds:[CODE], 0FDEBF4h
        VMMcall Begin_Nest_V86_Exec
        mov     ecx, CODE / 16
        xor     edx, edx
        VMMcall Simulate_Far_Call
        VMMcall Resume_Exec
        inc     [came_back]
        VMMcall End_Nest_Exec
        clc
        ret
EndProc TEST_VM_Init

BeginProc TEST_VM_Not_Executeable
        Check_Eq ebx, [second], 'the end of another VM'
        clc
        ret
EndProc TEST_VM_Not_Executeable

BeginProc TEST_System_Exit
        Check_Eq [came_back], 0, 'the halted client went on'
        Say     'done'
        clc
        ret
EndProc TEST_System_Exit
VxD_LOCKED_CODE_ENDS
end

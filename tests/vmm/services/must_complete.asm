; A VM in a must-complete section is suspended when it leaves the section (Win95 DDK S33BE), resumed, and closed.
include check.inc
Declare_Virtual_Device TEST, 1, 0, TEST_Control, Undefined_Device_ID, Undefined_Init_Order
Begin_Control_Dispatch TEST
Control_Dispatch Sys_VM_Init, TEST_Sys_VM_Init
Control_Dispatch VM_Init, TEST_VM_Init
Control_Dispatch VM_Suspend, TEST_VM_Suspend
Control_Dispatch VM_Not_Executeable, TEST_VM_Not_Executeable
Control_Dispatch Destroy_VM, TEST_Destroy_VM
End_Control_Dispatch TEST

VxD_LOCKED_DATA_SEG
second  dd 0
stage   dd 0
VxD_LOCKED_DATA_ENDS

; The next stage is `number`, or the order was wrong.
Expect  macro number
        inc     [stage]
        Check_Eq [stage], number, 'a step out of order'
endm

VxD_LOCKED_CODE_SEG
BeginProc TEST_Sys_VM_Init
        mov     eax, Create_VM
        VMMcall System_Control
        Check   nc, 'no second VM'
        mov     [second], ebx
        clc
        ret
EndProc TEST_Sys_VM_Init

BeginProc TEST_VM_Init
        VMMcall _EnterMustComplete
        mov     eax, 30
        mov     esi, OFFSET32 Suspend
        VMMcall Set_Global_Time_Out
        mov     eax, 100
        VMMcall Time_Slice_Sleep
        Expect  2
        VMMcall _LeaveMustComplete      ; suspended here
        Expect  5
        mov     eax, 30
        mov     esi, OFFSET32 Close
        VMMcall Set_Global_Time_Out
        clc
        ret
EndProc TEST_VM_Init

BeginProc Suspend
        Expect  1
        mov     eax, 200
        mov     esi, OFFSET32 Resume
        VMMcall Set_Global_Time_Out
        mov     ebx, [second]
        VMMcall Suspend_VM
        Check   nc, 'Suspend_VM refused'
        ret
EndProc Suspend

BeginProc TEST_VM_Suspend
        Expect  3
        clc
        ret
EndProc TEST_VM_Suspend

BeginProc Resume
        Expect  4
        mov     ebx, [second]
        VMMcall Resume_VM
        Check   nc, 'Resume_VM refused'
        ret
EndProc Resume

BeginProc Close
        Expect  6
        mov     eax, 10
        mov     ebx, [second]
        xor     ecx, ecx
        VMMcall Close_VM
        ret
EndProc Close

BeginProc TEST_VM_Not_Executeable
        Expect  7
        Check_Eq edx, 22h, 'flags of VM_Not_Executeable after Close_VM'
        clc
        ret
EndProc TEST_VM_Not_Executeable

BeginProc TEST_Destroy_VM
        Expect  8
        Say     'done'
        clc
        ret
EndProc TEST_Destroy_VM
VxD_LOCKED_CODE_ENDS
end

; The time of a VM that waits stands still: its own time-outs do not come nearer, those of real time do (VDAG31
; Set_VM_Time_Out). A VM that suspends itself, a resumption that is refused once.
include check.inc
Declare_Virtual_Device TEST, 1, 0, TEST_Control, Undefined_Device_ID, Undefined_Init_Order
Begin_Control_Dispatch TEST
Control_Dispatch Sys_VM_Init, TEST_Sys_VM_Init
Control_Dispatch VM_Init, TEST_VM_Init
Control_Dispatch VM_Suspend, TEST_VM_Suspend
Control_Dispatch VM_Resume, TEST_VM_Resume
End_Control_Dispatch TEST

VxD_LOCKED_DATA_SEG
second  dd 0
suspends dd 0
resumes dd 0
went_on dd 0
fired   dd 0
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
BeginProc TEST_Sys_VM_Init
        pushad
        mov     eax, Create_VM
        VMMcall System_Control
        Check   nc, 'no VM'
        mov     [second], ebx
        mov     eax, 100
        mov     esi, OFFSET32 Again
        VMMcall Set_Global_Time_Out
        popad
        clc
        ret
EndProc TEST_Sys_VM_Init

BeginProc TEST_VM_Init
        mov     eax, 10
        mov     esi, OFFSET32 Own_Time
        VMMcall Set_VM_Time_Out
        xor     ecx, ecx
        VMMcall Begin_Critical_Section
        VMMcall End_Crit_And_Suspend
        Check   nc, 'End_Crit_And_Suspend'
        Check_Eq [suspends], 1, 'VM_Suspend'
        Check_Eq [resumes], 2, 'VM_Resume'
        VMMcall Get_VM_Exec_Time
        cmp     eax, 20
        Check   b, 'a suspended VM has run'
        Check_Eq [fired], 0, 'the time-out of a suspended VM'
        inc     [went_on]
        clc
        ret
EndProc TEST_VM_Init

BeginProc Own_Time
        inc     [fired]
        ret
EndProc Own_Time

BeginProc TEST_VM_Suspend
        inc     [suspends]
        clc
        ret
EndProc TEST_VM_Suspend

BeginProc TEST_VM_Resume
        inc     [resumes]
        cmp     [resumes], 2            ; not the first time
        ret
EndProc TEST_VM_Resume

BeginProc Again
        mov     ebx, [second]
        VMMcall Resume_VM
        jnc     Resumed
        Check_Eq [went_on], 0, 'a refused resumption'
        mov     eax, 20
        mov     esi, OFFSET32 Again
        VMMcall Set_Global_Time_Out
        ret
Resumed:
        mov     eax, 20
        mov     esi, OFFSET32 Last
        VMMcall Set_Global_Time_Out
        ret
EndProc Again

BeginProc Last
        Check_Eq [went_on], 1, 'the VM did not go on'
        Say     'done'
        ret
EndProc Last
VxD_LOCKED_CODE_ENDS
end

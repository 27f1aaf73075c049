; Interrupts in a must-complete section (Win95 DDK S33AF, S33B0, S33B2): who asks to suspend or crash the VM meanwhile
; waits until the client is back, and the driver goes on.
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
stack   dd 0
VxD_LOCKED_DATA_ENDS

; The next stage is `number`, or the order was wrong.
Expect  macro number
        inc     [stage]
        Check_Eq [stage], number, 'a step out of order'
endm

VxD_LOCKED_CODE_SEG
BeginProc TEST_Sys_VM_Init
        mov     eax, 60h
        mov     esi, OFFSET32 Int_60
        VMMcall Hook_V86_Int_Chain
        mov     eax, 61h
        mov     esi, OFFSET32 Int_61
        VMMcall Hook_V86_Int_Chain
        mov     eax, 62h
        mov     esi, OFFSET32 Int_62
        VMMcall Hook_V86_Int_Chain
        mov     eax, Create_VM
        VMMcall System_Control
        Check   nc, 'no second VM'
        mov     [second], ebx
        clc
        ret
EndProc TEST_Sys_VM_Init

BeginProc TEST_VM_Init
        mov     [stack], esp
        VMMcall Begin_Nest_Exec
        mov     eax, 60h
        mov     ebx, 0B0Bh
        VMMcall _ExecIntMustComplete    ; suspended at its end
        Check_Eq eax, 60h, '_ExecIntMustComplete changes EAX'
        Check_Eq ebx, 0B0Bh, '_ExecIntMustComplete changes EBX'
        Expect  4
        VMMcall _ResumeExecMustComplete ; the client is at the break point
        mov     ecx, esp
        Check_Eq ecx, [stack], '_ResumeExecMustComplete changes ESP'
        VMMcall End_Nest_Exec

        VMMcall _EnterMustComplete
        mov     eax, 3000h
        stc
        VxDIntMustComplete 61h
        Check   nc, 'carry flag of an interrupt that worked'
        Check_Eq eax, 1234h, 'EAX of an interrupt that worked: #EAX'
        mov     ecx, esp
        Check_Eq ecx, [stack], 'the number stays on the stack'
        clc
        VxDIntMustComplete 62h
        Check   c, 'no carry flag after a fatal error'
        mov     ecx, esp
        Check_Eq ecx, [stack], 'the stack after a fatal error'
        Expect  6
        VMMcall _LeaveMustComplete
        clc
        ret
EndProc TEST_VM_Init

; Asks to suspend the VM that it serves.
BeginProc Int_60
        Expect  1
        mov     eax, 100
        mov     esi, OFFSET32 Resume
        VMMcall Set_Global_Time_Out
        VMMcall Suspend_VM
        Check   nc, 'Suspend_VM refused'
        clc
        ret
EndProc Int_60

BeginProc Int_61
        mov     [ebp].Client_EAX, 1234h
        and     [ebp].Client_EFlags, NOT CF_Mask
        clc
        ret
EndProc Int_61

BeginProc Int_62
        Expect  5
        VMMcall Crash_Cur_VM
        Say     'came back from Crash_Cur_VM'
        ret
EndProc Int_62

BeginProc TEST_VM_Suspend
        Expect  2
        clc
        ret
EndProc TEST_VM_Suspend

BeginProc Resume
        Expect  3
        mov     ebx, [second]
        VMMcall Resume_VM
        Check   nc, 'Resume_VM refused'
        ret
EndProc Resume

BeginProc TEST_VM_Not_Executeable
        Expect  7
        test    edx, VNE_Crashed
        Check   nz, 'flags of VM_Not_Executeable: #EDX'
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

; A VM that still lives when the system exits is destroyed first, then the System VM's own end begins.
include check.inc
Declare_Virtual_Device TEST, 1, 0, TEST_Control, Undefined_Device_ID, Undefined_Init_Order
Begin_Control_Dispatch TEST
Control_Dispatch Sys_VM_Init, TEST_Sys_VM_Init
Control_Dispatch Destroy_VM, TEST_Destroy_VM
Control_Dispatch Sys_VM_Terminate, TEST_Sys_VM_Terminate
End_Control_Dispatch TEST

VxD_LOCKED_DATA_SEG
second  dd 0
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
BeginProc TEST_Sys_VM_Init
        mov     eax, Create_VM
        VMMcall System_Control
        Check   nc, 'no second VM'
        mov     [second], ebx
        clc
        ret
EndProc TEST_Sys_VM_Init

BeginProc TEST_Destroy_VM
        Check_Eq ebx, [second], 'another VM is destroyed'
        mov     [second], 0
        clc
        ret
EndProc TEST_Destroy_VM

BeginProc TEST_Sys_VM_Terminate
        Check_Eq [second], 0, 'the second VM outlives Sys_VM_Terminate'
        Say     'done'
        clc
        ret
EndProc TEST_Sys_VM_Terminate
VxD_LOCKED_CODE_ENDS
end

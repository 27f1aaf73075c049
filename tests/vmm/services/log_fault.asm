; A driver that logs faults (Win95 DDK S32C4): it hears of one in an event and of one in a time-out, and says that it has
; told the user; of one anywhere else it hears, too, but the VMM reports that one.
;> logged
;end divide error
include check.inc
Declare_Virtual_Device TEST, 1, 0, TEST_Control, Undefined_Device_ID, Undefined_Init_Order
Begin_Control_Dispatch TEST
Control_Dispatch Sys_VM_Init, TEST_Sys_VM_Init
Control_Dispatch Sys_VM_Terminate, TEST_Terminate
End_Control_Dispatch TEST

VxD_LOCKED_DATA_SEG
calls   dd 0
over    dd 0
Real_Log dd 0
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
BeginProc Log, HOOK_PROC, Real_Log
        inc     [calls]
        Check_Eq [edi].TCB_VMHandle, ebx, 'EDI is no thread of the current VM'
        cmp     [calls], 2
        ja      elsewhere
        Check_Eq esi, 6, 'number of the fault: #ESI'
        mov     ecx, OFFSET32 Event
        cmp     [calls], 1
        je      @F
        mov     ecx, OFFSET32 TimeOut
@@:     Check_Eq eax, ecx, 'who was running: ?EAX'
        Check_Eq [ebp].Client_EBX, 0B0Bh, 'EBX at the fault'
        mov     ecx, [ebp].Client_EIP
        Check_Eq <word ptr [ecx]>, 0B0Fh, 'EIP at the fault: ?ECX'
        cmp     edx, ebp
        Check   a, 'the upper limit of the stack: #EDX, #EBP'
        Check_Eq <dword ptr [ebp-4]>, 30h, 'DS at the fault'
        stc
        ret
elsewhere:
        Check_Eq eax, 0, 'no event was running: ?EAX'
        Say     'logged'
        jmp     [Real_Log]
EndProc Log

BeginProc TEST_Sys_VM_Init
        GetVxDServiceOrdinal eax, Log_Fault_Call_Out
        mov     esi, OFFSET32 Log
        VMMcall Hook_Device_Service
        Check   nc, 'not hooked'
        mov     esi, OFFSET32 Event
        VMMcall Schedule_Global_Event
        mov     eax, 30
        mov     esi, OFFSET32 TimeOut
        VMMcall Set_Global_Time_Out
        clc
        ret
EndProc TEST_Sys_VM_Init

BeginProc Event
        mov     ebx, 0B0Bh
        db      0Fh, 0Bh
        Say     'went on behind the fault'
        ret
EndProc Event

BeginProc TimeOut
        Check_Eq [calls], 1, 'the first fault was not heard of'
        mov     ebx, 0B0Bh
        db      0Fh, 0Bh
        Say     'went on behind the second fault'
        ret
EndProc TimeOut

BeginProc TEST_Terminate
        Check_Eq [calls], 2, 'faults heard of'
        xor     edx, edx
        xor     ecx, ecx
        div     ecx
        ret
EndProc TEST_Terminate
VxD_LOCKED_CODE_ENDS
end

; Events serviced while a thread waits for a semaphore run with the critical section taken (Win95 DDK S33B8), and a thread
; that waits for ever beside an idle System VM is no deadlock.
include check.inc
Declare_Virtual_Device TEST, 1, 0, TEST_Control, Undefined_Device_ID, Undefined_Init_Order
Begin_Control_Dispatch TEST
Control_Dispatch Sys_VM_Init, TEST_Sys_VM_Init
Control_Dispatch System_Exit, TEST_System_Exit
End_Control_Dispatch TEST

VxD_LOCKED_DATA_SEG
semaphore dd 0
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
BeginProc TEST_Sys_VM_Init
        xor     ecx, ecx
        VMMcall Create_Semaphore
        mov     [semaphore], eax
        mov     eax, 10
        mov     esi, OFFSET32 Signal
        VMMcall Set_Global_Time_Out
        mov     eax, [semaphore]
        mov     ecx, Block_Svc_Ints
        VMMcall Wait_Semaphore
        VMMcall Get_Crit_Section_Status
        Check_Eq ecx, 0, 'claims after the wait'
        mov     eax, 10
        mov     esi, OFFSET32 Begin_Thread
        VMMcall Set_Global_Time_Out
        clc
        ret
EndProc TEST_Sys_VM_Init

BeginProc Signal
        VMMcall Get_Crit_Section_Status
        Check_Eq ecx, 1, 'claims while an event is serviced'
        mov     eax, [semaphore]
        VMMcall Signal_Semaphore
        ret
EndProc Signal

BeginProc Begin_Thread
        VMMcall VMMCreateThread, <30h, 0, 28h, 0, 30h, 30h, 1, OFFSET32 Worker, 0>
        Check_Ne eax, 0, 'VMMCreateThread'
        ret
EndProc Begin_Thread

BeginProc Worker
        mov     eax, [semaphore]
        xor     ecx, ecx
        VMMcall Wait_Semaphore
        Say     'nobody signalled'
        ret
EndProc Worker

BeginProc TEST_System_Exit
        Say     'done'
        clc
        ret
EndProc TEST_System_Exit
VxD_LOCKED_CODE_ENDS
end

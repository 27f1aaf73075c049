; Block_Poll: while the thread waits, none of lower priority runs (Win95 DDK S33B8). An idle callback that always says it
; did something is asked again and again, and time goes on all the same.
include check.inc
Declare_Virtual_Device TEST, 1, 0, TEST_Control, Undefined_Device_ID, Undefined_Init_Order
Begin_Control_Dispatch TEST
Control_Dispatch Sys_VM_Init, TEST_Sys_VM_Init
Control_Dispatch System_Exit, TEST_System_Exit
End_Control_Dispatch TEST

VxD_LOCKED_DATA_SEG
semaphore dd 0
never   dd 0
polling dd 0
ran     dd 0
idled   dd 0
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
BeginProc TEST_Sys_VM_Init
        xor     ecx, ecx
        VMMcall Create_Semaphore
        mov     [semaphore], eax
        xor     ecx, ecx
        VMMcall Create_Semaphore
        mov     [never], eax
        mov     eax, 10
        mov     esi, OFFSET32 Poll
        VMMcall Set_Global_Time_Out
        mov     esi, OFFSET32 Idle
        VMMcall Call_When_Idle
        clc
        ret
EndProc TEST_Sys_VM_Init

BeginProc Idle
        inc     [idled]
        clc
        ret
EndProc Idle

BeginProc Poll
        VMMcall VMMCreateThread, <30h, 0, 28h, 0, 30h, 30h, 1, OFFSET32 Worker, 0>
        mov     eax, High_Pri_Device_Boost
        VMMcall Get_Cur_Thread_Handle
        VMMcall Adjust_Thread_Exec_Priority
        mov     eax, 50
        mov     esi, OFFSET32 Signal
        VMMcall Set_Async_Time_Out
        mov     [polling], 1
        mov     eax, [semaphore]
        mov     ecx, Block_Poll
        VMMcall Wait_Semaphore
        mov     [polling], 0
        mov     eax, -High_Pri_Device_Boost
        VMMcall Get_Cur_Thread_Handle
        VMMcall Adjust_Thread_Exec_Priority
        ret
EndProc Poll

; At interrupt time.
BeginProc Signal
        mov     eax, [semaphore]
        VMMcall Signal_Semaphore
        ret
EndProc Signal

BeginProc Worker
        Check_Eq [polling], 0, 'a thread of lower priority ran'
        inc     [ran]
        mov     eax, [never]
        xor     ecx, ecx
        VMMcall Wait_Semaphore
        ret
EndProc Worker

BeginProc TEST_System_Exit
        Check_Eq [ran], 1, 'the other thread never ran'
        cmp     [idled], 2
        Check   ae, 'the idle callback was not asked again'
        Say     'done'
        clc
        ret
EndProc TEST_System_Exit
VxD_LOCKED_CODE_ENDS
end

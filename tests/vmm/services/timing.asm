; Clocks and time-outs as a driver sets and cancels them; what they call is test_events' matter.
;! dead-handle
;! dead-handle
;! dead-handle
include check.inc
Test_Driver

VxD_LOCKED_DATA_SEG
handle  dd 0
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
BeginProc Never
        Say     'a cancelled time-out was called'
        ret
EndProc Never
VxD_LOCKED_CODE_ENDS

Begin_Tests
        VMMcall Get_System_Time
        mov     edx, eax
        VMMcall Get_Last_Updated_System_Time
        Check_Eq eax, edx, 'the two clocks'
        VMMcall Get_VM_Exec_Time
        Check_Eq eax, edx, 'execution time of the only VM'
        VMMcall Get_Last_Updated_VM_Exec_Time
        Check_Eq eax, edx, 'last updated execution time'
        VMMcall Get_Cur_Thread_Handle
        VMMcall _GetThreadExecTime, <edi>
        Check_Eq eax, 0, 'execution time of the thread'

        mov     eax, 50
        mov     esi, OFFSET32 Never
        VMMcall Set_Global_Time_Out
        Check_Ne esi, 0, 'Set_Global_Time_Out'
        mov     [handle], esi
        VMMcall Cancel_Time_Out
        VMMcall Get_Cur_VM_Handle
        mov     eax, 50
        mov     esi, OFFSET32 Never
        VMMcall Set_VM_Time_Out
        Check_Ne esi, 0, 'Set_VM_Time_Out'
        VMMcall Cancel_Time_Out
        VMMcall Get_Cur_Thread_Handle
        mov     eax, 50
        mov     esi, OFFSET32 Never
        VMMcall Set_Thread_Time_Out
        Check_Ne esi, 0, 'Set_Thread_Time_Out'
        VMMcall Cancel_Time_Out
        mov     eax, 50
        mov     esi, OFFSET32 Never
        VMMcall Set_Async_Time_Out
        Check_Ne esi, 0, 'Set_Async_Time_Out'
        VMMcall Cancel_Time_Out
        xor     esi, esi
        VMMcall Cancel_Time_Out         ; ignored
        mov     esi, [handle]
        VMMcall Cancel_Time_Out         ; dead
        mov     ebx, 1234h
        mov     eax, 50
        mov     esi, OFFSET32 Never
        VMMcall Set_VM_Time_Out         ; no VM
        Check_Eq esi, 0, 'a time-out of no VM'
        mov     edi, 1234h
        mov     esi, OFFSET32 Never
        VMMcall Set_Thread_Time_Out     ; no thread
        Check_Eq esi, 0, 'a time-out of no thread'
End_Tests
end

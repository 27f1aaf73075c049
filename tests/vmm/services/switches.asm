; Who is told of switches, of idleness and of the end of the critical section; threads that block, wake and are ended.
include check.inc
Declare_Virtual_Device TEST, 1, 0, TEST_Control, Undefined_Device_ID, Undefined_Init_Order
Begin_Control_Dispatch TEST
Control_Dispatch Sys_VM_Init, TEST_Sys_VM_Init
Control_Dispatch VM_Init, TEST_VM_Init
Control_Dispatch Create_Thread, TEST_Create_Thread
Control_Dispatch Thread_Init, TEST_Thread_Init
Control_Dispatch Terminate_Thread, TEST_Terminate_Thread
End_Control_Dispatch TEST

VxD_LOCKED_DATA_SEG
other   dd 0
tasks   dd 0
threads dd 0
idles   dd 0
crits   dd 0
order   dd 0                            ; what happened to the thread, a digit each
inits   dd 0
object  dd 0
signal_ dd 0
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
BeginProc Task_Switched
        Check_Ne eax, ebx, 'a switch to the same VM'
        VMMcall Test_Cur_VM_Handle
        Check   z, 'EBX is not the current VM'
        inc     [tasks]
        ret
EndProc Task_Switched

BeginProc Thread_Switched
        Check_Ne eax, edi, 'a switch to the same thread'
        VMMcall Test_Cur_Thread_Handle
        Check   z, 'EDI is not the current thread'
        inc     [threads]
        ret
EndProc Thread_Switched

BeginProc Idle_Proc
        VMMcall Test_Sys_VM_Handle
        Check   z, 'an idle callback is not told of the System VM'
        inc     [idles]
        mov     esi, OFFSET32 Idle_Proc
        VMMcall Cancel_Call_When_Idle
        Check   nc, 'Cancel_Call_When_Idle'
        stc
        ret
EndProc Idle_Proc

BeginProc Crit_Proc
        add     [crits], edx
        ret
EndProc Crit_Proc

BeginProc TEST_Sys_VM_Init
        pushad
        VMMcall VMM_GetSystemInitState
        Check_Eq eax, SYSSTATE_VXDINITCOMPLETED, 'the state of the system'
        mov     esi, OFFSET32 Task_Switched
        VMMcall Call_When_Task_Switched
        mov     esi, OFFSET32 Thread_Switched
        VMMcall Call_When_Thread_Switched
        mov     esi, OFFSET32 Idle_Proc
        VMMcall Call_When_Idle
        Check   nc, 'Call_When_Idle'

        xor     ecx, ecx
        VMMcall Begin_Critical_Section
        VMMcall Get_Cur_Thread_Handle
        mov     eax, edi
        xor     edi, edi
        VMMcall Get_Crit_Status_Thread
        Check_Eq edi, eax, 'the owner of the critical section'
        Check_Eq ecx, 1, 'claims'
        mov     esi, OFFSET32 Crit_Proc
        mov     edx, 1
        VMMcall Call_When_Not_Critical
        mov     esi, OFFSET32 Crit_Proc
        mov     edx, 100h
        VMMcall Call_When_Not_Critical
        VMMcall Cancel_Call_When_Not_Critical   ; the newest
        Check_Eq [crits], 0, 'called while the section is owned'
        VMMcall End_Critical_Section

        VMMcall Test_Sys_Thread_Handle
        Check   z, 'the system thread'
        VMMcall Test_Initial_Thread_Handle
        Check   z, 'the initial thread'
        VMMcall Validate_Thread_Handle
        Check   nc, 'a good thread handle'
        VMMcall _GetLastUpdatedThreadExecTime, <edi>
        cmp     eax, 100
        Check   b, 'the time the thread has run'
        mov     edi, 12345678h
        VMMcall Validate_Thread_Handle
        Check   c, 'a bad thread handle'
        xor     ecx, ecx
        VMMcall Update_System_Clock

        mov     eax, Create_VM
        VMMcall System_Control
        Check   nc, 'no VM'
        mov     [other], ebx
        ; a thread of the System VM: it never gets to ring 3, as it is ended before its first turn
        VMMcall VMMCreateThread, <0, 0, 0, 0, 0, 0, 4711h, 0, 0>
        Check_Ne eax, 0, 'no thread'
        Check_Eq <dword ptr [eax.TCB_ThreadType]>, 4711h, 'the type of the thread'
        Check_Eq [order], 1, 'Create_Thread'
        mov     edi, eax
        VMMcall Validate_Thread_Handle
        Check   nc, 'the new thread has no good handle'
        VMMcall VMMTerminateThread
        Check_Eq [order], 13h, 'Terminate_Thread'

        mov     eax, 200
        mov     esi, OFFSET32 Later
        VMMcall Set_Global_Time_Out
        popad
        clc
        ret
EndProc TEST_Sys_VM_Init

BeginProc TEST_Create_Thread
        shl     [order], 4
        or      [order], 1
        clc
        ret
EndProc TEST_Create_Thread

BeginProc TEST_Thread_Init
        shl     [order], 4
        or      [order], 2
        clc
        ret
EndProc TEST_Thread_Init

BeginProc TEST_Terminate_Thread
        shl     [order], 4
        or      [order], 3
        clc
        ret
EndProc TEST_Terminate_Thread

; In the second VM: waits for an id, which a time-out signals, and then gives its time away.
BeginProc TEST_VM_Init
        inc     [inits]
        mov     eax, 40
        mov     esi, OFFSET32 Signal_It
        VMMcall Set_Global_Time_Out
Again:
        VMMcall _BlockOnID, <<OFFSET32 object>, Block_Svc_Ints>
        cmp     [signal_], 0            ; it may come back too early
        je      Again
        VMMcall Release_Time_Slice
        test    [ebx.CB_VM_Status], VMStat_Idle
        Check   nz, 'a VM that released its slice is not idle'
        VMMcall Wake_Up_VM
        test    [ebx.CB_VM_Status], VMStat_Idle
        Check   z, 'a VM that was woken is idle'
        inc     [inits]
        clc
        ret
EndProc TEST_VM_Init

BeginProc Signal_It
        inc     [signal_]
        VMMcall _SignalID, <<OFFSET32 object>>
        ret
EndProc Signal_It

BeginProc Later
        Check_Eq [inits], 2, 'the second VM did not start'
        Check_Eq [crits], 1, 'Call_When_Not_Critical'
        Check_Eq [idles], 1, 'Call_When_Idle'
        Check_Ne [tasks], 0, 'Call_When_Task_Switched'
        mov     eax, [threads]
        cmp     eax, [tasks]
        Check   ae, 'fewer thread switches than task switches'
        mov     esi, OFFSET32 Task_Switched
        VMMcall Cancel_Call_When_Task_Switched
        mov     esi, OFFSET32 Thread_Switched
        VMMcall Cancel_Call_When_Thread_Switched
        Say     'done'
        ret
EndProc Later
VxD_LOCKED_CODE_ENDS
end

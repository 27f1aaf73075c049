; Two threads of one VM in different execution modes: VMStat_PM_Exec and CB_Client_Pointer are those of the thread that runs
; (Win95 DDK S3302, spec: structures).
include check.inc

Declare_Virtual_Device TEST, 1, 0, TEST_Control, Undefined_Device_ID, Undefined_Init_Order
Begin_Control_Dispatch TEST
Control_Dispatch Device_Init, TEST_Run
End_Control_Dispatch TEST

VxD_LOCKED_DATA_SEG
turns   dd 0                            ; of the other thread
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
; The client of the new thread is in protected mode. The thread goes to sleep in the middle of it, and is ended there.
BeginProc Other
        VMMcall Get_Cur_VM_Handle
        test    [ebx.CB_VM_Status], VMStat_PM_Exec
        Check   nz, 'VMStat_PM_Exec is clear in a thread of protected mode'
        Check_Eq [ebx.CB_Client_Pointer], ebp, 'the client of the new thread'
        inc     [turns]
        mov     eax, 10
        mov     ecx, Block_Thread_Idle
        VMMcall Time_Slice_Sleep
        VMMcall Get_Cur_VM_Handle
        test    [ebx.CB_VM_Status], VMStat_PM_Exec
        Check   nz, 'VMStat_PM_Exec is clear when the thread goes on'
        inc     [turns]
        xor     eax, eax
        mov     ebx, 1234h
        xor     ecx, ecx
        VMMcall _BlockOnID, <ebx, ecx>
        ret
EndProc Other
VxD_LOCKED_CODE_ENDS

Begin_Tests
        VMMcall Get_Cur_VM_Handle
        test    [ebx.CB_VM_Status], VMStat_PM_Exec
        Check   z, 'VMStat_PM_Exec is set in V86 mode'
        VMMcall VMMCreateThread, <0, 0, 0, 0, 0, 0, 0, OFFSET32 Other, 0>
        Check_Ne eax, 0, 'no thread'
        mov     edi, eax
again:  mov     eax, 5
        xor     ecx, ecx
        VMMcall Time_Slice_Sleep
        VMMcall Get_Cur_VM_Handle
        test    [ebx.CB_VM_Status], VMStat_PM_Exec
        Check   z, 'VMStat_PM_Exec is set in a thread of V86 mode'
        cmp     [turns], 2
        jne     again
        VMMcall VMMTerminateThread
End_Tests
end

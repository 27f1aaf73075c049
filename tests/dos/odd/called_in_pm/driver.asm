; Calls a procedure of the application's machine from the System VM, three times.
        include odd.inc
Declare_Virtual_Device ODD, 1, 0, ODD_Control, 7F02h, Undefined_Init_Order, , ODD_API
Begin_Control_Dispatch ODD
End_Control_Dispatch ODD
VxD_LOCKED_DATA_SEG
number  dd 0
times   dd 3
proc_cs dw 0
proc_ip dw 0
VxD_LOCKED_DATA_ENDS
VxD_LOCKED_CODE_SEG
BeginProc ODD_API
        test    [ebx.CB_VM_Status], VMStat_PM_Exec
        Check   nz, 'VMStat_PM_Exec is clear in protected mode'
        mov     eax, [ebx.CB_VMID]
        mov     [number], eax
        mov     ax, [ebp.Client_CX]
        mov     [proc_cs], ax
        mov     ax, [ebp.Client_DX]
        mov     [proc_ip], ax
        jmp     Soon
EndProc ODD_API
BeginProc Soon
        mov     eax, 5
        mov     esi, OFFSET32 In_A_While
        VMMcall Set_Global_Time_Out
        ret
EndProc Soon
BeginProc In_A_While
        VMMcall Get_Sys_VM_Handle
        mov     esi, OFFSET32 In_System_VM
        VMMcall Schedule_VM_Event
        ret
EndProc In_A_While
BeginProc In_System_VM
        Push_Client_State
        VMMcall Begin_Nest_V86_Exec
        mov     [ebp.Client_AX], 1685h
        mov     eax, [number]
        mov     [ebp.Client_BX], ax
        mov     [ebp.Client_CX], 3      ; interrupts enabled, critical section free
        mov     [ebp.Client_DX], 0
        mov     [ebp.Client_SI], 0
        mov     ax, [proc_cs]
        mov     [ebp.Client_ES], ax
        mov     ax, [proc_ip]
        mov     [ebp.Client_DI], ax
        mov     eax, 2Fh
        VMMcall Exec_Int
        test    [ebp.Client_EFlags], CF_Mask
        Check   z, 'INT 2Fh AX=1685h fails'
        VMMcall End_Nest_Exec
        Pop_Client_State
        dec     [times]
        jz      @F
        call    Soon
@@:     ret
EndProc In_System_VM
VxD_LOCKED_CODE_ENDS
        end

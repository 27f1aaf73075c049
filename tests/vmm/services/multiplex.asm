; What V86 code asks the VMM through INT 2Fh: version, identification, time slice, critical section, number of the VM,
; a procedure called in another VM.
include check.inc
Declare_Virtual_Device TEST, 1, 0, TEST_Control, Undefined_Device_ID, Undefined_Init_Order
Begin_Control_Dispatch TEST
Control_Dispatch Device_Init, TEST_Device_Init
Control_Dispatch Sys_VM_Init, TEST_Sys_VM_Init
End_Control_Dispatch TEST

VxD_LOCKED_DATA_SEG
code    dd 0
second  dd 0
claims  dd -1
owner   dd 0
V86_CODE segment para use16 public 'LCODE'
assume ds:nothing
Begin_16:
Ask_16  proc far
        mov     ax, 1600h
        int     2Fh
        mov     ds:[200h], ax
        mov     ax, 160Ah
        int     2Fh
        mov     ds:[202h], ax
        mov     ds:[204h], bx
        mov     ds:[206h], cx
        mov     ax, 1683h
        int     2Fh
        mov     ds:[208h], bx
        mov     ax, 1680h
        int     2Fh
        mov     ds:[20Ah], ax
        mov     ax, 16FEh                       ; nobody's: comes back unchanged
        int     2Fh
        mov     ds:[20Ch], ax
        mov     ax, 1681h
        int     2Fh
        mov     ax, 1681h
        int     2Fh
        int     61h                             ; the driver looks who owns the section
        mov     ax, 1682h
        int     2Fh
        mov     ax, 1682h
        int     2Fh
        mov     ax, 1682h                       ; one too many does nothing
        int     2Fh
        mov     ax, 1685h                       ; another VM: its number from the driver
        mov     bx, ds:[20Eh]
        mov     cx, 1
        xor     dx, dx
        mov     si, 1000h
        push    cs
        pop     es
        mov     di, offset There_16 - offset Begin_16 + 100h
        stc
        int     2Fh
        sbb     ax, ax
        mov     ds:[210h], ax
        mov     ax, 1685h
        mov     bx, 7777h                       ; no such VM
        int     2Fh
        sbb     bx, bx
        mov     ds:[212h], ax
        mov     ds:[214h], bx
        mov     ax, 1685h
        mov     bx, ds:[20Eh]
        mov     cx, 8000h                       ; no such flag
        int     2Fh
        mov     ds:[216h], ax
        retf
Ask_16  endp

There_16:
        push    ax
        push    bx
        mov     ax, 1683h
        int     2Fh
        mov     cs:[218h], bx
        pop     bx
        pop     ax
        iret
End_16:
V86_CODE ends
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
BeginProc Look
        VMMcall Get_Crit_Section_Status
        mov     [claims], ecx
        mov     [owner], ebx
        clc
        ret
EndProc Look

BeginProc TEST_Device_Init
        VMMcall _Allocate_Global_V86_Data_Area, <400h, GVDAPageAlign+GVDAZeroInit>
        Check_Ne eax, 0, 'no V86 memory'
        mov     [code], eax
        add     eax, 100h
        VMMcall _lmemcpy, <eax, <OFFSET32 Begin_16>, <OFFSET32 End_16 - OFFSET32 Begin_16>>
        mov     eax, 61h
        mov     esi, OFFSET32 Look
        VMMcall Hook_V86_Int_Chain
        clc
        ret
EndProc TEST_Device_Init

BeginProc TEST_Sys_VM_Init
        mov     eax, Create_VM
        VMMcall System_Control
        Check   nc, 'no second VM'
        mov     [second], ebx
        mov     ecx, [ebx].CB_VMID
        mov     esi, [code]
        mov     [esi+20Eh], cx
        mov     eax, 60
        mov     esi, OFFSET32 Later
        VMMcall Set_Global_Time_Out
        clc
        ret
EndProc TEST_Sys_VM_Init

BeginProc Later
        VMMcall Get_Sys_VM_Handle
        mov     esi, OFFSET32 Ask
        VMMcall Schedule_VM_Event
        mov     eax, 200
        mov     esi, OFFSET32 Answers
        VMMcall Set_Global_Time_Out
        ret
EndProc Later

BeginProc Ask
        Push_Client_State
        VMMcall Begin_Nest_V86_Exec
        mov     ecx, [code]
        shr     ecx, 4
        mov     ebp, [ebx].CB_Client_Pointer
        mov     [ebp].Client_DS, cx
        mov     edx, 100h
        VMMcall Simulate_Far_Call
        VMMcall Resume_Exec
        VMMcall End_Nest_Exec
        Pop_Client_State
        ret
EndProc Ask

BeginProc Answers
        mov     esi, [code]
        VMMcall Get_VMM_Version
        xchg    al, ah
        Check_Eq <word ptr [esi+200h]>, ax, 'version'
        Check_Eq <word ptr [esi+202h]>, 0, 'identification'
        xchg    al, ah
        Check_Eq <word ptr [esi+204h]>, ax, 'version of the identification'
        Check_Eq <word ptr [esi+206h]>, 3, 'mode'
        VMMcall Get_Sys_VM_Handle
        mov     ecx, [ebx].CB_VMID
        Check_Eq <word ptr [esi+208h]>, cx, 'number of the System VM'
        Check_Eq <word ptr [esi+20Ah]>, 1600h, 'time slice'
        Check_Eq <word ptr [esi+20Ch]>, 16FEh, 'a function that is not there'
        Check_Eq [claims], 2, 'claims of the critical section'
        Check_Eq [owner], ebx, 'owner of the critical section'
        VMMcall Get_Crit_Section_Status
        Check_Eq ecx, 0, 'the critical section is still owned'
        Check_Eq <word ptr [esi+210h]>, 0, 'carry after 1685h'
        Check_Eq <word ptr [esi+212h]>, 1, 'error for a wrong VM'
        Check_Eq <word ptr [esi+214h]>, 0FFFFh, 'carry for a wrong VM'
        Check_Eq <word ptr [esi+216h]>, 3, 'error for wrong flags'
        mov     ebx, [second]
        mov     ecx, [ebx].CB_VMID
        Check_Eq <word ptr [esi+218h]>, cx, 'the procedure in the other VM'
        Say     'done'
        ret
EndProc Answers
VxD_LOCKED_CODE_ENDS
end

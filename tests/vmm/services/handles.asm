; Version, handles of virtual machines and threads, data slots, priorities, time slices.
;! dead-handle
;! dead-handle
;! input-range
include check.inc
Test_Driver

VxD_LOCKED_DATA_SEG
slot    dd 0
VxD_LOCKED_DATA_ENDS

Begin_Tests
        VMMcall Get_VMM_Version
        Check   nc, 'Get_VMM_Version sets carry'
        Check_Eq ax, 0400h, 'the version of Windows 95'
        VMMcall Get_Sys_VM_Handle
        mov     eax, ebx
        VMMcall Get_Cur_VM_Handle
        Check_Eq ebx, eax, 'the current VM during Device_Init'
        VMMcall Test_Cur_VM_Handle
        Check   z, 'Test_Cur_VM_Handle'
        VMMcall Test_Sys_VM_Handle
        Check   z, 'Test_Sys_VM_Handle'
        VMMcall Validate_VM_Handle
        Check   nc, 'Validate_VM_Handle'
        Check_Eq [ebx.CB_VMID], 1, 'the id of the System VM'
        Check_Eq [ebx.CB_Signature], 62634D56h, 'the signature of a control block'
        VMMcall Get_Next_VM_Handle
        Check_Eq ebx, eax, 'the next of one VM'
        VMMcall Get_Execution_Focus
        Check_Eq ebx, eax, 'the focus'
        inc     ebx
        VMMcall Validate_VM_Handle
        Check   c, 'a handle that is none'
        VMMcall Test_Cur_VM_Handle
        Check   nz, 'another VM is not the current one'
        VMMcall Get_Next_VM_Handle      ; reported

        VMMcall Get_Sys_Thread_Handle
        mov     eax, edi
        VMMcall Get_Cur_Thread_Handle
        Check_Eq edi, eax, 'the current thread during Device_Init'
        Check_Eq [edi.TCB_Signature], 42434854h, 'the signature of a thread'
        VMMcall Get_Cur_VM_Handle
        Check_Eq [edi.TCB_VMHandle], ebx, 'the VM of a thread'
        VMMcall Get_Initial_Thread_Handle
        Check_Eq edi, eax, 'the initial thread'
        VMMcall Test_Initial_Thread_Handle
        Check   z, 'Test_Initial_Thread_Handle'
        VMMcall Get_Next_Thread_Handle
        Check_Eq edi, eax, 'the next of one thread'

        VMMcall _AllocateThreadDataSlot
        Check_Ne eax, 0, '_AllocateThreadDataSlot'
        mov     [slot], eax
        VMMcall Get_Cur_Thread_Handle
        add     edi, eax
        mov     dword ptr [edi], 12345678h
        VMMcall _FreeThreadDataSlot, <[slot]>
        VMMcall _FreeThreadDataSlot, <[slot]>  ; dead

        VMMcall Get_Cur_VM_Handle
        mov     eax, Low_Pri_Device_Boost
        VMMcall Adjust_Exec_Priority
        mov     eax, -Low_Pri_Device_Boost
        VMMcall Adjust_Exec_Priority
        mov     eax, -1000
        VMMcall Adjust_Exec_Priority    ; below Reserved_Low_Boost

        VMMcall Get_Time_Slice_Priority
        mov     ecx, 300
        mov     edx, 20
        VMMcall Set_Time_Slice_Priority
        Check   nc, 'Set_Time_Slice_Priority'
        VMMcall Get_Time_Slice_Priority
        Check_Eq ecx, 100, 'foreground priority'        ; 4.0 does not give the numbers back
        Check_Eq edx, 50, 'background priority'
        Check_Eq esi, 100, 'processor usage'
        mov     ecx, 10000
        VMMcall Set_Time_Slice_Priority
        VMMcall Get_Time_Slice_Priority
        Check_Eq ecx, 10000, 'a time-critical VM'
        mov     ecx, 100
        VMMcall Set_Time_Slice_Priority
        mov     ecx, 10000h
        VMMcall Set_Time_Slice_Priority
        Check   c, 'a foreground priority of more than 16 bits'
        mov     eax, 10
        VMMcall Set_Time_Slice_Granularity
        VMMcall Get_Time_Slice_Granularity
        Check_Eq eax, 10, 'the time slice'
        VMMcall Get_Time_Slice_Info
        Check_Eq eax, 1, 'scheduled VMs'
End_Tests
end

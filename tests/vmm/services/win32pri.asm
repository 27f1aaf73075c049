; Time-slice priorities: base, boosts with and without decay, groups, the priority inversion list; sleeping and waking.
;! input-range
;! dead-handle
;! input-range
include check.inc
Declare_Virtual_Device TEST, 1, 0, TEST_Control, Undefined_Device_ID, Undefined_Init_Order
Begin_Control_Dispatch TEST
Control_Dispatch Sys_VM_Init, TEST_Sys_VM_Init
End_Control_Dispatch TEST

VxD_LOCKED_DATA_SEG
other   dd 0                            ; VM
thread  dd 0                            ; its initial thread
entry   dd 0
handle  dd 0
VxD_LOCKED_DATA_ENDS

; The thread's priorities: base, current, decaying boost, inversion priority.
Check_Pri macro base, current, decay, inversion, text
        pushad
        mov     edi, [thread]
        VMMcall Get_Thread_Win32_Pri
        Check_Eq eax, base, text
        Check_Eq ecx, current, text
        Check_Eq edx, decay, text
        Check_Eq esi, inversion, text
        popad
endm

VxD_LOCKED_CODE_SEG
BeginProc TEST_Sys_VM_Init
        pushad
        mov     eax, Create_VM
        VMMcall System_Control
        Check   nc, 'no VM'
        mov     [other], ebx
        VMMcall Get_Initial_Thread_Handle
        mov     [thread], edi
        Check_Pri 8, 8, 0, 0, 'the priority a thread begins with'
        mov     eax, 12
        VMMcall Set_Thread_Win32_Pri
        Check   nc, 'Set_Thread_Win32_Pri'
        Check_Pri 12, 12, 0, 0, 'a base priority'
        mov     eax, 32
        mov     edi, [thread]
        VMMcall Set_Thread_Win32_Pri
        Check   c, 'a base priority above 31 is taken'
        mov     eax, 2
        mov     ecx, 1
        VMMcall Boost_With_Decay
        Check_Pri 12, 14, 2, 0, 'a boost with decay'
        mov     ecx, -1
        VMMcall Boost_With_Decay        ; the signs differ
        Check_Pri 12, 14, 2, 0, 'a wrong boost changes something'
        mov     eax, 7
        VMMcall Set_Thread_Win32_Pri
        Check_Pri 7, 7, 0, 0, 'a new base keeps the boost'
        mov     edi, [thread]
        mov     eax, 3
        VMMcall Set_Thread_Static_Boost
        Check_Pri 7, 10, 0, 0, 'a static boost'
        mov     eax, 0
        VMMcall Set_Thread_Static_Boost
        mov     ebx, [other]
        mov     eax, -2
        VMMcall Set_VM_Static_Boost
        Check_Pri 7, 5, 0, 0, 'a static boost of the VM'
        mov     eax, 100
        VMMcall Set_VM_Static_Boost
        Check_Pri 7, 15, 0, 0, 'a boost stays below the real-time class'
        xor     eax, eax
        VMMcall Set_VM_Static_Boost

        VMMcall Get_Sys_Thread_Handle
        mov     eax, edi                ; a group of the system thread and the other
        mov     edi, [thread]
        VMMcall Attach_Thread_To_Group
        VMMcall Get_Sys_Thread_Handle
        mov     eax, 4
        VMMcall Set_Group_Static_Boost
        Check_Pri 7, 11, 0, 0, 'a boost of the group'
        VMMcall Get_Thread_Win32_Pri
        Check_Eq ecx, 12, 'the boost of the group for its first member'
        mov     edi, [thread]
        VMMcall Detach_Thread_From_Group
        Check_Pri 7, 7, 0, 0, 'a thread that has left the group'
        VMMcall Get_Sys_Thread_Handle
        xor     eax, eax
        VMMcall Set_Group_Static_Boost

        VMMcall Get_Sys_Thread_Handle
        mov     ebx, edi
        mov     edi, [thread]
        mov     eax, 20
        mov     edx, 55h
        VMMcall Set_Inversion_Pri
        Check   nc, 'Set_Inversion_Pri'
        mov     [entry], eax
        Check_Pri 7, 20, 0, 20, 'an inversion priority'
        mov     eax, 18
        VMMcall Set_Inversion_Pri       ; the highest counts
        Check_Pri 7, 20, 0, 20, 'a lower inversion priority'
        mov     edx, [entry]
        mov     eax, 9
        VMMcall Reset_Inversion_Pri
        Check_Pri 7, 18, 0, 18, 'a changed inversion priority'
        mov     eax, [entry]
        VMMcall Release_Inversion_Pri
        Check   nc, 'Release_Inversion_Pri'
        mov     eax, [entry]
        VMMcall Release_Inversion_Pri   ; dead
        Check   c, 'an entry is released twice'
        mov     eax, 55h
        mov     edi, ebx
        VMMcall Release_Inversion_Pri_ID
        Check_Eq eax, 1, 'entries with the id'
        Check_Pri 7, 7, 0, 0, 'an empty inversion list'
        mov     eax, 40
        mov     edi, [thread]
        VMMcall Set_Inversion_Pri
        Check   c, 'an inversion priority above 31 is taken'
        mov     edi, [thread]
        mov     eax, 8
        VMMcall Set_Thread_Win32_Pri

        mov     eax, 60
        mov     esi, OFFSET32 Waker
        VMMcall Set_Global_Time_Out
        mov     eax, 1000
        VMMcall Time_Slice_Sleep
        Check   z, 'a sleep that Wake_Up_VM ended'
        mov     eax, 5
        VMMcall Time_Slice_Sleep
        Check   nz, 'a sleep that lasted its time'
        xor     eax, eax
        VMMcall Time_Slice_Sleep
        xor     ecx, ecx
        VMMcall Begin_Critical_Section
        mov     eax, 5
        VMMcall Time_Slice_Sleep        ; nobody should
        VMMcall End_Critical_Section
        VMMcall Time_Slice_Wake_Sys_VM
        Say     'done'
        popad
        clc
        ret
EndProc TEST_Sys_VM_Init

BeginProc Waker
        VMMcall Get_Sys_VM_Handle
        VMMcall Wake_Up_VM
        ret
EndProc Waker
VxD_LOCKED_CODE_ENDS
end

; Events of every family as a driver uses them (Win95 DDK S31D2-S31ED): at once or scheduled, what the callback is given,
; cancelled with the service of the family, and who waits for what.
include check.inc
Test_Driver

VxD_LOCKED_DATA_SEG
ran     dd 0                            ; sum of the reference data of what ran
vm      dd 0
thread  dd 0
handle  dd 0
times   dd 0
VxD_LOCKED_DATA_ENDS

Ran_Is  macro value, text
        Check_Eq [ran], value, text
        mov     [ran], 0
endm

VxD_LOCKED_CODE_SEG
BeginProc Noted
        Check   nc, 'carry without a time-out'
        add     [ran], edx
        Check_Eq ebx, [vm], 'EBX of a callback'
        push    edi
        VMMcall Get_Cur_Thread_Handle
        Check_Eq edi, [thread], 'the thread of a callback'
        pop     edi
        VMMcall _AtEventTime
        Check_Ne eax, 0, '_AtEventTime inside an event'
        mov     eax, -1                 ; all of these may change
        mov     ebx, eax
        mov     ecx, eax
        mov     edx, eax
        mov     esi, eax
        mov     edi, eax
        ret
EndProc Noted

; In the only VM, after initialisation: what was scheduled runs here, and only here.
BeginProc At_The_End
        mov     eax, [ran]
        Check_Eq eax, 15h, 'what ran by itself'
        ret
EndProc At_The_End
VxD_LOCKED_CODE_ENDS

Begin_Tests
        VMMcall Get_Cur_VM_Handle
        mov     [vm], ebx
        VMMcall Get_Cur_Thread_Handle
        mov     [thread], edi
        VMMcall _AtEventTime
        Check_Eq eax, 0, '_AtEventTime outside'

        mov     esi, OFFSET32 Noted     ; the VM is current: at once
        mov     edx, 1
        VMMcall Call_VM_Event
        Check_Eq esi, 0, 'an event that ran has a handle'
        Check_Eq edx, 1, 'EDX over Call_VM_Event'
        Ran_Is  1, 'Call_VM_Event'
        mov     esi, OFFSET32 Noted
        mov     eax, Low_Pri_Device_Boost
        xor     ecx, ecx
        VMMcall Call_Priority_Thread_Event
        Check_Eq esi, 0, 'Call_Priority_Thread_Event'
        Ran_Is  1, 'Call_Priority_Thread_Event did not run its callback'

        mov     esi, OFFSET32 Noted     ; queued, then cancelled
        VMMcall Schedule_VM_Event
        Check_Ne esi, 0, 'a scheduled VM event without a handle'
        VMMcall Cancel_VM_Event
        mov     esi, OFFSET32 Noted
        VMMcall Schedule_Thread_Event
        Check_Ne esi, 0, 'a scheduled thread event without a handle'
        VMMcall Cancel_Thread_Event
        mov     esi, OFFSET32 Noted
        xor     eax, eax
        mov     ecx, PEF_Always_Sched
        VMMcall Call_Priority_VM_Event
        Check_Ne esi, 0, 'PEF_Always_Sched runs at once'
        VMMcall Cancel_Priority_VM_Event
        mov     esi, OFFSET32 Noted
        VMMcall Call_Restricted_Event
        Check_Ne esi, 0, 'PEF_Always_Sched runs at once'
        VMMcall Cancel_Restricted_Event
        xor     esi, esi                ; handle 0 is accepted by all
        VMMcall Cancel_VM_Event
        VMMcall Cancel_Thread_Event
        VMMcall Cancel_Global_Event
        VMMcall Cancel_Priority_VM_Event
        VMMcall Cancel_Restricted_Event

        mov     edx, 1                  ; these run once the system is up
        mov     esi, OFFSET32 Noted
        VMMcall Schedule_VM_Event
        mov     edx, 4
        mov     esi, OFFSET32 Noted
        VMMcall Schedule_Thread_Event
        VMMcall Disable_VM_Ints
        mov     edx, 10h
        mov     esi, OFFSET32 Noted
        VMMcall Call_When_VM_Ints_Enabled
        Ran_Is  0, 'events ran during initialisation'
        VMMcall Enable_VM_Ints          ; does not run it itself
        Ran_Is  0, 'Enable_VM_Ints runs callbacks'
        mov     edx, 20h
        mov     esi, OFFSET32 Noted     ; on already: at once
        VMMcall Call_When_VM_Ints_Enabled
        Ran_Is  20h, 'Call_When_VM_Ints_Enabled'
        mov     eax, 100
        mov     esi, OFFSET32 At_The_End
        VMMcall Set_Global_Time_Out

        VMMcall Begin_Reentrant_Execution
        Check_Eq ecx, 0, 'the re-entry count of initialisation'
        VMMcall Get_VMM_Reenter_Count
        Check_Eq ecx, 0, 'the re-entry count is not cleared'
        mov     ecx, 2
        VMMcall End_Reentrant_Execution
        VMMcall Get_VMM_Reenter_Count
        Check_Eq ecx, 2, 'End_Reentrant_Execution'
        xor     ecx, ecx
        VMMcall End_Reentrant_Execution

        mov     eax, PEF_Wait_Not_HW_Int_Bit
        xor     ecx, ecx
        VMMcall Register_PEF_Provider
        Check   nc, 'Register_PEF_Provider'
        Check_Ne eax, 0, 'no offset'
        mov     ebx, [vm]
        lea     edi, [ebx+eax]
        or      dword ptr [edi], PEF_Wait_Not_HW_Int    ; an interrupt is being simulated
        mov     edx, 40h
        mov     esi, OFFSET32 Noted
        xor     eax, eax
        mov     ecx, PEF_Wait_Not_HW_Int
        push    edi
        VMMcall Call_Restricted_Event
        pop     edi
        Check_Ne esi, 0, 'an event ran while a hardware interrupt is simulated'
        VMMcall Cancel_Restricted_Event
        and     dword ptr [edi], not PEF_Wait_Not_HW_Int
        mov     esi, OFFSET32 Noted
        VMMcall Call_Restricted_Event
        Check_Eq esi, 0, 'the event waits for a hardware interrupt that is over'
        Ran_Is  40h, 'PEF_Wait_Not_HW_Int'
        mov     eax, PEF_Wait_Not_Crit_Bit
        VMMcall Register_PEF_Provider
        Check   c, 'a provider for another restriction'
End_Tests
end

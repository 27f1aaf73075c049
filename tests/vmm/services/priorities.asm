; Boosts of events must leave the execution priority in its range: what is too much is reported and left out.
;! input-range
;! input-range
;! input-range
include check.inc
Test_Driver

VxD_LOCKED_DATA_SEG
ran     dd 0
mutex   dd 0
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
BeginProc Event
        inc     [ran]
        ret
EndProc Event
VxD_LOCKED_CODE_ENDS

Begin_Tests
        VMMcall Get_Cur_VM_Handle
        mov     eax, High_Pri_Device_Boost
        xor     ecx, ecx
        mov     esi, OFFSET32 Event
        VMMcall Call_Restricted_Event
        Check_Eq esi, 0, 'an event with a boost that is legal did not run at once'
        mov     eax, 7FFFFFFFh
        mov     esi, OFFSET32 Event
        VMMcall Call_Restricted_Event
        Check_Eq esi, 0, 'an event with too high a boost did not run at once'
        mov     eax, 80000000h
        mov     esi, OFFSET32 Event
        VMMcall Call_Priority_VM_Event
        Check_Eq esi, 0, 'an event with too low a boost did not run at once'
        Check_Eq [ran], 3, 'events that ran'
        mov     eax, Critical_Section_Boost     ; called at once, and the boost stays all the same
        mov     ecx, PEF_Dont_Unboost
        mov     esi, OFFSET32 Event
        VMMcall Call_Restricted_Event
        Check_Eq esi, 0, 'an event with PEF_Dont_Unboost did not run at once'
        VMMcall Get_Cur_VM_Handle
        mov     eax, -Critical_Section_Boost
        VMMcall Adjust_Exec_Priority            ; reported if it had not stayed
        VMMcall Get_Crit_Section_Status
        Check   nc, 'the boost was not taken away'

        ; who owns a mutex has its boost once, however often it was entered; claims of the critical section the same
        VMMcall _CreateMutex, <Critical_Section_Boost, 0>
        mov     [mutex], eax
        VMMcall _EnterMutex, <[mutex], 0>
        VMMcall _EnterMutex, <[mutex], 0>
        VMMcall Get_Crit_Section_Status
        Check   c, 'the owner of a mutex is not boosted'
        Check_Eq ecx, 0, 'a mutex is a claim'
        VMMcall _LeaveMutex, <[mutex]>
        VMMcall Get_Crit_Section_Status
        Check   c, 'the boost ends with the first leave'
        VMMcall Get_Cur_VM_Handle
        mov     eax, -Critical_Section_Boost
        VMMcall Adjust_Exec_Priority            ; it was given once only: reported
        VMMcall _LeaveMutex, <[mutex]>
        VMMcall Get_Crit_Section_Status
        Check   nc, 'the boost stays after the last leave'
        VMMcall _DestroyMutex, <[mutex]>
        xor     ecx, ecx
        VMMcall Begin_Critical_Section
        mov     eax, 2
        VMMcall Claim_Critical_Section
        VMMcall Get_Crit_Section_Status
        Check   c, 'the owner of the section is not boosted'
        Check_Eq ecx, 3, 'claims'
        mov     ecx, 2
        VMMcall Release_Critical_Section
        VMMcall Get_Crit_Section_Status
        Check   c, 'the boost goes before the last claim'
        VMMcall End_Critical_Section
        VMMcall Get_Crit_Section_Status
        Check   nc, 'the boost stays after the last claim'
End_Tests
end

; The critical section, semaphores, mutexes and must-complete sections as far as one thread can use them.
;! dead-handle
;! mutex
;! dead-handle
;! critical-section
;! mutex
;! must-complete
include check.inc
Test_Driver

VxD_LOCKED_DATA_SEG
semaphore dd 0
mutex   dd 0
VxD_LOCKED_DATA_ENDS

Begin_Tests
        VMMcall Get_Crit_Section_Status
        Check   nc, 'high priority without the critical section'
        Check_Eq ecx, 0, 'claims of a free section'
        xor     ecx, ecx
        VMMcall Begin_Critical_Section
        mov     eax, 3
        xor     ecx, ecx
        VMMcall Claim_Critical_Section
        VMMcall Get_Crit_Section_Status
        Check   c, 'no high priority with the critical section'
        Check_Eq ecx, 4, 'claims after Begin and Claim'
        VMMcall Get_Cur_VM_Handle
        mov     eax, ebx
        VMMcall Get_Crit_Status_No_Block
        Check_Eq ebx, eax, 'owner of the section'
        VMMcall End_Crit_And_Suspend
        Check   c, 'End_Crit_And_Suspend with four claims'
        mov     ecx, 3
        VMMcall Release_Critical_Section
        VMMcall End_Critical_Section
        VMMcall Get_Crit_Section_Status
        Check_Eq ecx, 0, 'claims after the last release'

        xor     ecx, ecx
        VMMcall Begin_Critical_Section
        VMMcall End_Crit_And_Suspend
        Check   c, 'End_Crit_And_Suspend suspended the System VM'
        VMMcall Get_Crit_Section_Status
        Check_Eq ecx, 1, 'claims after End_Crit_And_Suspend was refused'
        VMMcall End_Critical_Section

        mov     ecx, 2
        VMMcall Create_Semaphore
        Check   nc, 'Create_Semaphore'
        mov     [semaphore], eax
        xor     ecx, ecx
        VMMcall Wait_Semaphore          ; two tokens: does not block
        mov     eax, [semaphore]
        VMMcall Wait_Semaphore
        mov     eax, [semaphore]
        cli
        VMMcall Signal_Semaphore
        pushfd
        pop     eax
        sti
        test    eax, 200h
        Check   nz, 'interrupts are off after Signal_Semaphore'
        mov     eax, [semaphore]
        VMMcall Wait_Semaphore
        mov     eax, [semaphore]
        VMMcall Signal_Semaphore_No_Switch
        mov     eax, [semaphore]
        VMMcall Destroy_Semaphore
        mov     eax, [semaphore]
        VMMcall Signal_Semaphore        ; dead

        VMMcall _CreateMutex, <10h, MUTEX_MUST_COMPLETE>
        Check_Ne eax, 0, '_CreateMutex'
        mov     [mutex], eax
        VMMcall _GetMutexOwner, <[mutex]>
        Check_Eq eax, 0, 'owner of a free mutex'
        VMMcall _EnterMutex, <[mutex], 0>
        VMMcall _EnterMutex, <[mutex], 0>
        VMMcall Get_Cur_Thread_Handle
        VMMcall _GetMutexOwner, <[mutex]>
        Check_Eq eax, edi, 'owner of a mutex'
        VMMcall _DestroyMutex, <[mutex]>    ; owned
        Check_Eq eax, 0, '_DestroyMutex of a mutex that is owned'
        VMMcall _LeaveMutex, <[mutex]>
        VMMcall _GetMutexOwner, <[mutex]>
        Check_Eq eax, edi, 'owner after the first of two leaves'
        VMMcall _LeaveMutex, <[mutex]>
        VMMcall _GetMutexOwner, <[mutex]>
        Check_Eq eax, 0, 'owner after the last leave'
        VMMcall _DestroyMutex, <[mutex]>
        Check_Ne eax, 0, '_DestroyMutex'
        VMMcall _GetMutexOwner, <[mutex]>   ; dead

        VMMcall End_Critical_Section    ; not owned
        VMMcall _CreateMutex, <0, 0>
        mov     [mutex], eax
        VMMcall _LeaveMutex, <[mutex]>  ; not owned
        VMMcall _DestroyMutex, <[mutex]>

        VMMcall _EnterMustComplete
        VMMcall _LeaveMustComplete
        VMMcall _LeaveMustComplete      ; not entered
        VMMcall _SignalID, <12345678h>  ; nobody waits: nothing happens
End_Tests
end

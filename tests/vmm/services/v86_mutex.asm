; V86 mode of the System VM belongs to one thread at a time (Win95 DDK S32FD, S32FF): claimed by name, by a block of nested
; execution in V86 mode, and with the critical section.
include check.inc
Declare_Virtual_Device TEST, 1, 0, TEST_Control, Undefined_Device_ID, Undefined_Init_Order
Begin_Control_Dispatch TEST
Control_Dispatch Sys_VM_Init, TEST_Sys_VM_Init
Control_Dispatch System_Exit, TEST_System_Exit
End_Control_Dispatch TEST

VxD_LOCKED_DATA_SEG
semaphore dd 0
stage   dd 0
crs_cs  dd 0
VxD_LOCKED_DATA_ENDS

; The next stage is `number`, or the order was wrong.
Expect  macro number
        inc     [stage]
        Check_Eq [stage], number, 'a step out of order'
endm

VxD_LOCKED_CODE_SEG
BeginProc TEST_Sys_VM_Init
        xor     ecx, ecx
        VMMcall Create_Semaphore
        mov     [semaphore], eax
        mov     eax, 10
        mov     esi, OFFSET32 Begin_Thread
        VMMcall Set_Global_Time_Out
        mov     eax, 100
        mov     esi, OFFSET32 Try
        VMMcall Set_Global_Time_Out
        clc
        ret
EndProc TEST_Sys_VM_Init

BeginProc Begin_Thread
        VMMcall VMMCreateThread, <30h, 0, 28h, 0, 30h, 30h, 1, OFFSET32 Worker, 0>
        Check_Ne eax, 0, 'VMMCreateThread'
        ret
EndProc Begin_Thread

BeginProc Worker
        Expect  1
;! mutex
        VMMcall End_V86_Serialization
        mov     eax, 1234h
        xor     ecx, ecx
        VMMcall Begin_V86_Serialization
        Check_Eq eax, 1234h, 'Begin_V86_Serialization changes EAX'
        xor     ecx, ecx
        VMMcall Begin_V86_Serialization
        mov     eax, [semaphore]
        xor     ecx, ecx
        VMMcall Wait_Semaphore
        Expect  3
        VMMcall End_V86_Serialization
        mov     eax, 20
        VMMcall Time_Slice_Sleep
        Expect  4
        VMMcall End_V86_Serialization

        ; and with the critical section
        xor     ecx, ecx
        VMMcall Begin_Critical_Section
        xor     ecx, ecx
        VMMcall Begin_Critical_Section
        Expect  6
        VMMcall End_Critical_Section
        VMMcall End_Critical_Section
        mov     eax, [semaphore]        ; it has no client to go back to
        xor     ecx, ecx
        VMMcall Wait_Semaphore
        ret
EndProc Worker

BeginProc Try
        Expect  2
        mov     eax, [semaphore]
        VMMcall Signal_Semaphore
        mov     ebx, 0B0Bh
        VMMcall Begin_Nest_V86_Exec     ; waits for the worker
        Expect  5
        Check_Eq ebx, 0B0Bh, 'Begin_Nest_V86_Exec changes EBX'
        xor     ecx, ecx
        VMMcall Begin_V86_Serialization
        VMMcall End_V86_Serialization
        VMMcall Get_Nest_Exec_Status
        Check   nz, 'no block after the wait'
        mov     eax, 20
        VMMcall Time_Slice_Sleep        ; the worker waits meanwhile
        VMMcall End_Nest_Exec
        ret
EndProc Try

BeginProc TEST_System_Exit
        Check_Eq [stage], 6, 'steps in all'
        Say     'done'
        clc
        ret
EndProc TEST_System_Exit
VxD_LOCKED_CODE_ENDS
end

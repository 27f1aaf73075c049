; Inputs out of their documented range are reported, and the service does with them what it does; a callback at 0 ends the
; run with the name of the driver that asked for it. An idle callback that always finds work does not keep the system busy.
;! input-range
;! input-range
;! input-range
;! input-range
;! input-range
;! input-range
;! input-range
;! input-range
;! input-range
include check.inc
Test_Driver

VxD_LOCKED_DATA_SEG
idle    dd 0
sema    dd 0
block   dd 0
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
BeginProc Event_Proc
        ret
EndProc Event_Proc

BeginProc Idle_Proc
        inc     [idle]
        clc                             ; always found something to do
        ret
EndProc Idle_Proc
VxD_LOCKED_CODE_ENDS

Begin_Tests
        mov     esi, OFFSET32 Idle_Proc
        VMMcall Call_When_Idle
        xor     esi, esi                ; 1: no procedure
        VMMcall Schedule_Global_Event
        VMMcall Cancel_Global_Event     ; before it can run
        mov     ecx, 80h                ; 2: no such flag
        VMMcall Begin_Critical_Section
        VMMcall End_Critical_Section
        mov     ecx, 1
        VMMcall Create_Semaphore
        mov     ecx, 40h                ; 3
        VMMcall Wait_Semaphore
        VMMcall Destroy_Semaphore
        VMMcall _HeapAllocate, <16, 8000h>      ; 4
        mov     [block], eax
        VMMcall _HeapFree, <[block], 1> ; 5
        mov     eax, 100h
        VMMcall Get_V86_Int_Vector      ; 6
        mov     ecx, 8
        mov     eax, 10h
        VMMcall List_Create             ; 7
        jc      @F
        VMMcall List_Destroy
@@:
        xor     eax, eax
        xor     ebx, ebx
        mov     ecx, 8000h              ; 8: a reserved restriction
        mov     esi, OFFSET32 Event_Proc
        VMMcall Call_Restricted_Event
        mov     eax, Query_Destroy      ; 9: not for drivers to send
        VMMcall Get_Cur_VM_Handle
        VMMcall System_Control
End_Tests
end

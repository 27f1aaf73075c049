; VWIN32: waits for Win32 events, critical sections, procedure calls, protected copies (Win95 DDK S35B6-S35CB). The
; events are those of test_services.c: 101h is reset by hand and not signaled, 202h is automatic and signaled.
include check.inc
include vwin32.inc

Declare_Virtual_Device TEST, 1, 0, TEST_Control, Undefined_Device_ID, Undefined_Init_Order
Begin_Control_Dispatch TEST
Control_Dispatch Sys_VM_Init, TEST_Run
End_Control_Dispatch TEST

MANUAL  equ 101h
AUTO    equ 202h

VxD_LOCKED_DATA_SEG
both    dd MANUAL, AUTO
wrong   dd MANUAL, 303h
thread  dd 0
section dd 6 dup (0)
from    db 'copied', 0
to_     db 8 dup (0)
done    dd 0
calls   dd 0
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
; Time-outs: EDX = handle.
Set_It:
        mov     eax, edx
        VxDcall _VWIN32_SetWin32Event
        ret
Pulse_It:
        mov     eax, edx
        VxDcall _VWIN32_PulseWin32Event
        ret
Call_It:
        VxDcall _VWIN32_QueueUserApc, <0, 5, [thread]>
        ret
Enter_It:
        inc     [calls]
        ret

; In so many ms.
Later macro ms, proc, ref
        mov     eax, ms
        mov     edx, ref
        mov     esi, OFFSET32 proc
        VMMcall Set_Global_Time_Out
endm

Wait_Single macro handle, ms, alertable
        mov     ebx, handle
        mov     edx, ms
        mov     eax, alertable
        VxDcall _VWIN32_WaitSingleObject
endm

Wait_Both macro all, ms
        mov     ecx, 2
        mov     esi, OFFSET32 both
        mov     edx, ms
        mov     eax, all
        VxDcall _VWIN32_WaitMultipleObjects
endm
VxD_LOCKED_CODE_ENDS

Begin_Tests
        VxDcall VWIN32_Get_Version
        Check   nc, 'CF of the version'
        VxDcall VWIN32_GetCurrentProcessHandle
        Check_Ne eax, 0, 'no process'

        ; at once
        Wait_Single MANUAL, 0, 0
        Check_Eq eax, 102h, 'not signaled: #EAX'
        Wait_Single AUTO, 0, 0
        Check_Eq eax, 0, 'signaled: #EAX'
        Wait_Single AUTO, 0, 0
        Check_Eq eax, 102h, 'an automatic event is not reset: #EAX'
        mov     eax, MANUAL
        VxDcall _VWIN32_SetWin32Event
        Check_Ne eax, 0, 'cannot be set'
        Wait_Single MANUAL, -1, 0
        Wait_Single MANUAL, 0, 0
        Check_Eq eax, 0, 'an event is reset by a wait: #EAX'
        Wait_Both 0, 0
        Check_Eq eax, 0, 'index of the one that is signaled: #EAX'
        Wait_Both 0FF00h, 0
        Check_Eq eax, 102h, 'both are signaled: #EAX'
        mov     eax, MANUAL
        VxDcall _VWIN32_ResetWin32Event
        Check_Ne eax, 0, 'cannot be reset'
        Wait_Single MANUAL, 0, 0
        Check_Eq eax, 102h, 'not reset: #EAX'
        mov     eax, MANUAL
        VxDcall _VWIN32_PulseWin32Event
        Wait_Single MANUAL, 0, 0
        Check_Eq eax, 102h, 'a pulse stays: #EAX'

        ; what is no event
;! dead-handle
        Wait_Single 303h, 0, 0
        Check_Eq eax, -1, 'a wait for nothing: #EAX'
;! dead-handle
        mov     ecx, 2
        mov     esi, OFFSET32 wrong
        xor     edx, edx
        xor     eax, eax
        VxDcall _VWIN32_WaitMultipleObjects
        Check_Eq eax, -1, 'a wait for half of nothing: #EAX'
        xor     ecx, ecx
        VxDcall _VWIN32_WaitMultipleObjects
        Check_Eq eax, -1, 'a wait for no object: #EAX'
        mov     eax, 303h
        VxDcall _VWIN32_SetWin32Event
        Check_Eq eax, 0, 'set what is no event: #EAX'
        mov     eax, 303h
        VxDcall _VWIN32_CloseVxDHandle
        Check_Eq eax, 0, 'closed what is no event: #EAX'

        ; later
        Wait_Single MANUAL, 30, 0
        Check_Eq eax, 102h, 'no time-out: #EAX'
        Later   20, Set_It, AUTO
        Wait_Single AUTO, 1000, 0
        Check_Eq eax, 0, 'not woken: #EAX'
        Check_Eq ebx, AUTO, 'EBX changed: #EBX'
        Wait_Single AUTO, 0, 0
        Check_Eq eax, 102h, 'the wait did not reset the event: #EAX'
        Later   20, Pulse_It, MANUAL
        Wait_Single MANUAL, -1, 0
        Check_Eq eax, 0, 'not woken by a pulse: #EAX'
        Later   20, Set_It, AUTO
        Wait_Both 0, 1000
        Check_Eq eax, 1, 'index of the second: #EAX'
        Later   20, Set_It, AUTO
        Later   60, Set_It, MANUAL
        Wait_Both 0FF00h, 1000
        Check_Eq eax, 0, 'both: #EAX'
        Wait_Single AUTO, 0, 0
        Check_Eq eax, 102h, 'the automatic one of both is not reset: #EAX'
        mov     eax, MANUAL
        VxDcall _VWIN32_ResetWin32Event

        ; procedure calls
        VMMcall Get_Cur_Thread_Handle
        mov     [thread], edi
        Later   20, Call_It, 0
        Wait_Single MANUAL, 200, 0
        Check_Eq eax, 102h, 'a procedure call ended a wait: #EAX'
        Later   20, Call_It, 0
        Wait_Single MANUAL, 200, 1
        Check_Eq eax, 0C0h, 'a procedure call did not end an alertable wait: #EAX'
        VxDcall _VWIN32_QueueUserApc, <1000h, 7, -1>
        Check_Ne eax, 0, 'a procedure call fails'
;! dead-handle
        VxDcall _VWIN32_QueueUserApc, <1000h, 7, 1234h>
        Check_Eq eax, 0, 'a call in no thread: #EAX'

        ; critical sections
        mov     edx, OFFSET32 section
        VxDcall VWIN32_EnterCrstR0
        Check   nc, 'cannot enter'
        mov     edx, OFFSET32 section
        VxDcall VWIN32_EnterCrstR0
        Check   nc, 'cannot enter again'
        mov     edx, OFFSET32 section
        VxDcall VWIN32_LeaveCrstR0
        Check   nc, 'cannot leave'
        mov     edx, OFFSET32 section
        VxDcall VWIN32_LeaveCrstR0
        Check   nc, 'cannot leave again'
        mov     edx, 0FFFE0000h
        VxDcall VWIN32_EnterCrstR0
        Check   c, 'entered what is not there'
        mov     edx, 0FFFE0000h
        VxDcall VWIN32_LeaveCrstR0
        Check   c, 'left what is not there'

        ; copies
        VxDcall _VWIN32_CopyMem, <<OFFSET32 from>, <OFFSET32 to_>, 7, <OFFSET32 done>>
        Check_Ne eax, 0, 'not copied'
        Check_Eq [done], 7, 'bytes copied'
        Check_Eq <dword ptr [to_]>, 'ipoc', 'what was copied'
        VxDcall _VWIN32_CopyMem, <0FFFE0000h, <OFFSET32 to_>, 7, <OFFSET32 done>>
        Check_Eq eax, 0, 'copied from nowhere: #EAX'
        Check_Eq [done], 0, 'bytes copied from nowhere'
        VxDcall _VWIN32_CopyMem, <<OFFSET32 from>, 0FFFE0000h, 7, 0>
        Check_Eq eax, 0, 'copied to nowhere: #EAX'
        VxDcall VWIN32_ActiveTimeBiasSet
        Check   nc, 'the hook point answers with carry'

        mov     eax, AUTO
        VxDcall _VWIN32_CloseVxDHandle
        Check_Ne eax, 0, 'cannot be closed'
;! dead-handle
        Wait_Single AUTO, 0, 0
;! dead-handle
        mov     ebx, 12345h
        VxDcall VWIN32_DIOCCompletionRoutine
End_Tests
end

; A chain of two hooks around a C service that blocks: each pushes the arguments anew, calls on and checks what comes back,
; while events run in the waiting thread, one of which calls the hooked service itself and blocks, too.
include check.inc
Declare_Virtual_Device TEST, 1, 0, TEST_Control, Undefined_Device_ID, Undefined_Init_Order
Begin_Control_Dispatch TEST
Control_Dispatch Sys_VM_Init, TEST_Sys_VM_Init
End_Control_Dispatch TEST

VxD_LOCKED_DATA_SEG
next_outer dd 0
next_inner dd 0
outer   dd 0
inner   dd 0
events  dd 0
object  dd 0
second  dd 0
depth   dd 0
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
; _BlockOnID(id, flags): EBX, ESI, EDI and EBP are the caller's.
BeginProc Outer_Hook, HOOK_PROC, next_outer
        inc     [outer]
        push    ebp
        mov     ebp, esp
        push    ebx
        mov     ebx, 0AAAA0000h
        push    dword ptr [ebp+12]
        push    dword ptr [ebp+8]
        call    [next_outer]
        add     esp, 8
        Check_Eq ebx, 0AAAA0000h, 'EBX over the inner hook'
        pop     ebx
        pop     ebp
        inc     [outer]
        ret
EndProc Outer_Hook

BeginProc Inner_Hook, HOOK_PROC, next_inner
        inc     [inner]
        push    ebp
        mov     ebp, esp
        push    esi
        mov     esi, 0BBBB0000h
        push    dword ptr [ebp+12]
        push    dword ptr [ebp+8]
        call    [next_inner]
        add     esp, 8
        Check_Eq esi, 0BBBB0000h, 'ESI over the service'
        pop     esi
        pop     ebp
        inc     [inner]
        ret
EndProc Inner_Hook

; While the thread waits: calls the hooked service itself.
BeginProc Event_Proc
        inc     [events]
        Check_Eq edx, 4711h, 'EDX of an event in a waiting thread'
        mov     eax, 20
        mov     esi, OFFSET32 Wake_Second
        VMMcall Set_Global_Time_Out
        mov     edi, 0CCCC0000h
        VMMcall _BlockOnID, <<OFFSET32 second>, Block_Svc_Ints>
        Check_Eq edi, 0CCCC0000h, 'EDI over a wait inside an event'
        Check_Eq [outer], 3, 'the outer hook inside the event'
        inc     [events]
        ret
EndProc Event_Proc

BeginProc Wake_Second
        VMMcall _SignalID, <<OFFSET32 second>>
        ret
EndProc Wake_Second

BeginProc Wake_First
        VMMcall _SignalID, <<OFFSET32 object>>
        ret
EndProc Wake_First

BeginProc TEST_Sys_VM_Init
        pushad
        GetVxDServiceOrdinal eax, _BlockOnID
        mov     esi, OFFSET32 Inner_Hook
        VMMcall Hook_Device_Service
        Check   nc, 'the inner hook'
        GetVxDServiceOrdinal eax, _BlockOnID
        mov     esi, OFFSET32 Outer_Hook
        VMMcall Hook_Device_Service
        Check   nc, 'the outer hook'
        mov     edx, 4711h
        mov     esi, OFFSET32 Event_Proc
        VMMcall Schedule_Global_Event
        mov     eax, 100
        mov     esi, OFFSET32 Wake_First
        VMMcall Set_Global_Time_Out
        mov     ebx, 11111111h
        mov     esi, 22222222h
        mov     edi, 33333333h
        mov     [depth], esp
        VMMcall _BlockOnID, <<OFFSET32 object>, Block_Svc_Ints>
        mov     eax, esp
        Check_Eq eax, [depth], 'the stack'
        Check_Eq ebx, 11111111h, 'EBX'
        Check_Eq esi, 22222222h, 'ESI'
        Check_Eq edi, 33333333h, 'EDI'
        Check_Eq [outer], 4, 'calls and returns of the outer hook'
        Check_Eq [inner], 4, 'calls and returns of the inner hook'
        Check_Eq [events], 2, 'the event'
        GetVxDServiceOrdinal eax, _BlockOnID
        mov     esi, OFFSET32 Inner_Hook
        VMMcall Unhook_Device_Service
        Check   nc, 'the inner hook goes first'
        GetVxDServiceOrdinal eax, _BlockOnID
        mov     esi, OFFSET32 Outer_Hook
        VMMcall Unhook_Device_Service
        Check   nc, 'the outer hook goes'
        Say     'done'
        popad
        clc
        ret
EndProc TEST_Sys_VM_Init
VxD_LOCKED_CODE_ENDS
end

; System broadcasts between devices, and a message posted to a window.
        .386p
        include vmm.inc
        include shell.inc
        include print.inc

Declare_Virtual_Device BROADCA, 1, 0, BROADCA_Control, Undefined_Device_ID, Undefined_Init_Order

VxD_LOCKED_DATA_SEG
Hook    dd      0
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG

Begin_Control_Dispatch BROADCA
        Control_Dispatch Init_Complete, BROADCA_Init_Complete
End_Control_Dispatch BROADCA

BeginProc Late_Hook
        mov     eax, [esp + 4]
        mov     ecx, [esp + 8]
        mov     edx, [esp + 16]
        Print   "late: message #EAX #ECX ref #EDX"
        mov     eax, 1
        ret
EndProc Late_Hook

BeginProc Early_Hook
        mov     edx, [esp + 16]
        Print   "early: ref #EDX"
        xor     eax, eax
        ret
EndProc Early_Hook

BeginProc Posted
        mov     eax, [esp + 4]
        mov     ecx, [esp + 8]
        Print   "posted #EAX ref #ECX"
        ret
EndProc Posted

BeginProc Appy
        push    5678h
        push    34h
        push    21Bh
        push    0
        push    0
        VxDCall _SHELL_BroadcastSystemMessage
        add     esp, 20
        Print   "broadcast #EAX"
        push    5678h
        push    34h
        push    21Bh
        push    0
        push    1                       ; BSF_QUERY
        VxDCall _SHELL_BroadcastSystemMessage
        add     esp, 20
        Print   "query #EAX"
        push    [Hook]
        VxDCall _SHELL_UnhookSystemBroadcast
        add     esp, 4
        push    5678h
        push    34h
        push    21Bh
        push    0
        push    1
        VxDCall _SHELL_BroadcastSystemMessage
        add     esp, 20
        Print   "query again #EAX"
        push    77h
        push    OFFSET32 Posted
        push    3
        push    2
        push    400h
        push    1234h
        VxDCall _SHELL_PostMessage
        add     esp, 24
        ret
EndProc Appy

BeginProc BROADCA_Init_Complete
        push    2
        push    10h
        push    OFFSET32 Late_Hook
        VxDCall _SHELL_HookSystemBroadcast
        add     esp, 12
        push    1
        push    20h
        push    OFFSET32 Early_Hook
        VxDCall _SHELL_HookSystemBroadcast
        add     esp, 12
        mov     [Hook], eax
        push    0
        push    0
        push    0
        push    OFFSET32 Appy
        VxDCall _SHELL_CallAtAppyTime
        add     esp, 16
        clc
        ret
EndProc BROADCA_Init_Complete

VxD_LOCKED_CODE_ENDS
        END

; Hooks a service with HOOK_PROC, calls it, unhooks, calls it again.
        .386p
        include vmm.inc
        include debug.inc
Declare_Virtual_Device HOOKER, 1, 0, HOOKER_Control, Undefined_Device_ID, Undefined_Init_Order
Begin_Control_Dispatch HOOKER
        Control_Dispatch Device_Init, HOOKER_Init
End_Control_Dispatch HOOKER
VxD_LOCKED_DATA_SEG
Previous dd 0
Hooked  db "in the hook", 13, 10, 0
VxD_LOCKED_DATA_ENDS
BeginProc Hook, HOOK_PROC, Previous, LOCKED
        Debug_Printf "%d and %x in a debug build\n", <10, 10>
        pushfd
        pushad
        mov     esi, OFFSET32 Hooked
        VMMCall Out_Debug_String
        popad
        popfd
        jmp     [Previous]
EndProc Hook
BeginProc HOOKER_Init, INIT
        GetVxDServiceOrdinal eax, Get_VMM_Version
        mov     esi, OFFSET32 Hook
        VMMCall Hook_Device_Service
        jc      SHORT Done
        VMMCall Get_VMM_Version
        Trace_Out "version #AX"
        GetVxDServiceOrdinal eax, Get_VMM_Version
        mov     esi, OFFSET32 Hook
        VMMCall Unhook_Device_Service
        jc      SHORT Done
        Trace_Out "unhooked"
        VMMCall Get_VMM_Version
        clc
Done:   ret
EndProc HOOKER_Init
        END

; Loads and unloads another driver.
        .386p
        include vmm.inc
        include vxdldr.inc
        include print.inc

Declare_Virtual_Device LOADER, 1, 0, LOADER_Control, Undefined_Device_ID, Undefined_Init_Order

VxD_LOCKED_DATA_SEG
File    db      "C:\WINDOWS\SYSTEM\ioctldev.vxd", 0
Careless db     "CARELESS", 0
Alias   db      "copy_of_ioctldev.vxd", 0
Missing db      "MISSING.VXD", 0
Module  db      "IOCTLDEV", 0
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG

Begin_Control_Dispatch LOADER
        Control_Dispatch Init_Complete, LOADER_Init_Complete
End_Control_Dispatch LOADER

BeginProc LOADER_Init_Complete
        mov     edx, OFFSET32 Missing
        mov     eax, VXDLDR_INIT_DEVICE
        VxDCall VXDLDR_LoadDevice
        PrintCarry "missing #EAX"
        mov     edx, OFFSET32 File
        mov     eax, VXDLDR_INIT_DEVICE
        VxDCall VXDLDR_LoadDevice
        PrintCarry "load"
        mov     edx, [eax.DDB_Control_Proc]
        or      edx, edx
        jnz     is_ddb
        Print   "EAX is no DDB"
is_ddb:
        mov     edx, OFFSET32 File
        mov     eax, VXDLDR_INIT_DEVICE
        VxDCall VXDLDR_LoadDevice
        PrintCarry "again #EAX"
        mov     edx, OFFSET32 Alias
        mov     eax, VXDLDR_INIT_DEVICE
        VxDCall VXDLDR_LoadDevice
        PrintCarry "by another name #EAX"
        mov     ebx, -1
        mov     edx, OFFSET32 Module
        VxDCall VXDLDR_UnloadDevice
        PrintCarry "unload"
        mov     ebx, -1
        mov     edx, OFFSET32 Module
        VxDCall VXDLDR_UnloadDevice
        PrintCarry "unload again #EAX"
        mov     edx, OFFSET32 Careless
        mov     eax, VXDLDR_INIT_DEVICE
        VxDCall VXDLDR_LoadDevice
        mov     ebx, -1
        mov     edx, OFFSET32 Careless
        VxDCall VXDLDR_UnloadDevice
        PrintCarry "careless"
        clc
        ret
EndProc LOADER_Init_Complete

VxD_LOCKED_CODE_ENDS
        END

; Watches VXDLDR: the list of devices and the notifications of unloading.
        .386p
        include vmm.inc
        include vxdldr.inc
        include print.inc

Declare_Virtual_Device WATCHER, 1, 0, WATCHER_Control, Undefined_Device_ID, Undefined_Init_Order

VxD_LOCKED_CODE_SEG
Begin_Control_Dispatch WATCHER
        Control_Dispatch Init_Complete, WATCHER_Init_Complete
End_Control_Dispatch WATCHER

; Prints every device's objects and the first four letters of its name.
BeginProc List_Devices
        pushad
        VxDCall VXDLDR_GetDeviceList
        mov     esi, eax
next:
        or      esi, esi
        jz      done
        mov     ebx, [esi.DI_ModuleName]
        mov     ebx, [ebx]
        mov     ecx, [esi.DI_ObjCount]
        movzx   edx, [esi.DI_Loaded]
        mov     edi, [esi.DI_ObjInfo]
        mov     edi, [edi.OI_ObjType]
        Print   "name #EBX objects #ECX loaded #EDX first #EDI"
        mov     ebx, [esi.DI_DDB]
        mov     bx, [ebx.DDB_Req_Device_Number]
        cmp     bx, [esi.DI_DeviceID]
        je      same
        Print   "another id"
same:
        mov     esi, [esi.DI_Next]
        jmp     next
done:
        popad
        ret
EndProc List_Devices

BeginProc Listed_Later
        call    List_Devices
        ret
EndProc Listed_Later

BeginProc Heard, HOOK_PROC, Chain
        cmp     eax, VXDLDR_NOTIFY_OBJECTUNLOAD
        jne     pass
        pushad
        mov     edi, [edi.DI_ObjCount]
        mov     ebx, [ebx.OI_ObjType]
        Print   "object #EDX type #EBX of #EDI"
        popad
pass:
        jmp     [Chain]
EndProc Heard

BeginProc WATCHER_Init_Complete
        call    List_Devices
        GetVxDServiceOrdinal eax, VXDLDR_Notify
        mov     esi, OFFSET32 Heard
        VMMCall Hook_Device_Service
        PrintCarry "hook"
        mov     eax, 20
        mov     esi, OFFSET32 Listed_Later
        VMMCall Set_Global_Time_Out
        mov     eax, 100
        mov     esi, OFFSET32 Listed_Later
        VMMCall Set_Global_Time_Out
        clc
        ret
EndProc WATCHER_Init_Complete
VxD_LOCKED_CODE_ENDS
VxD_LOCKED_DATA_SEG
Chain   dd      0
VxD_LOCKED_DATA_ENDS
        END

; Uses PROVIDE's services when it is there; looks for devices by name and in the list of all.
        .386p
        include vmm.inc
        include debug.inc
        include provide.inc
        include shell.inc
        include vxdldr.inc
        include vwin32.inc

Declare_Virtual_Device CLIENT, 1, 0, CLIENT_Control, Undefined_Device_ID, Undefined_Init_Order - 40000h

VxD_LOCKED_DATA_SEG
Node            dd 0, OFFSET32 Notified
Device_Name     db 'PROVIDE '
File            db 'provide.vxd', 0
hVxD            dd 0
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
Begin_Control_Dispatch CLIENT
        Control_Dispatch Init_Complete, Client_Init
        Control_Dispatch Begin_PM_App, Client_PM
        Control_Dispatch Create_Thread, Client_Thread
        Control_Dispatch Kernel32_Initialized, Client_Appy
        Control_Dispatch Power_Event, Client_Power
End_Control_Dispatch CLIENT

BeginProc Notified, NEVER_REENTER, NOT_SWAPPING
        Debug_Printf "notified, %x\n", <eax>, DebLevelNormal
        ret
EndProc Notified

BeginProc Client_Power
        cmp     esi, PWR_SUSPENDREQUEST
        jne     short @F
        mov     dword ptr [edi], PWR_OK
@@:     clc
        ret
EndProc Client_Power
VxD_LOCKED_CODE_ENDS

VxD_ICODE_SEG
BeginProc Client_Init
        VxDCall PROVIDE_Get_Version
        jc      Load_It
        mov     esi, OFFSET32 Node
        VxDCall PROVIDE_Register
        VxDCall PROVIDE_Sum, <[Node], 2, 3>
        push    ebx
        GetVxDServiceAddress ebx, PROVIDE_Notify
        pop     ebx
        jmp     short Out_
Load_It:
        mov     edx, OFFSET32 File
        mov     eax, VXDLDR_INIT_DEVICE
        VxDCall VXDLDR_LoadDevice
        jc      short Out_
        mov     [hVxD], edx
        xor     eax, eax
        mov     edi, OFFSET32 Device_Name
        VMMCall Get_DDB
        jecxz   Out_
        cmp     [ecx.DDB_Req_Device_Number], PROVIDE_Device_ID
        jne     Out_
        mov     ecx, [ecx.DDB_Service_Table_Ptr]
        VMMCall VMM_GetDDBList
Next:   test    eax, eax
        jz      short Out_
        mov     eax, [eax].DDB_Next
        jmp     Next
Out_:   clc
        ret
EndProc Client_Init
VxD_ICODE_ENDS

VxD_PAGEABLE_CODE_SEG
BeginProc Client_Appy
        VxDCall _SHELL_CallAtAppyTime, <OFFSET32 Appy, 0, CAAFL_TIMEOUT, 1000>
        or      eax, eax
        clc
        ret
EndProc Client_Appy

BeginProc Appy
        mov     eax, [esp+4]
        mov     ecx, [esp+8]
        VxDCall VWIN32_GetCurrentProcessHandle
        ret
EndProc Appy

BeginProc Client_PM, W32
        mov     eax, edi
        mov     ecx, [eax.PMCB_Flags]
        clc
        ret
EndProc Client_PM

BeginProc Client_Thread, THCREATE
        Assert_Thread_Handle edi
        mov     eax, [edi.TCB_VMHandle]
        clc
        ret
EndProc Client_Thread
VxD_PAGEABLE_CODE_ENDS
        end

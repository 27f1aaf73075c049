; A driver of the cards in pnp.hw: what the configuration manager tells it, and what it finds out.
        .386p
        include vmm.inc
        include vmmreg.inc
        include configmg.inc
        include print.inc

Declare_Virtual_Device PNP, 1, 0, PNP_Control, Undefined_Device_ID, Undefined_Init_Order

VxD_LOCKED_DATA_SEG
Config  CMCONFIG <>
Text    db      256 dup (?)
Bytes  dd      0
Status  dd      0
Problem dd      0
Key     dd      0
Speed   db      'Speed', 0
Mode    db      'Mode', 0
Jumper  db      'Jumper', 0
Absent  db      'Absent', 0
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG

Begin_Control_Dispatch PNP
        Control_Dispatch Sys_Dynamic_Device_Init, PNP_Init
        Control_Dispatch PNP_New_Devnode, PNP_Devnode
End_Control_Dispatch PNP

BeginProc PNP_Init
        Print   "init"
        clc
        ret
EndProc PNP_Init

; EBX = device node, EDX = DLVXD_LOAD_*
BeginProc PNP_Devnode
        push    esi
        VxDCall _CONFIGMG_Get_Device_ID, <ebx, OFFSET32 Text, 256, 0>
        mov     ecx, eax
        PrintText Text
        Print   "is new, load #EDX, id #ECX"
        VxDCall _CONFIGMG_Register_Device_Driver, <ebx, OFFSET32 Handler, 77h, CM_REGISTER_DEVICE_DRIVER_DISABLEABLE>
        Print   "registered #EAX"
        pop     esi
        stc
        ret
EndProc PNP_Devnode

; CONFIGRET handler(function, sub, devnode, reference, flags)
BeginProc Handler
        push    ebp
        mov     ebp, esp
        push    ebx
        push    esi
        push    edi
        mov     eax, [ebp+8]
        mov     ecx, [ebp+12]
        mov     ebx, [ebp+16]
        mov     edx, [ebp+20]
        Print   "function #EAX sub #ECX reference #EDX"
        cmp     eax, CONFIG_START
        jne     done
        VxDCall _CONFIGMG_Get_Alloc_Log_Conf, <OFFSET32 Config, ebx, CM_GET_ALLOC_LOG_CONF_ALLOC>
        call    Tell
        VxDCall _CONFIGMG_Get_Alloc_Log_Conf, <OFFSET32 Config, ebx, CM_GET_ALLOC_LOG_CONF_BOOT_ALLOC>
        call    Tell
        call    Ask_Registry
done:
        xor     eax, eax
        pop     edi
        pop     esi
        pop     ebx
        pop     ebp
        ret
EndProc Handler

BeginProc Tell
        movzx   ecx, [Config.wNumIOPorts]
        movzx   edx, [Config.wIOPortBase]
        movzx   esi, [Config.wIOPortLength]
        Print   "result #EAX, ports #ECX: #EDX #ESI"
        movzx   ecx, [Config.wNumIRQs]
        movzx   edx, [Config.bIRQRegisters]
        movzx   esi, [Config.wNumDMAs]
        movzx   edi, [Config.bDMALst]
        Print   "irqs #ECX: #EDX dmas #ESI: #EDI"
        movzx   ecx, [Config.wNumMemWindows]
        mov     edx, [Config.dMemBase]
        mov     esi, [Config.dMemLength]
        Print   "memory #ECX: #EDX #ESI"
        ret
EndProc Tell

BeginProc Ask_Registry
        mov     [Bytes], 4
        VxDCall _CONFIGMG_Read_Registry_Value, <ebx, 0, OFFSET32 Speed, REG_BINARY, OFFSET32 Text, OFFSET32 Bytes, CM_REGISTRY_SOFTWARE>
        mov     ecx, [Bytes]
        mov     edx, dword ptr [Text]
        Print   "speed: #EAX #ECX #EDX"
        mov     [Bytes], 2
        VxDCall _CONFIGMG_Read_Registry_Value, <ebx, 0, OFFSET32 Mode, REG_SZ, OFFSET32 Text, OFFSET32 Bytes, CM_REGISTRY_SOFTWARE>
        mov     ecx, [Bytes]
        Print   "mode: #EAX #ECX"
        VxDCall _CONFIGMG_Read_Registry_Value, <ebx, 0, OFFSET32 Mode, REG_BINARY, OFFSET32 Text, OFFSET32 Bytes, CM_REGISTRY_SOFTWARE>
        Print   "mode as binary: #EAX"
        VxDCall _CONFIGMG_Read_Registry_Value, <ebx, 0, OFFSET32 Absent, REG_SZ, OFFSET32 Text, OFFSET32 Bytes, CM_REGISTRY_SOFTWARE>
        Print   "absent: #EAX"
        VxDCall _CONFIGMG_Get_DevNode_Key, <ebx, 0, OFFSET32 Text, 256, CM_REGISTRY_HARDWARE>
        PrintText Text
        VMMCall _RegOpenKey, <HKEY_LOCAL_MACHINE, OFFSET32 Text, OFFSET32 Key>
        mov     [Bytes], 256
        VMMCall _RegQueryValueEx, <[Key], OFFSET32 Jumper, 0, 0, OFFSET32 Text, OFFSET32 Bytes>
        mov     ecx, [Bytes]
        mov     edx, dword ptr [Text]
        and     edx, 0FFFFFFh
        Print   "jumper: #EAX #ECX #EDX"
        VMMCall _RegCloseKey, <[Key]>
        VxDCall _CONFIGMG_Get_DevNode_Key, <ebx, 0, OFFSET32 Text, 256, CM_REGISTRY_SOFTWARE>
        PrintText Text
        VxDCall _CONFIGMG_Get_DevNode_Status, <OFFSET32 Status, OFFSET32 Problem, ebx, 0>
        mov     ecx, [Status]
        mov     edx, [Problem]
        Print   "status #EAX #ECX #EDX"
        ret
EndProc Ask_Registry

VxD_LOCKED_CODE_ENDS
        END

; An ISA card's driver, as Windows 95's sample is built: a device loader that is told of its device nodes, a configuration
; handler, an interrupt of its own.
        .386p
        include vmm.inc
        include vmmreg.inc
        include vpicd.inc
        include vdmad.inc
        include configmg.inc
        include print.inc

Declare_Virtual_Device ISACARD, 1, 0, ISACARD_Control, Undefined_Device_ID, Undefined_Init_Order

ISA     STRUC
ISA_Node        dd      ?
ISA_Base        dd      ?
ISA_Irq         dd      ?       ; handle, 0 = none
ISA_Dma         dd      ?
ISA_Count       dd      ?
ISA     ENDS

; What the text at EAX says of the device whose identifier is at ECX.
Trace_Line MACRO
        pushad
        mov     esi, ecx
        VMMCall Out_Debug_String
        mov     esi, OFFSET32 Colon
        VMMCall Out_Debug_String
        mov     esi, [esp+28]
        VMMCall Out_Debug_String
        mov     esi, OFFSET32 Line_
        VMMCall Out_Debug_String
        popad
        ENDM

VxD_LOCKED_DATA_SEG
Colon   db      ': ', 0
Line_   db      13, 10, 0
Config  CMCONFIG <>
Irqs    VPICD_IRQ_Descriptor <0, VPICD_OPT_REF_DATA, OFFSET32 ISA_Int>
ID      db      MAX_DEVICE_ID_LEN + 1 dup (0)
Volume  dd      0
Length_ dd      4
Name_   db      'Volume', 0
Names   dd      OFFSET32 n0, OFFSET32 n1, OFFSET32 n2, OFFSET32 n3, OFFSET32 n4, OFFSET32 n5, OFFSET32 n6, OFFSET32 n7
        dd      OFFSET32 n8, OFFSET32 n9, OFFSET32 n10, OFFSET32 n11, OFFSET32 n12, OFFSET32 n13, OFFSET32 n14
n0      db      'filter', 0
n1      db      'start', 0
n2      db      'stop', 0
n3      db      'test', 0
n4      db      'remove', 0
n5      db      'enumerate', 0
n6      db      'setup', 0
n7      db      'callback', 0
n8      db      'apm', 0
n9      db      'test failed', 0
n10     db      'test succeeded', 0
n11     db      'verify', 0
n12     db      'preremove', 0
n13     db      'shutdown', 0
n14     db      'preremove2', 0
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
Begin_Control_Dispatch ISACARD
        Control_Dispatch Sys_Dynamic_Device_Init, ISACARD_Init
        Control_Dispatch Sys_Dynamic_Device_Exit, ISACARD_Init
        Control_Dispatch PNP_New_Devnode, ISACARD_New_Devnode, cCall, <ebx, edx>
End_Control_Dispatch ISACARD

BeginProc ISACARD_Init
        clc
        ret
EndProc ISACARD_Init

BeginProc ISACARD_New_Devnode, PUBLIC, CCALL
ArgVar  DevNode, DWORD
ArgVar  LoadType, DWORD
        EnterProc
        SaveReg <ebx, esi, edi>
        cmp     LoadType, DLVXD_LOAD_DEVLOADER
        mov     eax, CR_DEFAULT
        jne     New_Done
        VMMCall _HeapAllocate, <<SIZE ISA>, HeapZeroInit>
        test    eax, eax
        mov     ecx, CR_OUT_OF_MEMORY
        jz      New_Failed
        mov     ebx, eax
        mov     eax, DevNode
        mov     [ebx.ISA_Node], eax
        VxDCall _CONFIGMG_Register_Device_Driver, <DevNode, <OFFSET32 ISACARD_Config>, ebx, <CM_REGISTER_DEVICE_DRIVER_DISABLEABLE OR CM_REGISTER_DEVICE_DRIVER_REMOVABLE>>
        jmp     New_Done
New_Failed:
        mov     eax, ecx
New_Done:
        RestoreReg <edi, esi, ebx>
        LeaveProc
        Return
EndProc ISACARD_New_Devnode

BeginProc ISACARD_Config, PUBLIC, CCALL
ArgVar  Func, DWORD
ArgVar  SubFunc, DWORD
ArgVar  Node, DWORD
ArgVar  Ref, DWORD
ArgVar  Flags, DWORD
        EnterProc
        SaveReg <ebx, esi, edi>
        mov     ebx, Ref
        VxDCall _CONFIGMG_Get_Device_ID, <Node, <OFFSET32 ID>, <MAX_DEVICE_ID_LEN + 1>, 0>
        mov     eax, Func
        mov     eax, Names[eax*4]
        mov     ecx, OFFSET32 ID
        Trace_Line
        mov     eax, Func
        cmp     eax, CONFIG_START
        je      Config_Start_
        cmp     eax, CONFIG_STOP
        je      Config_Stop_
        cmp     eax, CONFIG_REMOVE
        je      Config_Stop_
        mov     eax, CR_SUCCESS
        cmp     Func, CONFIG_TEST
        je      Config_Done
        cmp     Func, CONFIG_FILTER
        je      Config_Done
        mov     eax, CR_DEFAULT
Config_Done:
        RestoreReg <edi, esi, ebx>
        LeaveProc
        Return

Config_Start_:
        VxDCall _CONFIGMG_Get_Alloc_Log_Conf, <<OFFSET32 Config>, Node, CM_GET_ALLOC_LOG_CONF_ALLOC>
        cmp     eax, CR_SUCCESS
        jne     Config_Done
        movzx   ecx, Config.wIOPortBase
        mov     [ebx.ISA_Base], ecx
        movzx   edx, Config.bIRQRegisters
        movzx   esi, Config.bDMALst
        cmp     Config.wNumDMAs, 0
        jne     @f
        or      esi, -1
@@:     mov     [ebx.ISA_Dma], esi
        Print   "  ports #CX, IRQ #DL, DMA #ESI"
        mov     [Length_], 4
        mov     [Volume], -1
        VxDCall _CONFIGMG_Read_Registry_Value, <Node, 0, <OFFSET32 Name_>, REG_BINARY, <OFFSET32 Volume>, <OFFSET32 Length_>, CM_REGISTRY_SOFTWARE>
        mov     ecx, [Volume]
        Print   "  volume #ECX (#EAX)"
        mov     edi, OFFSET32 Irqs
        mov     [edi.VID_IRQ_Number], dx
        mov     [edi.VID_Hw_Int_Ref], ebx
        VxDCall VPICD_Virtualize_IRQ
        mov     ecx, CR_CANT_SHARE_IRQ
        jc      Start_Failed
        mov     [ebx.ISA_Irq], eax
        VxDCall VPICD_Physically_Unmask
        mov     edx, [ebx.ISA_Base]
        in      al, dx
        Print   "  identity #AL"
        inc     edx
        mov     al, 1
        out     dx, al
        mov     eax, CR_SUCCESS
        jmp     Config_Done
Start_Failed:
        Print   "  the line cannot be virtualized"
        mov     eax, ecx
        jmp     Config_Done

Config_Stop_:
        mov     eax, [ebx.ISA_Irq]
        test    eax, eax
        jz      @f
        VxDCall VPICD_Physically_Mask
        mov     eax, [ebx.ISA_Irq]
        VxDCall VPICD_Force_Default_Behavior
        mov     [ebx.ISA_Irq], 0
@@:     mov     eax, CR_SUCCESS
        jmp     Config_Done
EndProc ISACARD_Config

BeginProc ISA_Int, High_Freq
        mov     ecx, [edx.ISA_Base]
        push    edx
        lea     edx, [ecx+2]
        in      al, dx
        out     dx, al
        movzx   edx, al
        Print   "  interrupt of #CX, state #DL"
        pop     edx
        inc     [edx.ISA_Count]
        mov     eax, [edx.ISA_Irq]
        VxDCall VPICD_Phys_EOI
        clc
        ret
EndProc ISA_Int
VxD_LOCKED_CODE_ENDS
        END

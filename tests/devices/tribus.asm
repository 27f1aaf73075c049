; The driver and enumerator of a card with ports, each a device node of its own; and in the end one port is gone.
        .386p
        include vmm.inc
        include vmmreg.inc
        include configmg.inc
        include print.inc

Declare_Virtual_Device TRIBUS, 1, 0, TRIBUS_Control, Undefined_Device_ID, Undefined_Init_Order

PORTS   EQU     2

VxD_LOCKED_DATA_SEG
Bus     dd      0                       ; device node of the card
Base    dd      0                       ; its ports
Present dd      3                       ; bit for each port that is there
Child   dd      0
Old     dd      0
Conf    dd      0
Des     dd      0
Index   dd      0
Size_   dd      0
Type_   dd      0
Config  CMCONFIG <>
ID      db      'TRIBUS\PORT\000', '0', 0
ID_Old  db      'ROOT\PORT\0000', 0
Text    db      32 dup (0)
Driver  db      'Ports\000', '0', 0
Name_D  db      'Driver', 0
Name_L  db      'DevLoader', 0
Loader  db      'trikid.vxd', 0
Io      IO_DES  <1, SIZE IO_RANGE, 1, 0, 0, 0, 0>
Range   IO_RANGE <0FFFCh, 4, 0, 0FFFFh, 0, 0, 0>
Irq     IRQ_DES <fIRQD_Share, 0, 0C00h, 0>
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
Begin_Control_Dispatch TRIBUS
        Control_Dispatch Sys_Dynamic_Device_Init, TRIBUS_Init
        Control_Dispatch PNP_New_Devnode, TRIBUS_New_Devnode
End_Control_Dispatch TRIBUS

BeginProc TRIBUS_Init
        clc
        ret
EndProc TRIBUS_Init

; EBX = device node, EDX = why
BeginProc TRIBUS_New_Devnode
        Print   "bus: new, load #EDX"
        cmp     edx, DLVXD_LOAD_ENUMERATOR
        je      SHORT as_enumerator
        mov     [Bus], ebx
        VxDCall _CONFIGMG_Register_Device_Driver, <ebx, OFFSET32 Config_Handler, 0, CM_REGISTER_DEVICE_DRIVER_DISABLEABLE>
        clc
        ret
as_enumerator:
        VxDCall _CONFIGMG_Register_Enumerator, <ebx, OFFSET32 Enum_Handler, CM_REGISTER_ENUMERATOR_HARDWARE>
        clc
        ret
EndProc TRIBUS_New_Devnode

BeginProc Config_Handler, PUBLIC, CCALL
ArgVar  Func, DWORD
ArgVar  SubFunc, DWORD
ArgVar  Node, DWORD
ArgVar  Ref, DWORD
ArgVar  Flags, DWORD
        EnterProc
        SaveReg <ebx, esi, edi>
        mov     eax, CR_DEFAULT
        cmp     Func, CONFIG_START
        jne     SHORT cfg_done
        VxDCall _CONFIGMG_Get_Alloc_Log_Conf, <<OFFSET32 Config>, Node, CM_GET_ALLOC_LOG_CONF_ALLOC>
        movzx   ecx, [Config.wIOPortBase]
        mov     [Base], ecx
        Print   "bus: started at #CX"
        mov     eax, 100
        mov     esi, OFFSET32 Pulled
        VMMCall Set_Global_Time_Out
        mov     eax, CR_SUCCESS
cfg_done:
        RestoreReg <edi, esi, ebx>
        LeaveProc
        Return
EndProc Config_Handler

; (function, subfunction, own node, node it is about, flags)
BeginProc Enum_Handler, PUBLIC, CCALL
ArgVar  Func, DWORD
ArgVar  SubFunc, DWORD
ArgVar  Node, DWORD
ArgVar  About, DWORD
ArgVar  Flags, DWORD
        EnterProc
        SaveReg <ebx, esi, edi>
        mov     eax, Func
        cmp     eax, CONFIG_ENUMERATE
        je      SHORT enum_all
        cmp     eax, CONFIG_FILTER
        je      enum_filter
        VxDCall _CONFIGMG_Get_Private_DWord, <<OFFSET32 Index>, About, Node, 0>
        mov     ecx, [Index]
        mov     edx, Func
        mov     ebx, SubFunc
        Print   "bus: message #DL.#BL about port #CL"
        mov     eax, CR_DEFAULT
        jmp     enum_done
enum_all:
        Print   "bus: enumerate"
        VxDCall _CONFIGMG_Reset_Children_Marks, <Node, 0>
        xor     ebx, ebx
enum_next:
        bt      [Present], ebx
        jnc     SHORT enum_absent
        call    Add_Port
enum_absent:
        inc     ebx
        cmp     ebx, PORTS
        jb      enum_next
        VxDCall _CONFIGMG_Remove_Unmarked_Children, <Node, 0>
        mov     eax, CR_SUCCESS
        jmp     enum_done
enum_filter:
        VxDCall _CONFIGMG_Get_Private_DWord, <<OFFSET32 Index>, About, Node, 0>
        mov     ecx, [Index]
        Print   "bus: filter port #CL"
        VxDCall _CONFIGMG_Get_First_Log_Conf, <<OFFSET32 Conf>, About, FILTERED_LOG_CONF>
        VxDCall _CONFIGMG_Get_Next_Res_Des, <<OFFSET32 Des>, [Conf], ResType_IRQ, 0, 0>
        VxDCall _CONFIGMG_Get_Res_Des_Data, <[Des], <OFFSET32 Irq>, SIZE IRQ_DES, 0>
        mov     [Irq.IRQD_Req_Mask], 800h ; the ports have line 11
        VxDCall _CONFIGMG_Modify_Res_Des, <<OFFSET32 Des>, [Des], ResType_All, <OFFSET32 Irq>, SIZE IRQ_DES, 0>
        Print   "bus: modified #EAX"
        mov     eax, CR_SUCCESS
enum_done:
        RestoreReg <edi, esi, ebx>
        LeaveProc
        Return
EndProc Enum_Handler

; EBX = number of a port.
BeginProc Add_Port
        mov     al, bl
        add     al, '0'
        mov     [ID+15], al
        mov     [Driver+9], al
        VxDCall _CONFIGMG_Create_DevNode, <<OFFSET32 Child>, <OFFSET32 ID>, [Bus], 0>
        Print   "bus: port #BL: #EAX"
        cmp     eax, CR_SUCCESS
        jne     add_done
        VxDCall _CONFIGMG_Set_Private_DWord, <[Child], [Bus], ebx, 0>
        VxDCall _CONFIGMG_Write_Registry_Value, <[Child], 0, <OFFSET32 Name_D>, REG_SZ, <OFFSET32 Driver>, 0, CM_REGISTRY_HARDWARE>
        VxDCall _CONFIGMG_Write_Registry_Value, <[Child], 0, <OFFSET32 Name_L>, REG_SZ, <OFFSET32 Loader>, 0, CM_REGISTRY_SOFTWARE>
        VxDCall _CONFIGMG_Add_Empty_Log_Conf, <<OFFSET32 Conf>, [Child], LCPRI_HARDWIRED, BASIC_LOG_CONF>
        VxDCall _CONFIGMG_Add_Res_Des, <<OFFSET32 Des>, [Conf], ResType_IRQ, <OFFSET32 Irq>, SIZE IRQ_DES, 0>
add_done:
        ret
EndProc Add_Port

; The port that the root enumerated is the first one of the card (Move_DevNode); the second one is pulled.
BeginProc Pulled
        VxDCall _CONFIGMG_Locate_DevNode, <<OFFSET32 Old>, <OFFSET32 ID_Old>, 0>
        VxDCall _CONFIGMG_Get_Child, <<OFFSET32 Child>, [Bus], 0>
        VxDCall _CONFIGMG_Move_DevNode, <[Child], [Old], 0>
        Print   "bus: moved the wrong way: #EAX"
        VxDCall _CONFIGMG_Move_DevNode, <[Old], [Child], 0>
        Print   "bus: moved: #EAX"
        VxDCall _CONFIGMG_Get_DevNode_Status, <<OFFSET32 Type_>, <OFFSET32 Size_>, [Old], 0>
        mov     eax, [Type_]
        and     eax, DN_MOVED OR DN_HAS_PROBLEM
        mov     ecx, [Size_]
        Print   "bus: status #EAX, problem #ECX"
        VxDCall _CONFIGMG_Get_Device_ID, <[Old], <OFFSET32 Text>, 32, 0>
        PrintText Text
        VxDCall _CONFIGMG_Locate_DevNode, <<OFFSET32 Old>, <OFFSET32 ID_Old>, 0>
        Print   "bus: by its old name: #EAX"
        VxDCall _CONFIGMG_Locate_DevNode, <<OFFSET32 Old>, <OFFSET32 Text>, 0>
        mov     ecx, [Old]
        sub     ecx, [Child]
        Print   "bus: by its new one: #EAX, the port itself #ECX"
        and     [Present], 1
        VxDCall _CONFIGMG_Reenumerate_DevNode, <[Bus], 0>
        ret
EndProc Pulled
VxD_LOCKED_CODE_ENDS
        END

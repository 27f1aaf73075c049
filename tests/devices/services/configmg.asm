; CONFIGMG: the tree, logical configurations and resource descriptors, allocation, registry, private values, bus
; information, handlers (Win95 DDK S2505-S2588). The driver makes the device nodes itself.
include check.inc
include vmmreg.inc
include configmg.inc
include cm.inc
Test_Driver

VxD_LOCKED_DATA_SEG
root_id db      'HTREE\ROOT\0', 0
id_a    db      'TEST\CARD\0000', 0
id_a2   db      'test\card\0000', 0
id_b    db      'TEST\CARD\0001', 0
id_c    db      'TEST\CARD\0002', 0
bad_id  db      'TEST\CARD', 0
no_id   db      'TEST\NONE\0', 0
root    dd      0
node_a  dd      0
node_b  dd      0
node_c  dd      0
node    dd      0
lc      dd      0
lc2     dd      0
rd      dd      0
rd2     dd      0
rid     dd      0
number  dd      0
status  dd      0
problem dd      0
buffer  db      256 dup (0)
config  CMCONFIG <>
irq     IRQ_DES <0, 0, 0A0h, 0>          ; 5 or 7
irq_s   IRQ_DES <fIRQD_Share, 0, 800h, 0>
dma     DMA_DES <fDD_BYTE, 0, 0Ah, 0>    ; 1 or 3
io      IO_DES <1, SIZE IO_RANGE, 1, 0, 0, 0, 0>
        IO_RANGE <0FFF8h, 8, 300h, 31Fh, 0, 0, 0>
mem     MEM_DES <2, SIZE MEM_RANGE, 1, 0, 0, 0>
        MEM_RANGE <0FFFFF000h, 2000h, 0C8000h, 0C8FFFh, 0, 0>
        MEM_RANGE <0FFFFF000h, 2000h, 0D0000h, 0DFFFFh, 0, 0>
name_   db      'Name', 0
sub_    db      'Deep', 0
text    db      'value', 0
bytes   db      1, 2, 3
calls   dd      0                        ; what the handlers heard
last    dd      0
about   dd      0
refuse  dd      0                        ; function that the handler refuses
bus     dd      0
info    db      9, 8, 7, 6
key     dd      0
enum_key db     'Enum\TEST\CARD\0000', 0
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
; Handler of drivers: remembers and answers.
BeginProc Driver_Handler
        mov     eax, [esp+4]
        inc     [calls]
        mov     [last], eax
        mov     ecx, [esp+12]
        mov     [about], ecx
        cmp     eax, [refuse]
        mov     eax, CR_FAILURE
        je      SHORT refused
        mov     eax, CR_SUCCESS
refused:
        ret
EndProc Driver_Handler

; Enumerator of node_a: adds node_c.
BeginProc Enum_Handler
        cmp     dword ptr [esp+4], CONFIG_ENUMERATE
        jne     SHORT other
        VxDCall _CONFIGMG_Create_DevNode, <OFFSET32 node_c, OFFSET32 id_c, [node_a], 0>
other:
        mov     eax, CR_SUCCESS
        ret
EndProc Enum_Handler

; (function, reference, devnode, buffer, size, flags)
BeginProc Enum_Function
        mov     eax, [esp+16]
        mov     ecx, [esp+4]
        add     ecx, [esp+8]
        mov     [eax], ecx
        mov     eax, CR_SUCCESS
        ret
EndProc Enum_Function
VxD_LOCKED_CODE_ENDS

Begin_Tests
        VxDCall _CONFIGMG_Get_Version
        Check_Eq ax, 400h, 'version #EAX'

        ; the tree
        CM      _CONFIGMG_Locate_DevNode, <OFFSET32 root, 0, 0>, CR_SUCCESS
        CM      _CONFIGMG_Locate_DevNode, <OFFSET32 node, OFFSET32 root_id, 0>, CR_SUCCESS
        mov     eax, [root]
        Check_Eq [node], eax, 'two roots'
        CM      _CONFIGMG_Locate_DevNode, <OFFSET32 node, OFFSET32 no_id, 0>, CR_NO_SUCH_DEVNODE
        CM      _CONFIGMG_Locate_DevNode, <OFFSET32 node, OFFSET32 bad_id, 0>, CR_INVALID_DEVICE_ID
        CM      _CONFIGMG_Locate_DevNode, <0, 0, 0>, CR_INVALID_POINTER
        CM      _CONFIGMG_Locate_DevNode, <OFFSET32 node, 0, 1>, CR_INVALID_FLAG
        CM      _CONFIGMG_Create_DevNode, <OFFSET32 node_a, OFFSET32 id_a, [root], 0>, CR_SUCCESS
        CM      _CONFIGMG_Create_DevNode, <OFFSET32 node_b, OFFSET32 id_b, [root], 0>, CR_SUCCESS
        CM      _CONFIGMG_Create_DevNode, <OFFSET32 node, OFFSET32 id_a2, [root], 0>, CR_ALREADY_SUCH_DEVNODE
        mov     eax, [node_a]
        Check_Eq [node], eax, 'another node is handed out'
        CM      _CONFIGMG_Create_DevNode, <OFFSET32 node, OFFSET32 id_c, 1234h, 0>, CR_INVALID_DEVNODE
        CM      _CONFIGMG_Get_DevNode_Status, <OFFSET32 status, OFFSET32 problem, [node_a], 0>, CR_SUCCESS
        test    [status], DN_HAS_MARK
        Check   nz, 'no mark'
        CM      _CONFIGMG_Reset_Children_Marks, <[root], 0>, CR_SUCCESS
        CM      _CONFIGMG_Get_DevNode_Status, <OFFSET32 status, OFFSET32 problem, [node_a], 0>, CR_SUCCESS
        test    [status], DN_HAS_MARK
        Check   z, 'still marked'
        CM      _CONFIGMG_Get_DevNode_Status, <OFFSET32 status, 0, [node_a], 0>, CR_INVALID_POINTER
        CM      _CONFIGMG_Get_Child, <OFFSET32 node, [root], 0>, CR_SUCCESS
        mov     eax, [node_a]
        Check_Eq [node], eax, 'first child'
        CM      _CONFIGMG_Get_Sibling, <OFFSET32 node, [node_a], 0>, CR_SUCCESS
        mov     eax, [node_b]
        Check_Eq [node], eax, 'sibling'
        CM      _CONFIGMG_Get_Sibling, <OFFSET32 node, [node_b], 0>, CR_NO_SUCH_DEVNODE
        CM      _CONFIGMG_Get_Child, <OFFSET32 node, [node_b], 0>, CR_NO_SUCH_DEVNODE
        CM      _CONFIGMG_Get_Parent, <OFFSET32 node, [node_b], 0>, CR_SUCCESS
        mov     eax, [root]
        Check_Eq [node], eax, 'parent'
        CM      _CONFIGMG_Get_Parent, <OFFSET32 node, [root], 0>, CR_NO_SUCH_DEVNODE
        CM      _CONFIGMG_Get_Depth, <OFFSET32 number, [node_b], 0>, CR_SUCCESS
        Check_Eq [number], 1, 'depth'
        CM      _CONFIGMG_Get_Device_ID_Size, <OFFSET32 number, [node_a], 0>, CR_SUCCESS
        Check_Eq [number], 14, 'size of the identifier'
        CM      _CONFIGMG_Get_Device_ID, <[node_a], OFFSET32 buffer, 256, 0>, CR_SUCCESS
        Check_Eq <dword ptr [buffer+10]>, '0000', 'identifier'
        CM      _CONFIGMG_Get_Device_ID, <[node_a], OFFSET32 buffer, 4, 0>, CR_BUFFER_SMALL
        CM      _CONFIGMG_Get_Device_ID, <[node_a], 0, 4, 0>, CR_INVALID_POINTER

        ; private values
        CM      _CONFIGMG_Set_Private_DWord, <[node_a], [node_a], 1234h, 0>, CR_SUCCESS
        CM      _CONFIGMG_Get_Private_DWord, <OFFSET32 number, [node_a], [node_a], 0>, CR_SUCCESS
        Check_Eq [number], 1234h, 'private value'
        CM      _CONFIGMG_Set_Device_Driver_Private_DWord, <[node_a], 77h, 0>, CR_SUCCESS
        CM      _CONFIGMG_Get_Device_Driver_Private_DWord, <[node_a], OFFSET32 number, 0>, CR_SUCCESS
        Check_Eq [number], 77h, 'private value of the driver'

        ; bus information
        CM      _CONFIGMG_Set_Bus_Info, <[node_a], BusType_PCI, 4, OFFSET32 info, 0>, CR_SUCCESS
        mov     [number], 256
        CM      _CONFIGMG_Get_Bus_Info, <[node_a], OFFSET32 bus, OFFSET32 number, OFFSET32 buffer, 0>, CR_SUCCESS
        Check_Eq [bus], BusType_PCI, 'bus type'
        Check_Eq [number], 4, 'size of bus information'
        Check_Eq <dword ptr [buffer]>, 06070809h, 'bus information'
        mov     [number], 0
        CM      _CONFIGMG_Get_Bus_Info, <[node_a], OFFSET32 bus, OFFSET32 number, 0, 0>, CR_SUCCESS
        Check_Eq [number], 4, 'size asked for'
        mov     [number], 2
        CM      _CONFIGMG_Get_Bus_Info, <[node_a], OFFSET32 bus, OFFSET32 number, OFFSET32 buffer, 0>, CR_BUFFER_SMALL

        ; logical configurations: in order of priority
        CM      _CONFIGMG_Get_First_Log_Conf, <OFFSET32 lc, [node_a], BASIC_LOG_CONF>, CR_NO_MORE_LOG_CONF
        CM      _CONFIGMG_Get_First_Log_Conf, <OFFSET32 lc, [node_a], 9>, CR_INVALID_FLAG
        CM      _CONFIGMG_Add_Empty_Log_Conf, <OFFSET32 lc2, [node_a], LCPRI_NORMAL, BASIC_LOG_CONF>, CR_SUCCESS
        CM      _CONFIGMG_Add_Empty_Log_Conf, <OFFSET32 lc, [node_a], LCPRI_DESIRED, BASIC_LOG_CONF>, CR_SUCCESS
        CM      _CONFIGMG_Add_Empty_Log_Conf, <OFFSET32 node, [node_a], 10000h, BASIC_LOG_CONF>, CR_INVALID_PRIORITY
        CM      _CONFIGMG_Get_First_Log_Conf, <OFFSET32 number, [node_a], BASIC_LOG_CONF>, CR_SUCCESS
        mov     eax, [lc]
        Check_Eq [number], eax, 'the better one is not the first'
        CM      _CONFIGMG_Get_Next_Log_Conf, <OFFSET32 number, [lc], 0>, CR_SUCCESS
        mov     eax, [lc2]
        Check_Eq [number], eax, 'the other one is not the second'
        CM      _CONFIGMG_Get_Next_Log_Conf, <OFFSET32 number, [lc2], 0>, CR_NO_MORE_LOG_CONF
        CM      _CONFIGMG_Free_Log_Conf, <[lc2], 0>, CR_SUCCESS
        CM      _CONFIGMG_Free_Log_Conf, <[lc2], 0>, CR_INVALID_LOG_CONF

        ; resource descriptors: the newest one first
        CM      _CONFIGMG_Add_Res_Des, <OFFSET32 rd, [lc], ResType_IRQ, OFFSET32 irq, SIZE IRQ_DES, 0>, CR_SUCCESS
        CM      _CONFIGMG_Add_Res_Des, <OFFSET32 rd2, [lc], ResType_DMA, OFFSET32 dma, SIZE DMA_DES, 0>, CR_SUCCESS
        CM      _CONFIGMG_Add_Res_Des, <OFFSET32 rd2, [lc], ResType_IO, OFFSET32 io, SIZE IO_DES + SIZE IO_RANGE, 0>, CR_SUCCESS
        CM      _CONFIGMG_Add_Res_Des, <OFFSET32 rd2, [lc], ResType_Mem, OFFSET32 mem, SIZE MEM_DES + 2 * SIZE MEM_RANGE, 0>, CR_SUCCESS
        CM      _CONFIGMG_Add_Res_Des, <OFFSET32 number, [lc], ResType_All, OFFSET32 irq, SIZE IRQ_DES, 0>, CR_INVALID_RESOURCEID
        CM      _CONFIGMG_Add_Res_Des, <OFFSET32 number, [lc2], ResType_IRQ, OFFSET32 irq, SIZE IRQ_DES, 0>, CR_INVALID_LOG_CONF
        CM      _CONFIGMG_Get_Next_Res_Des, <OFFSET32 number, [lc], ResType_All, OFFSET32 rid, 0>, CR_SUCCESS
        Check_Eq [rid], ResType_Mem, 'first descriptor'
        CM      _CONFIGMG_Get_Next_Res_Des, <OFFSET32 number, [lc], ResType_IRQ, 0, 0>, CR_SUCCESS
        mov     eax, [rd]
        Check_Eq [number], eax, 'descriptor of the interrupt'
        CM      _CONFIGMG_Get_Next_Res_Des, <OFFSET32 number, [rd], ResType_All, OFFSET32 rid, 0>, CR_NO_MORE_RES_DES
        CM      _CONFIGMG_Get_Res_Des_Data_Size, <OFFSET32 number, [rd], 0>, CR_SUCCESS
        Check_Eq [number], SIZE IRQ_DES, 'size of the data'
        CM      _CONFIGMG_Get_Res_Des_Data, <[rd], OFFSET32 buffer, 256, 0>, CR_SUCCESS
        Check_Eq <word ptr [buffer+4]>, 0A0h, 'mask'
        CM      _CONFIGMG_Get_Res_Des_Data, <[rd], OFFSET32 buffer, 2, 0>, CR_BUFFER_SMALL
        CM      _CONFIGMG_Modify_Res_Des, <OFFSET32 rd2, [rd], ResType_All, OFFSET32 irq, SIZE IRQ_DES, 0>, CR_SUCCESS
        CM      _CONFIGMG_Get_Res_Des_Data_Size, <OFFSET32 number, [rd], 0>, CR_INVALID_RES_DES
        CM      _CONFIGMG_Add_Res_Des, <OFFSET32 rd, [lc], ResType_IRQ, OFFSET32 irq_s, SIZE IRQ_DES, 0>, CR_SUCCESS
        CM      _CONFIGMG_Free_Res_Des, <OFFSET32 number, [rd], 0>, CR_SUCCESS
        mov     eax, [lc]
        Check_Eq [number], eax, 'what stood before the descriptor'

        ; nobody has allocated anything
        CM      _CONFIGMG_Get_Alloc_Log_Conf, <OFFSET32 config, [node_a], CM_GET_ALLOC_LOG_CONF_ALLOC>, CR_NO_MORE_LOG_CONF
        CM      _CONFIGMG_Get_Alloc_Log_Conf, <OFFSET32 config, [node_a], 2>, CR_INVALID_FLAG
        CM      _CONFIGMG_Get_Alloc_Log_Conf, <0, [node_a], 0>, CR_INVALID_POINTER

        ; a driver registers and is started at once
        CM      _CONFIGMG_Register_Device_Driver, <1234h, 0, 0, 0>, CR_INVALID_DEVNODE
        CM      _CONFIGMG_Register_Device_Driver, <[node_a], OFFSET32 Driver_Handler, 0, 4>, CR_INVALID_FLAG
        CM      _CONFIGMG_Register_Device_Driver, <[node_a], OFFSET32 Driver_Handler, 0, CM_REGISTER_DEVICE_DRIVER_DISABLEABLE>, CR_SUCCESS
        mov     [refuse], -1
        CM      _CONFIGMG_Setup_DevNode, <[node_a], CM_SETUP_DEVNODE_READY>, CR_SUCCESS
        Check_Eq [calls], 2, 'filter and start'
        Check_Eq [last], CONFIG_START, 'not started'
        mov     eax, [node_a]
        Check_Eq [about], eax, 'another node was started'
        CM      _CONFIGMG_Get_Alloc_Log_Conf, <OFFSET32 config, [node_a], CM_GET_ALLOC_LOG_CONF_ALLOC>, CR_SUCCESS
        Check_Eq [config.wNumIOPorts], 1, 'ports'
        Check_Eq [config.wIOPortBase], 300h, 'base of the ports'
        Check_Eq [config.wIOPortLength], 8, 'number of ports'
        Check_Eq [config.wNumIRQs], 1, 'interrupts'
        Check_Eq [config.bIRQRegisters], 5, 'interrupt'
        Check_Eq [config.wNumDMAs], 1, 'channels'
        Check_Eq [config.bDMALst], 1, 'channel'
        Check_Eq [config.wNumMemWindows], 1, 'memory'
        Check_Eq [config.dMemBase], 0D0000h, 'the range that is too small was taken'
        Check_Eq [config.dMemLength], 2000h, 'bytes of memory'
        CM      _CONFIGMG_Get_DevNode_Status, <OFFSET32 status, OFFSET32 problem, [node_a], 0>, CR_SUCCESS
        mov     eax, [status]
        and     eax, DN_DRIVER_LOADED + DN_STARTED + DN_NOT_FIRST_TIME + DN_DISABLEABLE + DN_HAS_PROBLEM
        Check_Eq eax, DN_DRIVER_LOADED + DN_STARTED + DN_NOT_FIRST_TIME + DN_DISABLEABLE, 'status #EAX'

        ; disabling: it may refuse; then it stops, twice; enabling starts it again
        mov     [refuse], CONFIG_TEST
        CM      _CONFIGMG_Disable_DevNode, <[node_a], CM_DISABLE_POLITE>, CR_NOT_DISABLEABLE
        mov     [refuse], -1
        CM      _CONFIGMG_Disable_DevNode, <[node_a], CM_DISABLE_POLITE>, CR_SUCCESS
        Check_Eq [last], CONFIG_STOP, 'not stopped'
        CM      _CONFIGMG_Disable_DevNode, <[node_a], CM_DISABLE_POLITE>, CR_SUCCESS
        CM      _CONFIGMG_Get_DevNode_Status, <OFFSET32 status, OFFSET32 problem, [node_a], 0>, CR_SUCCESS
        Check_Eq [problem], CM_PROB_DISABLED, 'no problem'
        CM      _CONFIGMG_Enable_DevNode, <[node_a], 0>, CR_SUCCESS
        Check_Eq [last], CONFIG_STOP, 'started too early'
        CM      _CONFIGMG_Enable_DevNode, <[node_a], 0>, CR_SUCCESS
        Check_Eq [last], CONFIG_START, 'not started again'
        CM      _CONFIGMG_Get_DevNode_Status, <OFFSET32 status, OFFSET32 problem, [node_a], 0>, CR_SUCCESS
        Check_Eq [problem], 0, 'still a problem'
        CM      _CONFIGMG_Disable_DevNode, <[node_a], 2>, CR_INVALID_FLAG

        ; a second device gets what is left; a driver that refuses to start is a problem
        CM      _CONFIGMG_Add_Empty_Log_Conf, <OFFSET32 lc, [node_b], LCPRI_NORMAL, BASIC_LOG_CONF + PRIORITY_EQUAL_FIRST>, CR_SUCCESS
        CM      _CONFIGMG_Add_Res_Des, <OFFSET32 rd, [lc], ResType_IRQ, OFFSET32 irq, SIZE IRQ_DES, 0>, CR_SUCCESS
        CM      _CONFIGMG_Add_Res_Des, <OFFSET32 rd, [lc], ResType_IO, OFFSET32 io, SIZE IO_DES + SIZE IO_RANGE, 0>, CR_SUCCESS
        CM      _CONFIGMG_Register_Device_Driver, <[node_b], OFFSET32 Driver_Handler, 0, CM_REGISTER_DEVICE_DRIVER_STATIC>, CR_SUCCESS
        mov     [refuse], CONFIG_START
        CM      _CONFIGMG_Setup_DevNode, <[node_b], CM_SETUP_DEVNODE_READY>, CR_SUCCESS
        CM      _CONFIGMG_Get_DevNode_Status, <OFFSET32 status, OFFSET32 problem, [node_b], 0>, CR_SUCCESS
        Check_Eq [problem], CM_PROB_FAILED_START, 'no problem after a failed start'
        mov     [refuse], CONFIG_FILTER
        CM      _CONFIGMG_Setup_DevNode, <[node_b], CM_SETUP_DEVNODE_READY>, CR_SUCCESS
        CM      _CONFIGMG_Get_DevNode_Status, <OFFSET32 status, OFFSET32 problem, [node_b], 0>, CR_SUCCESS
        Check_Eq [problem], CM_PROB_FAILED_FILTER, 'no problem after a failed filter'
        mov     [refuse], -1
        CM      _CONFIGMG_Setup_DevNode, <[node_b], CM_SETUP_DEVNODE_READY>, CR_SUCCESS
        CM      _CONFIGMG_Get_Alloc_Log_Conf, <OFFSET32 config, [node_b], CM_GET_ALLOC_LOG_CONF_ALLOC>, CR_SUCCESS
        Check_Eq [config.bIRQRegisters], 7, 'second interrupt'
        Check_Eq [config.wIOPortBase], 308h, 'second range of ports'
        CM      _CONFIGMG_Disable_DevNode, <[node_b], CM_DISABLE_POLITE>, CR_NOT_DISABLEABLE
        CM      _CONFIGMG_Disable_DevNode, <[node_b], CM_DISABLE_ABSOLUTE>, CR_SUCCESS
        Check_Eq [last], CONFIG_STOP, 'not stopped absolutely'
        CM      _CONFIGMG_Setup_DevNode, <[node_b], CM_SETUP_DOWNLOAD>, CR_SUCCESS
        Check_Eq [last], CONFIG_SETUP, 'not set up'

        ; once for each device node of a handler
        mov     [calls], 0
        CM      _CONFIGMG_CallBack_Device_Driver, <OFFSET32 Driver_Handler, 0>, CR_SUCCESS
        Check_Eq [calls], 2, 'called back another number of times'
        Check_Eq [last], CONFIG_CALLBACK, 'no callback'
        CM      _CONFIGMG_CallBack_Device_Driver, <OFFSET32 Driver_Handler, 1>, CR_INVALID_FLAG

        ; an enumerator adds a child, whose functions it answers
        CM      _CONFIGMG_Register_Enumerator, <[node_a], OFFSET32 Enum_Handler, CM_REGISTER_ENUMERATOR_SOFTWARE>, CR_SUCCESS
        CM      _CONFIGMG_Reenumerate_DevNode, <[node_a], CM_REENUMERATE_SYNCHRONOUS>, CR_SUCCESS
        CM      _CONFIGMG_Get_Child, <OFFSET32 node, [node_a], 0>, CR_SUCCESS
        mov     eax, [node_c]
        Check_Eq [node], eax, 'the child'
        CM      _CONFIGMG_CallBack_Enumerator, <OFFSET32 Enum_Handler, 0>, CR_SUCCESS
        CM      _CONFIGMG_Call_Enumerator_Function, <[node_c], 5, 6, OFFSET32 number, 4, 0>, CR_FAILURE
        CM      _CONFIGMG_Register_Enumerator_Function, <[node_a], OFFSET32 Enum_Function, 0>, CR_SUCCESS
        CM      _CONFIGMG_Call_Enumerator_Function, <[node_c], 5, 6, OFFSET32 number, 4, 0>, CR_SUCCESS
        Check_Eq [number], 11, 'the enumerator s function'
        CM      _CONFIGMG_Get_DevNode_Status, <OFFSET32 status, OFFSET32 problem, [node_c], 0>, CR_SUCCESS
        Check_Eq [problem], CM_PROB_NOT_CONFIGURED, 'a child without a driver'
        CM      _CONFIGMG_Set_Private_Problem, <[node_c], 30h, 0>, CR_SUCCESS
        CM      _CONFIGMG_Load_DLVxDs, <[node_c], OFFSET32 no_id, DLVXD_LOAD_DRIVER, 0>, CR_DLVXD_NOT_FOUND
        CM      _CONFIGMG_Load_DLVxDs, <[node_c], OFFSET32 no_id, 3, 0>, CR_INVALID_LOAD_TYPE
        CM      _CONFIGMG_Register_DevLoader, <0, 0>, CR_SUCCESS

        ; the registry
        CM      _CONFIGMG_Write_Registry_Value, <[node_a], 0, OFFSET32 name_, REG_SZ, OFFSET32 text, 6, CM_REGISTRY_HARDWARE>, CR_SUCCESS
        CM      _CONFIGMG_Write_Registry_Value, <[node_a], OFFSET32 sub_, OFFSET32 name_, REG_BINARY, OFFSET32 bytes, 3, CM_REGISTRY_HARDWARE>, CR_SUCCESS
        mov     [number], 256
        CM      _CONFIGMG_Read_Registry_Value, <[node_a], 0, OFFSET32 name_, REG_SZ, OFFSET32 buffer, OFFSET32 number, CM_REGISTRY_HARDWARE>, CR_SUCCESS
        Check_Eq [number], 6, 'length of a text'
        Check_Eq <dword ptr [buffer+1]>, 'eula', 'the text'
        mov     [number], 0
        CM      _CONFIGMG_Read_Registry_Value, <[node_a], OFFSET32 sub_, OFFSET32 name_, REG_BINARY, 0, OFFSET32 number, CM_REGISTRY_HARDWARE>, CR_SUCCESS
        Check_Eq [number], 3, 'length of binary data'
        CM      _CONFIGMG_Read_Registry_Value, <[node_a], 0, OFFSET32 name_, REG_BINARY, OFFSET32 buffer, OFFSET32 number, CM_REGISTRY_HARDWARE>, CR_WRONG_TYPE
        CM      _CONFIGMG_Read_Registry_Value, <[node_a], 0, OFFSET32 sub_, REG_SZ, OFFSET32 buffer, OFFSET32 number, CM_REGISTRY_HARDWARE>, CR_NO_SUCH_VALUE
        CM      _CONFIGMG_Read_Registry_Value, <[node_a], 0, OFFSET32 name_, REG_SZ, OFFSET32 buffer, OFFSET32 number, CM_REGISTRY_SOFTWARE>, CR_NO_SUCH_VALUE
        CM      _CONFIGMG_Read_Registry_Value, <[node_a], 0, OFFSET32 name_, REG_SZ, OFFSET32 buffer, 0, CM_REGISTRY_HARDWARE>, CR_INVALID_POINTER
        CM      _CONFIGMG_Read_Registry_Value, <[node_a], 0, OFFSET32 name_, REG_SZ, OFFSET32 buffer, OFFSET32 number, 40h>, CR_INVALID_FLAG
        CM      _CONFIGMG_Get_DevNode_Key, <[node_a], 0, OFFSET32 buffer, 256, CM_REGISTRY_HARDWARE>, CR_SUCCESS
        VMMCall _RegOpenKey, <HKEY_LOCAL_MACHINE, OFFSET32 buffer, OFFSET32 key>
        Check_Eq eax, ERROR_SUCCESS, 'the key is not there: #EAX'
        VMMCall _RegCloseKey, <[key]>
        CM      _CONFIGMG_Get_DevNode_Key, <[node_a], 0, OFFSET32 buffer, 8, CM_REGISTRY_HARDWARE>, CR_BUFFER_SMALL
        CM      _CONFIGMG_Get_DevNode_Key, <[node_a], 0, OFFSET32 buffer, 256, CM_REGISTRY_SOFTWARE>, CR_NO_REGISTRY_HANDLE
        CM      _CONFIGMG_Get_DevNode_Key_Size, <OFFSET32 number, [node_a], OFFSET32 sub_, CM_REGISTRY_HARDWARE>, CR_SUCCESS
        Check_Eq [number], 24, 'length of the key'

        ; removing: somebody below may refuse
        CM      _CONFIGMG_Register_Device_Driver, <[node_c], OFFSET32 Driver_Handler, 0, CM_REGISTER_DEVICE_DRIVER_REMOVABLE>, CR_SUCCESS
        mov     [refuse], CONFIG_TEST
        CM      _CONFIGMG_Query_Remove_SubTree, <[node_a], CM_QUERY_REMOVE_UI_NOT_OK>, CR_REMOVE_VETOED
        mov     [refuse], -1
        mov     [calls], 0
        CM      _CONFIGMG_Query_Remove_SubTree, <[node_a], CM_QUERY_REMOVE_UI_OK>, CR_SUCCESS
        Check_Eq [calls], 4, 'asked, and told that all agree'
        CM      _CONFIGMG_Remove_SubTree, <[root], 0>, CR_INVALID_DEVNODE
        CM      _CONFIGMG_Remove_Unmarked_Children, <[node_b], 0>, CR_SUCCESS
        CM      _CONFIGMG_Remove_SubTree, <[node_a], CM_REMOVE_UI_OK>, CR_SUCCESS
        Check_Eq [last], CONFIG_REMOVE, 'nobody heard of the removal'
        CM      _CONFIGMG_Get_Parent, <OFFSET32 node, [node_c], 0>, CR_INVALID_DEVNODE
        CM      _CONFIGMG_Locate_DevNode, <OFFSET32 node, OFFSET32 id_a, 0>, CR_NO_SUCH_DEVNODE
        CM      _CONFIGMG_Remove_Unmarked_Children, <[root], 0>, CR_SUCCESS
        CM      _CONFIGMG_Get_Child, <OFFSET32 node, [root], 0>, CR_NO_SUCH_DEVNODE
End_Tests
END

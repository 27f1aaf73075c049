; CONFIGMG: the services about itself (Win95 DDK S2507, S250A, S251E, S251F, S2528, S2529, S252D, S252E, S2533, S2539,
; S253C, S253E, S2543, S2552-S2554, S2559, S255B), and which of them belong to the system VM.
include check.inc
include vmmreg.inc
include configmg.inc
include shell.inc
include vtd.inc
include cm.inc
;reg REGEDIT4
;reg [HKEY_LOCAL_MACHINE\Config\0003]
;reg [HKEY_LOCAL_MACHINE\System\CurrentControlSet\Control\IDConfigDB]
;reg "FriendlyName0003"="Docked"
;reg [HKEY_LOCAL_MACHINE\Config\0003\Enum\TEST\OFF\0]
;reg "CSConfigFlags"=hex:01,00,00,00
Declare_Virtual_Device TEST, 1, 0, TEST_Control, Undefined_Device_ID, Undefined_Init_Order
Begin_Control_Dispatch TEST
Control_Dispatch Device_Init, TEST_Device_Init
Control_Dispatch VM_Init, TEST_VM_Init
Control_Dispatch PNP_New_Devnode, TEST_New_Devnode
End_Control_Dispatch TEST

VxD_LOCKED_DATA_SEG
root    dd      0
node_a  dd      0
node_b  dd      0
node_c  dd      0
node    dd      0
number  dd      0
status  dd      0
problem dd      0
seed    dd      0
calls   dd      0
about   dd      0
ddbs    dd      0
time    dd      0, 0
id_a    db      'TEST\BUS\0', 0
id_b    db      'TEST\CARD\0', 0
id_c    db      'BUS\CARD\0', 0
id_off  db      'TEST\OFF\0', 0
id_no   db      'TEST\NO\0', 0
no_id   db      'TEST\\0', 0
hard_1  db      'CARD1', 0
hard_2  db      'CARD2', 0
name_hw db      'HardwareID', 0
name_cp db      'CompatibleIDs', 0
name_v  db      'Value', 0
test_   db      'TEST.VXD', 0
digits  db      '123456789'
buffer  db      64 dup (0)
info    HWPROFILEINFO <>
perf    dd      64 dup (0)
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
BeginProc TEST_New_Devnode
        inc     [calls]
        mov     [about], ebx
        mov     eax, CR_SUCCESS
        clc
        ret
EndProc TEST_New_Devnode

; Adds node_c to the bus.
BeginProc Enum_Handler
        cmp     dword ptr [esp+4], CONFIG_ENUMERATE
        jne     SHORT other
        inc     [calls]
        mov     eax, [esp+12]
        Check_Eq [node_a], eax, 'another bus'
        Check_Eq [esp+16], eax, 'about another node'
        VxDCall _CONFIGMG_Create_DevNode, <OFFSET32 node_c, OFFSET32 id_c, [node_a], 0>
        mov     eax, CR_SUCCESS
        ret
other:  mov     eax, CR_DEFAULT
        ret
EndProc Enum_Handler

; Yields and says in EAX how many ticks of 1.193182 MHz that took.
Wait_For macro microseconds, flags
        VxDCall VTD_Get_Real_Time
        mov     [time], eax
        CM      _CONFIGMG_Yield, <microseconds, flags>, CR_SUCCESS
        VxDCall VTD_Get_Real_Time
        sub     eax, [time]
endm

BeginProc TEST_Device_Init
        pushad
        CM      _CONFIGMG_Initialize, <CM_INITIALIZE_VMM>, CR_SUCCESS
        CM      _CONFIGMG_Initialize, <CM_INITIALIZE_VXDLDR>, CR_SUCCESS
        CM      _CONFIGMG_Initialize, <100h>, CR_INVALID_FLAG
        CM      _CONFIGMG_Get_Global_State, <OFFSET32 number, 0>, CR_SUCCESS
        Check_Eq [number], CM_GLOBAL_STATE_SERVICES_AVAILABLE, 'state during initialisation'
        CM      _CONFIGMG_Get_Global_State, <0, 0>, CR_INVALID_POINTER
        CM      _CONFIGMG_Get_Global_State, <OFFSET32 number, 1>, CR_INVALID_FLAG
        CM      _CONFIGMG_Get_Performance_Info, <OFFSET32 perf, CM_PERFORMANCE_INFO_GET_DATA>, CR_FAILURE
        CM      _CONFIGMG_Get_Performance_Info, <OFFSET32 perf, CM_PERFORMANCE_INFO_STOP>, CR_FAILURE
        CM      _CONFIGMG_Get_Performance_Info, <OFFSET32 perf, 4>, CR_INVALID_FLAG
        CM      _CONFIGMG_Get_Performance_Info, <0, CM_PERFORMANCE_INFO_RESET>, CR_INVALID_POINTER

        ; a checksum, at once and in two parts
        CM      _CONFIGMG_Get_CRC_CheckSum, <OFFSET32 digits, 9, OFFSET32 seed, 0>, CR_SUCCESS
        Check_Eq [seed], 0BB3Dh, 'checksum'
        mov     [seed], 0
        CM      _CONFIGMG_Get_CRC_CheckSum, <OFFSET32 digits, 4, OFFSET32 seed, 0>, CR_SUCCESS
        CM      _CONFIGMG_Get_CRC_CheckSum, <OFFSET32 digits+4, 5, OFFSET32 seed, 0>, CR_SUCCESS
        Check_Eq [seed], 0BB3Dh, 'checksum in two parts'
        CM      _CONFIGMG_Get_CRC_CheckSum, <OFFSET32 digits, 0, OFFSET32 seed, 0>, CR_SUCCESS
        Check_Eq [seed], 0BB3Dh, 'checksum of nothing'
        CM      _CONFIGMG_Get_CRC_CheckSum, <0, 9, OFFSET32 seed, 0>, CR_INVALID_POINTER
        CM      _CONFIGMG_Get_CRC_CheckSum, <OFFSET32 digits, 9, 0, 0>, CR_INVALID_POINTER
        CM      _CONFIGMG_Get_CRC_CheckSum, <OFFSET32 digits, 9, OFFSET32 seed, 1>, CR_INVALID_FLAG

        ; waiting: not less, and not much more
        Wait_For 2000, CM_YIELD_NO_RESUME_EXEC
        Check_In eax, 2386, 2600, 'two milliseconds'
        Wait_For 300000, CM_YIELD_NO_RESUME_EXEC
        Check_In eax, 357954, 384000, 'a third of a second'
        Wait_For 0, CM_YIELD_NO_RESUME_EXEC
        CM      _CONFIGMG_Yield, <60000001, 0>, CR_FAILURE
        CM      _CONFIGMG_Yield, <10, 2>, CR_INVALID_FLAG

        ; nodes of its own, values at them
        CM      _CONFIGMG_Locate_DevNode, <OFFSET32 root, 0, 0>, CR_SUCCESS
        CM      _CONFIGMG_Lock, <1>, CR_INVALID_FLAG
        CM      _CONFIGMG_Lock, <0>, CR_SUCCESS
        CM      _CONFIGMG_Lock, <0>, CR_SUCCESS
        CM      _CONFIGMG_Create_DevNode, <OFFSET32 node_a, OFFSET32 id_a, [root], 0>, CR_SUCCESS
        CM      _CONFIGMG_Create_DevNode, <OFFSET32 node_b, OFFSET32 id_b, [root], 0>, CR_SUCCESS
        CM      _CONFIGMG_Register_Device_Driver, <[node_a], 0, 0, 0>, CR_SUCCESS
        CM      _CONFIGMG_Register_Enumerator, <[node_a], OFFSET32 Enum_Handler, CM_REGISTER_ENUMERATOR_HARDWARE>, CR_SUCCESS
        CM      _CONFIGMG_Get_Private_DWord, <OFFSET32 number, [node_a], [node_a], 0>, CR_SUCCESS
        Check_Eq [number], 0, 'a value before it is set'
        CM      _CONFIGMG_Set_Private_DWord, <[node_a], [node_a], 11h, 0>, CR_SUCCESS
        CM      _CONFIGMG_Set_Private_DWord, <[node_b], [node_a], 11h, 0>, CR_INVALID_DEVNODE
        CM      _CONFIGMG_Set_Private_DWord, <[node_a], [root], 11h, 0>, CR_INVALID_DEVNODE
        CM      _CONFIGMG_Set_Private_DWord, <[root], [root], 11h, 0>, CR_INVALID_DEVNODE
        CM      _CONFIGMG_Get_Private_DWord, <OFFSET32 number, [node_a], [root], 0>, CR_INVALID_DEVNODE
        CM      _CONFIGMG_Get_Private_DWord, <0, [node_a], [node_a], 0>, CR_INVALID_POINTER
        CM      _CONFIGMG_Set_Private_DWord, <[node_a], [node_a], 11h, 1>, CR_INVALID_FLAG

        ; identifiers of the hardware
        CM      _CONFIGMG_Add_ID, <[node_a], OFFSET32 hard_1, CM_ADD_ID_HARDWARE>, CR_SUCCESS
        CM      _CONFIGMG_Add_ID, <[node_a], OFFSET32 hard_2, CM_ADD_ID_HARDWARE>, CR_SUCCESS
        CM      _CONFIGMG_Add_ID, <[node_a], OFFSET32 hard_2, CM_ADD_ID_COMPATIBLE>, CR_SUCCESS
        mov     [number], 64
        CM      _CONFIGMG_Read_Registry_Value, <[node_a], 0, OFFSET32 name_hw, REG_SZ, OFFSET32 buffer, OFFSET32 number, CM_REGISTRY_HARDWARE>, CR_SUCCESS
        Check_Eq [number], 12, 'length of the identifiers'
        Check_Eq <dword ptr [buffer+4]>, 'AC,1', 'the identifiers'
        mov     [number], 64
        CM      _CONFIGMG_Read_Registry_Value, <[node_a], 0, OFFSET32 name_cp, REG_SZ, OFFSET32 buffer, OFFSET32 number, CM_REGISTRY_HARDWARE>, CR_SUCCESS
        Check_Eq [number], 6, 'length of the compatible identifier'
        CM      _CONFIGMG_Add_ID, <[node_a], OFFSET32 hard_1, 2>, CR_INVALID_FLAG
        CM      _CONFIGMG_Add_ID, <[node_a], 0, CM_ADD_ID_HARDWARE>, CR_INVALID_POINTER
        CM      _CONFIGMG_Add_ID, <1, OFFSET32 hard_1, CM_ADD_ID_HARDWARE>, CR_INVALID_DEVNODE
        CM      _CONFIGMG_Read_Registry_Log_Confs, <[node_a], 0>, CR_SUCCESS
        CM      _CONFIGMG_Read_Registry_Log_Confs, <[node_a], 1>, CR_INVALID_FLAG
        CM      _CONFIGMG_Read_Registry_Log_Confs, <1, 0>, CR_INVALID_DEVNODE

        ; what was loaded for a node
        CM      _CONFIGMG_Get_DDBs, <OFFSET32 ddbs, OFFSET32 number, DLVXD_LOAD_DRIVER, [node_b], 0>, CR_SUCCESS
        Check_Eq [ddbs], 0, 'drivers before one is loaded'
        CM      _CONFIGMG_Load_DLVxDs, <[node_b], OFFSET32 test_, DLVXD_LOAD_DRIVER, 0>, CR_SUCCESS
        CM      _CONFIGMG_Load_DLVxDs, <[node_b], OFFSET32 test_, DLVXD_LOAD_DRIVER, 0>, CR_SUCCESS
        Check_Eq [calls], 2, 'New_Devnode'
        mov     eax, [node_b]
        Check_Eq [about], eax, 'a new node that is another'
        CM      _CONFIGMG_Get_DDBs, <OFFSET32 ddbs, OFFSET32 number, DLVXD_LOAD_DRIVER, [node_b], 0>, CR_SUCCESS
        Check_Eq [number], 1, 'how many drivers'
        mov     eax, [ddbs]
        Check_Eq <dword ptr [eax]>, <OFFSET32 TEST_DDB>, 'the driver is another'
        CM      _CONFIGMG_Get_DDBs, <OFFSET32 ddbs, OFFSET32 number, DLVXD_LOAD_ENUMERATOR, [node_b], 0>, CR_SUCCESS
        Check_Eq [ddbs], 0, 'an enumerator'
        Check_Eq [number], 0, 'enumerators'
        CM      _CONFIGMG_Get_DDBs, <OFFSET32 ddbs, OFFSET32 number, 3, [node_b], 0>, CR_INVALID_LOAD_TYPE
        CM      _CONFIGMG_Get_DDBs, <OFFSET32 ddbs, OFFSET32 number, DLVXD_LOAD_DRIVER, 1, 0>, CR_INVALID_DEVNODE
        CM      _CONFIGMG_Get_DDBs, <OFFSET32 ddbs, OFFSET32 number, DLVXD_LOAD_DRIVER, [node_b], 1>, CR_INVALID_FLAG
        CM      _CONFIGMG_Get_DDBs, <0, OFFSET32 number, DLVXD_LOAD_DRIVER, [node_b], 0>, CR_INVALID_POINTER
        CM      _CONFIGMG_Get_DDBs, <OFFSET32 ddbs, 0, DLVXD_LOAD_DRIVER, [node_b], 0>, CR_INVALID_POINTER

        CM      _CONFIGMG_Call_At_Appy_Time, <OFFSET32 Appy, 1234h, 1>, CR_INVALID_FLAG
        CM      _CONFIGMG_Call_At_Appy_Time, <OFFSET32 Appy, 1234h, 0>, CR_SUCCESS
        popad
        clc
        ret
EndProc TEST_Device_Init

; The other VM
BeginProc TEST_VM_Init
        pushad
        CM      _CONFIGMG_Process_Events_Now, <0>, CR_NOT_SYSTEM_VM
        CM      _CONFIGMG_Load_DLVxDs, <[node_b], OFFSET32 test_, DLVXD_LOAD_DRIVER, 0>, CR_NOT_SYSTEM_VM
        CM      _CONFIGMG_Query_Remove_SubTree, <[node_b], 0>, CR_NOT_SYSTEM_VM
        CM      _CONFIGMG_Remove_SubTree, <[node_b], 0>, CR_NOT_SYSTEM_VM
        CM      _CONFIGMG_Remove_Unmarked_Children, <[node_b], 0>, CR_NOT_SYSTEM_VM
        CM      _CONFIGMG_Move_DevNode, <[node_b], [node_c], 0>, CR_NOT_SYSTEM_VM
        CM      _CONFIGMG_Set_HW_Prof, <1, 0>, CR_NOT_SYSTEM_VM
        CM      _CONFIGMG_Set_HW_Prof_Flags, <OFFSET32 id_b, 0, 0, 0>, CR_NOT_SYSTEM_VM
        popad
        Say     'done'
        clc
        ret
EndProc TEST_VM_Init

; Application time. The tree has not been touched: it is locked, twice.
BeginProc Appy
        mov     eax, [esp+4]
        pushad
        Check_Eq eax, 1234h, 'reference data #EAX'
        CM      _CONFIGMG_Get_Global_State, <OFFSET32 number, 0>, CR_SUCCESS
        Check_Eq [number], CM_GLOBAL_STATE_SERVICES_AVAILABLE + CM_GLOBAL_STATE_CAN_DO_UI, 'state at application time'
        Check_Eq [calls], 2, 'enumerated in spite of the lock'
        CM      _CONFIGMG_Unlock, <1>, CR_INVALID_FLAG
        CM      _CONFIGMG_Unlock, <0>, CR_SUCCESS
        CM      _CONFIGMG_Process_Events_Now, <1>, CR_INVALID_FLAG
        CM      _CONFIGMG_Process_Events_Now, <0>, CR_SUCCESS
        Check_Eq [calls], 3, 'not enumerated: the lock does not hold for this'
        CM      _CONFIGMG_Reenumerate_DevNode, <[node_a], 0>, CR_SUCCESS
        CM      _CONFIGMG_Reenumerate_DevNode, <1, 0>, CR_SUCCESS
        CM      _CONFIGMG_Reenumerate_DevNode, <[node_a], 2>, CR_INVALID_FLAG

        ; a value that the bus keeps at its child
        CM      _CONFIGMG_Set_Private_DWord, <[node_c], [node_a], 33h, 0>, CR_SUCCESS
        CM      _CONFIGMG_Set_Private_DWord, <[node_c], [node_c], 44h, 0>, CR_SUCCESS
        CM      _CONFIGMG_Get_Private_DWord, <OFFSET32 number, [node_c], [node_a], 0>, CR_SUCCESS
        Check_Eq [number], 33h, 'value of the bus at the card'
        CM      _CONFIGMG_Get_Private_DWord, <OFFSET32 number, [node_c], [node_c], 0>, CR_SUCCESS
        Check_Eq [number], 44h, 'value of the card'
        CM      _CONFIGMG_Get_Private_DWord, <OFFSET32 number, [node_a], [node_a], 0>, CR_SUCCESS
        Check_Eq [number], 11h, 'value of the bus'

        Wait_For 1000, CM_YIELD_RESUME_EXEC
        Check_In eax, 1193, 2400, 'a millisecond with Resume_Exec'
        Wait_For 100000, CM_YIELD_RESUME_EXEC
        Check_In eax, 119318, 150000, 'a tenth of a second with Resume_Exec'

        ; profiles
        CM      _CONFIGMG_Get_Hardware_Profile_Info, <0, OFFSET32 info, 0>, CR_SUCCESS
        Check_Eq [info.HWPI_ulHWProfile], 1, 'number of the first profile'
        Check_Eq <dword ptr [info.HWPI_szFriendlyName]>, 'girO', 'name of the first profile'
        Check_Eq [info.HWPI_dwFlags], CM_HWPI_NOT_DOCKABLE, 'flags of the first profile'
        CM      _CONFIGMG_Get_Hardware_Profile_Info, <1, OFFSET32 info, 0>, CR_SUCCESS
        Check_Eq [info.HWPI_ulHWProfile], 3, 'number of the second profile'
        Check_Eq <dword ptr [info.HWPI_szFriendlyName]>, 'kcoD', 'name of the second profile'
        CM      _CONFIGMG_Get_Hardware_Profile_Info, <2, OFFSET32 info, 0>, CR_NO_MORE_HW_PROFILES
        CM      _CONFIGMG_Get_Hardware_Profile_Info, <0, 0, 0>, CR_INVALID_POINTER
        CM      _CONFIGMG_Get_Hardware_Profile_Info, <0, OFFSET32 info, 1>, CR_INVALID_FLAG
        CM      _CONFIGMG_Get_HW_Prof_Flags, <OFFSET32 id_off, 0, OFFSET32 number, 0>, CR_SUCCESS
        Check_Eq [number], 0, 'flags that nobody has set'
        CM      _CONFIGMG_Get_HW_Prof_Flags, <OFFSET32 id_off, 3, OFFSET32 number, 0>, CR_SUCCESS
        Check_Eq [number], CSCONFIGFLAG_DISABLE, 'flags in the other profile'
        CM      _CONFIGMG_Get_HW_Prof_Flags, <OFFSET32 id_off, 2, OFFSET32 number, 0>, CR_REGISTRY_ERROR
        CM      _CONFIGMG_Get_HW_Prof_Flags, <OFFSET32 no_id, 0, OFFSET32 number, 0>, CR_REGISTRY_ERROR
        CM      _CONFIGMG_Get_HW_Prof_Flags, <0, 0, OFFSET32 number, 0>, CR_INVALID_POINTER
        CM      _CONFIGMG_Get_HW_Prof_Flags, <OFFSET32 id_off, 0, 0, 0>, CR_INVALID_POINTER
        CM      _CONFIGMG_Get_HW_Prof_Flags, <OFFSET32 id_off, 0, OFFSET32 number, 1>, CR_INVALID_FLAG
        VxDCall _SHELL_HookSystemBroadcast, <OFFSET32 Broadcast, 0, 0>
        CM      _CONFIGMG_Set_HW_Prof, <2, 0>, CR_FAILURE
        CM      _CONFIGMG_Set_HW_Prof, <3, 1>, CR_INVALID_FLAG
        CM      _CONFIGMG_Set_HW_Prof, <3, 0>, CR_SUCCESS
        CM      _CONFIGMG_Get_Hardware_Profile_Info, <-1, OFFSET32 info, 0>, CR_SUCCESS
        Check_Eq [info.HWPI_ulHWProfile], 3, 'number of the current profile'
        CM      _CONFIGMG_Write_Registry_Value, <[node_b], 0, OFFSET32 name_v, REG_SZ, OFFSET32 hard_1, 0, CM_REGISTRY_CONFIG>, CR_SUCCESS
        CM      _CONFIGMG_Unlock, <0>, CR_SUCCESS
        CM      _CONFIGMG_Unlock, <0>, CR_SUCCESS

        ; a device that is disabled here, one that shall not be there at all
        CM      _CONFIGMG_Create_DevNode, <OFFSET32 node, OFFSET32 id_off, [root], 0>, CR_SUCCESS
        CM      _CONFIGMG_Process_Events_Now, <0>, CR_SUCCESS
        CM      _CONFIGMG_Get_DevNode_Status, <OFFSET32 status, OFFSET32 problem, [node], 0>, CR_SUCCESS
        Check_Eq [problem], CM_PROB_DISABLED, 'not disabled in this profile'
        CM      _CONFIGMG_Set_HW_Prof_Flags, <OFFSET32 id_no, 3, CSCONFIGFLAG_DO_NOT_CREATE, 0>, CR_SUCCESS
        CM      _CONFIGMG_Create_DevNode, <OFFSET32 node, OFFSET32 id_no, [root], 0>, CR_CREATE_BLOCKED
        mov     [calls], 0
        CM      _CONFIGMG_Set_HW_Prof_Flags, <OFFSET32 id_no, 0, 0, 0>, CR_SUCCESS
        CM      _CONFIGMG_Process_Events_Now, <0>, CR_SUCCESS
        Check_Eq [calls], 1, 'the tree is not enumerated again'
        CM      _CONFIGMG_Create_DevNode, <OFFSET32 node, OFFSET32 id_no, [root], 0>, CR_SUCCESS
        CM      _CONFIGMG_Set_HW_Prof_Flags, <OFFSET32 id_no, 0, CSCONFIGFLAG_DO_NOT_CREATE, 0>, CR_SUCCESS
        CM      _CONFIGMG_Get_DevNode_Status, <OFFSET32 status, OFFSET32 problem, [node], 0>, CR_INVALID_DEVNODE
        CM      _CONFIGMG_Set_HW_Prof_Flags, <0, 0, 0, 0>, CR_INVALID_POINTER
        CM      _CONFIGMG_Set_HW_Prof_Flags, <OFFSET32 id_no, 0, 0, 1>, CR_INVALID_FLAG
        CM      _CONFIGMG_Set_HW_Prof_Flags, <OFFSET32 id_no, 2, 0, 0>, CR_REGISTRY_ERROR

        ; the root's card is the one on the bus
        CM      _CONFIGMG_Move_DevNode, <[node_b], [node_c], 1>, CR_INVALID_FLAG
        CM      _CONFIGMG_Move_DevNode, <[node_c], [node_b], 0>, CR_INVALID_DEVNODE
        CM      _CONFIGMG_Move_DevNode, <[node_b], 1, 0>, CR_INVALID_DEVNODE
        popad
        ret
EndProc Appy

; The profile has changed. Another VM comes.
BeginProc Broadcast
        mov     eax, [esp+4]
        Check_Eq eax, 219h, 'message #EAX'
        mov     eax, [esp+8]
        Check_Eq eax, 18h, 'not DBT_CONFIGCHANGED'
        pushad
        mov     eax, Create_VM
        VMMcall System_Control
        Check   nc, 'no second VM'
        popad
        mov     eax, 1
        ret
EndProc Broadcast
VxD_LOCKED_CODE_ENDS
END

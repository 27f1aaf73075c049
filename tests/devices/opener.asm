; Opens the devices of modems.hw by their names.
        .386p
        include vmm.inc
        include configmg.inc
        include vcomm.inc
        include print.inc

Declare_Virtual_Device OPENER, 1, 0, OPENER_Control, Undefined_Device_ID, Undefined_Init_Order

VxD_LOCKED_DATA_SEG
Buffer  db      64 dup (0)
Bytes    dd      0
Id      db      'TEST\COM\0000', 0
Node    dd      0
Handle  dd      0
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG

Begin_Control_Dispatch OPENER
        Control_Dispatch Init_Complete, Complete
End_Control_Dispatch OPENER

BeginProc Complete
        mov     esi, OFFSET32 Event
        mov     eax, 50
        VMMCall Set_Global_Time_Out
        clc
        ret
EndProc Complete

; Open name: prints the error, EAX = handle
Open    MACRO name
        LOCAL string, good
VxD_LOCKED_DATA_SEG NO_ALIGN
string  db      name, 0
VxD_LOCKED_DATA_ENDS
        VxDCall _VCOMM_OpenComm, <<OFFSET32 string>, -1>
        cmp     eax, IE_HARDWARE
        jb      good
        Print   <name, ": error #EAX">
good:
        ENDM

; Shut: the port whose handle is in EAX
Shut    MACRO
        mov     ebx, 0B0B0B0Bh
        VxDCall _VCOMM_CloseComm, <eax>
        Print   "closed: #EAX, #EBX"
        ENDM

; Value name: of the first device's key
Value   MACRO name
        LOCAL string
VxD_LOCKED_DATA_SEG NO_ALIGN
string  db      name, 0
VxD_LOCKED_DATA_ENDS
        mov     [Bytes], 64
        VxDCall _CONFIGMG_Read_Registry_Value, <[Node], 0, <OFFSET32 string>, REG_SZ, <OFFSET32 Buffer>, <OFFSET32 Bytes>, CM_REGISTRY_HARDWARE>
        PrintText Buffer
        ENDM

BeginProc Event
        VxDCall _CONFIGMG_Locate_DevNode, <<OFFSET32 Node>, <OFFSET32 Id>, 0>
        Value   'PortName'
        Value   'FriendlyName'
        Value   'DeviceDesc'
        Open    'com4'
        Shut
        Open    'Test port (COM4)'
        mov     [Handle], eax
        Open    'COM4'
        Open    'COM5'
        Open    'any modem'
        Shut
        mov     eax, [Handle]
        Shut
        Open    'COM5'
        Open    'LPT1'
        Open    'COM1'
        Open    'COM3'
        Open    'COM4'                  ; and it is removed
        mov     [Handle], eax
        VxDCall _CONFIGMG_Query_Remove_SubTree, <[Node], 0>
        VxDCall _CONFIGMG_Remove_SubTree, <[Node], 0>
        Print   "removed: #AL"
        mov     eax, [Handle]
        Shut
        Open    'COM4'
        ret
EndProc Event

VxD_LOCKED_CODE_ENDS
        end

; The driver of one port of the card in tribus.hw.
        .386p
        include vmm.inc
        include configmg.inc
        include print.inc

Declare_Virtual_Device TRIKID, 1, 0, TRIKID_Control, Undefined_Device_ID, Undefined_Init_Order

VxD_LOCKED_DATA_SEG
Config  CMCONFIG <>
ID      db      MAX_DEVICE_ID_LEN + 1 dup (0)
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
Begin_Control_Dispatch TRIKID
        Control_Dispatch Sys_Dynamic_Device_Init, TRIKID_Init
        Control_Dispatch PNP_New_Devnode, TRIKID_New_Devnode
End_Control_Dispatch TRIKID

BeginProc TRIKID_Init
        clc
        ret
EndProc TRIKID_Init

BeginProc TRIKID_New_Devnode
        VxDCall _CONFIGMG_Register_Device_Driver, <ebx, OFFSET32 Handler, ebx, CM_REGISTER_DEVICE_DRIVER_REMOVABLE>
        clc
        ret
EndProc TRIKID_New_Devnode

BeginProc Handler, PUBLIC, CCALL
ArgVar  Func, DWORD
ArgVar  SubFunc, DWORD
ArgVar  Node, DWORD
ArgVar  Ref, DWORD
ArgVar  Flags, DWORD
        EnterProc
        VxDCall _CONFIGMG_Get_Device_ID, <Node, <OFFSET32 ID>, <MAX_DEVICE_ID_LEN + 1>, 0>
        PrintText ID
        mov     eax, Func
        mov     ecx, SubFunc
        Print   "  message #AL.#CL"
        cmp     eax, CONFIG_START
        mov     eax, CR_SUCCESS
        jne     SHORT done_
        VxDCall _CONFIGMG_Get_Alloc_Log_Conf, <<OFFSET32 Config>, Node, CM_GET_ALLOC_LOG_CONF_ALLOC>
        movzx   ecx, [Config.bIRQRegisters]
        Print   "  line #CL"
        mov     eax, CR_SUCCESS
done_:  LeaveProc
        Return
EndProc Handler
VxD_LOCKED_CODE_ENDS
        END

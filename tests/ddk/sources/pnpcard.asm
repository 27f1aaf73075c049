; A Plug and Play card of Windows 95: registers with CONFIGMG, takes its resources when it is started.
.386p
include vmm.inc
include debug.inc
include configmg.inc
include vpicd.inc

Declare_Virtual_Device PNPCARD, 1, 0, PNPCARD_Control, Undefined_Device_ID, Undefined_Init_Order

VxD_LOCKED_DATA_SEG
public  g_Config
g_Config        CMCONFIG <>
                align   4
g_Base          dd      0
g_hIRQ          dd      0
g_Devnode       dd      0
g_IrqDesc       VPICD_IRQ_Descriptor <, VPICD_OPT_REF_DATA, OFFSET32 Card_Int, , , , , 500, 1234h>
Key_Name        db      "Latency", 0
VxD_LOCKED_DATA_ENDS

VxD_PNP_CODE_SEG
BeginProc OnNewDevnode, CCALL
        ArgVar  devnode, DWORD
        ArgVar  loadtype, DWORD
        EnterProc
        cmp     loadtype, DLVXD_LOAD_DRIVER
        mov     eax, CR_SUCCESS
        jne     Out_Of_It
        mov     eax, devnode
        mov     g_Devnode, eax
        VxDCall _CONFIGMG_Register_Device_Driver, <eax, OFFSET32 _OnConfigure, 0, CM_REGISTER_DEVICE_DRIVER_DISABLEABLE OR CM_REGISTER_DEVICE_DRIVER_REMOVABLE>
Out_Of_It:
        LeaveProc
        Return
EndProc OnNewDevnode

BeginProc OnConfigure, CCALL
        ArgVar  cf, DWORD
        ArgVar  subfunction, DWORD
        ArgVar  dn, DWORD
        ArgVar  refdata, DWORD, NOTUSED
        ArgVar  flags, DWORD, NOTUSED
        LocalVar cbValue, DWORD
        LocalVar dwValue, DWORD
        EnterProc
        SaveReg <ebx, esi, edi>
        mov     eax, cf
        cmp     eax, CONFIG_START
        je      Start
        cmp     eax, CONFIG_STOP
        je      Stop
        cmp     eax, CONFIG_REMOVE
        je      Stop
        mov     eax, CR_DEFAULT
        jmp     Done
Start:
        VxDCall _CONFIGMG_Get_Alloc_Log_Conf, <OFFSET32 g_Config, dn, CM_GET_ALLOC_LOG_CONF_ALLOC>
        cmp     eax, CR_SUCCESS
        jne     Done
        movzx   eax, g_Config.wNumIOPorts
        .IF eax
            movzx eax, g_Config.wIOPortBase
            mov g_Base, eax
        .ENDIF
        mov     cbValue, 4
        lea     ecx, cbValue
        lea     edx, dwValue
        VxDCall _CONFIGMG_Read_Registry_Value, <dn, 0, OFFSET32 Key_Name, REG_BINARY, edx, ecx, CM_REGISTRY_HARDWARE>
        movzx   eax, g_Config.bIRQRegisters
        mov     g_IrqDesc.VID_IRQ_Number, ax
        mov     edi, OFFSET32 g_IrqDesc
        VxDCall VPICD_Virtualize_IRQ
        sbb     ecx, ecx
        not     ecx
        and     eax, ecx
        mov     g_hIRQ, eax
        VxDCall VPICD_Physically_Unmask
        mov     eax, CR_SUCCESS
        jmp     Done
Stop:
        mov     eax, g_hIRQ
        test    eax, eax
        jz      @F
        VxDCall VPICD_Force_Default_Behavior
@@:     mov     g_hIRQ, 0
        mov     eax, CR_SUCCESS
Done:
        RestoreReg <edi, esi, ebx>
        LeaveProc
        Return
EndProc OnConfigure
VxD_PNP_CODE_ENDS

VxD_LOCKED_CODE_SEG
Begin_Control_Dispatch PNPCARD
        Control_Dispatch PNP_New_Devnode, OnNewDevnode, cCall, <ebx, edx>
        Control_Dispatch Sys_Dynamic_Device_Init, Succeed
        Control_Dispatch Sys_Dynamic_Device_Exit, Succeed
End_Control_Dispatch PNPCARD
Succeed: clc
        ret

BeginProc Card_Int, HIGH_FREQ, NO_LOG
        cmp     edx, 1234h
        jne     Not_Ours
        mov     edx, g_Base
        add     dx, 6
        in      al, dx
        test    al, 80h
        jz      Not_Ours
        mov     eax, g_hIRQ
        VxDCall VPICD_Phys_EOI
        clc
        ret
Not_Ours:
        stc
        ret
EndProc Card_Int
VxD_LOCKED_CODE_ENDS
        end

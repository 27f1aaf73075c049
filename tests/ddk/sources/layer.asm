; A layer driver of the I/O supervisor: registration packet as reference data, a table of events
        .386p
        include vmm.inc
        include debug.inc
        include ios.inc
        include aep.inc
        include drp.inc
        include blockdev.inc

VxD_LOCKED_DATA_SEG
public  Drv_Reg_Pkt
Drv_Reg_Pkt DRP <'XXXXXXXX', 200h, OFFSET32 Async_Event, OFFSET32 ILB, 'LAYER', 1, 0, 0>
ILB     db 32 dup (0)
Events  dd OFFSET32 Ev_Init, OFFSET32 Ev_None, OFFSET32 Ev_Boot, OFFSET32 Ev_Config
VxD_LOCKED_DATA_ENDS

Declare_Virtual_Device LAYER, 1, 0, LAYER_Control, Undefined_Device_ID, Undefined_Init_Order, , , Drv_Reg_Pkt

VxD_LOCKED_CODE_SEG
Begin_Control_Dispatch LAYER
        Control_Dispatch Sys_Dynamic_Device_Init, Layer_Init
End_Control_Dispatch LAYER

BeginProc Async_Event, CCALL, ESP
        ArgVar  packet, DWORD
        EnterProc
        SaveReg <ebx>
        mov     ebx, packet
        movzx   eax, [ebx.AEP_func]
        .if eax <= AEP_CONFIG_DCB
                call    Events[eax*4]
        .elseif eax == AEP_1_SEC
                mov     [ebx.AEP_result], AEP_SUCCESS
        .else
                mov     [ebx.AEP_result], AEP_FAILURE
        .endif
        RestoreReg <ebx>
        LeaveProc
        Return
EndProc Async_Event

BeginProc Ev_Init
        mov     [ebx.AEP_result], AEP_SUCCESS
        ret
EndProc Ev_Init
Ev_None:
BeginProc Ev_Boot
        ret
EndProc Ev_Boot
BeginProc Ev_Config
        mov     eax, SIZE BlockDev_Command_Block
        cmp     [esi.BD_CB_Command], BDC_Write
        je      @F
        cmp     word ptr [esi.BD_CB_Command], BDC_Read
        jne     short Ev_Boot
@@:     mov     edi, OFFSET32 Drv_Reg_Pkt
        VxDCall IOS_SendCommand
        ret
EndProc Ev_Config

BeginProc Layer_Init, INIT
        push    OFFSET32 Drv_Reg_Pkt
        VxDCall IOS_Register
        add     esp, 4
        cmp     Drv_Reg_Pkt.DRP_reg_result, 1
        cmc
        ret
EndProc Layer_Init
VxD_LOCKED_CODE_ENDS
        end

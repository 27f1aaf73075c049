; A layered port driver of the two adapters in adapter.hw: IOS loads it for their device nodes.
        .386p
        include vmm.inc
        include configmg.inc
        include ios.inc
        include aep.inc
        include drp.inc
        include ilb.inc
        include isp.inc
        include dcb.inc
        include ddb.inc
        include print.inc

Declare_Virtual_Device ADAPTER, 1, 0, ADAPTER_Control, Undefined_Device_ID, Undefined_Init_Order, , , OFFSET32 Packet

; behind a DDB
CARD_DATA STRUC
ddb_head db SIZE DDB dup (?)
ddb_base dd ?
CARD_DATA ENDS

VxD_LOCKED_DATA_SEG
Packet  DRP <'XXXXXXXX', DRP_ESDI_PD, OFFSET32 Aer, OFFSET32 Link_Block, 'ADAPTER', 1, 0, 0, DRP_BT_ESDI>
Link_Block ILB <>
Create  ISP_ddb_create <>
Config  CMCONFIG <>
Node    dd 0                            ; the first adapter's
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG

Begin_Control_Dispatch ADAPTER
        Control_Dispatch Sys_Dynamic_Device_Init, Dynamic_Init
End_Control_Dispatch ADAPTER

BeginProc Dynamic_Init
        Print   "loaded"
        VxDCall IOS_Register, <<OFFSET32 Packet>>
        movzx   eax, [Packet.DRP_reg_result]
        Print   "registered: #EAX"
        cmp     [Packet.DRP_reg_result], DRP_REMAIN_RESIDENT
        je      @f
        stc
@@:     ret
EndProc Dynamic_Init

BeginProc Aer
        push    ebx
        push    esi
        mov     esi, [esp + 12]
        movzx   eax, [esi.AEP_func]
        cmp     eax, AEP_INITIALIZE
        je      initialize
        cmp     eax, AEP_DEVICE_INQUIRY
        je      inquire
        Print   "event #AL"
        cmp     eax, AEP_BOOT_COMPLETE
        jne     @f
        mov     esi, OFFSET32 Event     ; the first adapter goes when both are there
        mov     eax, 20
        VMMCall Set_Global_Time_Out
@@:     jmp     done
initialize:
        mov     ebx, [esi.AEP_bi_i_hdevnode]
        cmp     [Node], 0
        jne     @f
        mov     [Node], ebx
@@:     VxDCall _CONFIGMG_Get_Alloc_Log_Conf, <<OFFSET32 Config>, ebx, CM_GET_ALLOC_CONFIG_ALLOC>
        mov     ecx, eax
        movzx   edx, [Config.wIOPortBase]
        Print   "initialize: resources #CL at #DX"
        mov     [Create.ISP_func], ISP_CREATE_DDB
        mov     [Create.ISP_ddb_size], SIZE CARD_DATA
        push    OFFSET32 Create
        call    [Link_Block.ILB_service_rtn]
        add     esp, 4
        mov     eax, [Create.ISP_ddb_ptr]
        movzx   edx, [Config.wIOPortBase]
        mov     [eax.ddb_base], edx
        cmp     [eax.DDB_devnode_ptr], ebx
        je      done
        Print   "device node of the DDB is another one"
        jmp     done
inquire:
        mov     ebx, [esi.AEP_i_d_dcb]
        mov     [esi.AEP_result], AEP_NO_MORE_DEVICES
        cmp     [ebx.DCB_unit_on_ctl], 0
        jne     done
        mov     eax, [esi.AEP_ddb]
        mov     edx, [eax.ddb_base]
        in      al, dx
        movzx   ecx, al
        Print   "inquiry: unit 0 at #DX is #CL"
        mov     [esi.AEP_result], AEP_SUCCESS
done:   pop     esi
        pop     ebx
        ret
EndProc Aer

BeginProc Event
        VxDCall _CONFIGMG_Query_Remove_SubTree, <[Node], 0>
        mov     ecx, eax
        VxDCall _CONFIGMG_Remove_SubTree, <[Node], 0>
        Print   "removed: #CL #AL"
        ret
EndProc Event

VxD_LOCKED_CODE_ENDS
        end

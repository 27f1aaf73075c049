; A layered port driver whose device never answers: after 15 seconds all drivers hear of it, and the driver gives up.
        .386p
        include vmm.inc
        include ios.inc
        include aep.inc
        include drp.inc
        include ilb.inc
        include isp.inc
        include dcb.inc
        include iop.inc
        include print.inc

Declare_Virtual_Device LATE, 1, 0, LATE_Control, Undefined_Device_ID, Undefined_Init_Order

VxD_LOCKED_DATA_SEG
Packet  DRP <'XXXXXXXX', DRP_MISC_PD, OFFSET32 Aer, OFFSET32 Link_Block, 'LATE', 1, 0, 0, DRP_BT_ESDI>
Link_Block ILB <>
Device  ISP_dcb_create <>
Entry   ISP_calldown_insert <>
Request ISP_IOP_create <>
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG

Begin_Control_Dispatch LATE
        Control_Dispatch Device_Init, LATE_Device_Init
        Control_Dispatch Init_Complete, LATE_Init_Complete
End_Control_Dispatch LATE

Service macro packet, function
        mov     [packet.ISP_func], function
        push    OFFSET32 packet
        call    [Link_Block.ILB_service_rtn]
        add     esp, 4
endm

BeginProc Aer
        mov     edx, [esp + 4]
        movzx   eax, [edx.AEP_func]
        cmp     eax, AEP_IOP_TIMEOUT
        jne     @f
        mov     ecx, [edx.AEP_i_t_o_iop]
        mov     eax, ecx
        sub     eax, [Request.ISP_IOP_ptr]
        movzx   edx, [ecx.IOP_timer]
        Print   "too late: request #EAX, seconds left #DL"
        push    esi
        mov     esi, ecx
        sub     [esi.IOP_callback_ptr], SIZE IOP_callback_entry
        mov     eax, [esi.IOP_callback_ptr]
        push    esi
        call    [eax.IOP_CB_address]
        add     esp, 4
        pop     esi
@@:     ret
EndProc Aer

BeginProc Take
        Print   "taken"
        ret
EndProc Take

BeginProc Client
        VMMCall Get_System_Time
        xor     edx, edx
        mov     ecx, 1000
        div     ecx
        Print   "called back in second #AL"
        ret
EndProc Client

BeginProc LATE_Device_Init
        VxDCall IOS_Register, <<OFFSET32 Packet>>
        mov     [Device.ISP_dcb_size], SIZE DCB
        Service Device, ISP_CREATE_DCB
        mov     eax, [Device.ISP_dcb_ptr]
        mov     [Entry.ISP_i_cd_dcb], eax
        mov     [Entry.ISP_i_cd_req], OFFSET32 Take
        mov     [Entry.ISP_i_cd_lgn], DRP_MISC_PD_Bit
        Service Entry, ISP_INSERT_CALLDOWN
        clc
        ret
EndProc LATE_Device_Init

BeginProc LATE_Init_Complete
        mov     [Request.ISP_IOP_size], SIZE IOP
        Service Request, ISP_CREATE_IOP
        mov     esi, [Request.ISP_IOP_ptr]
        add     esi, IOP_ior
        mov     [esi.IOR_flags], IORF_VERSION_002
        mov     [esi.IOR_callback], OFFSET32 Client
        mov     edi, [Device.ISP_dcb_ptr]
        add     edi, DCB_bdd
        VxDCall IOS_SendCommand
        clc
        ret
EndProc LATE_Init_Complete

VxD_LOCKED_CODE_ENDS
        end

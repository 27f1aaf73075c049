; Odd layered drivers: one in two layers that registers before the system is up, a SCSI port driver whose targets are asked
; for from the last one down, routines of the linkage block with arguments that make no sense.
        .386p
        include vmm.inc
        include ios.inc
        include aep.inc
        include drp.inc
        include ilb.inc
        include isp.inc
        include dcb.inc
        include print.inc

Declare_Virtual_Device LAYERS, 1, 0, LAYERS_Control, Undefined_Device_ID, Undefined_Init_Order

VxD_LOCKED_DATA_SEG
Upper   DRP <'XXXXXXXX', DRP_VSD_1 OR DRP_VSD_5, OFFSET32 Upper_Aer, OFFSET32 Upper_Link, 'UPPER', 1>
Port    DRP <'XXXXXXXX', DRP_MISC_PD, OFFSET32 Port_Aer, OFFSET32 Port_Link, 'PORT', 1, 0, 0, DRP_BT_SCSI>
Upper_Link ILB <>
Port_Link ILB <>
Create  ISP_ddb_create <>
Insert  ISP_calldown_insert <>
Garbage db      64 dup (0)
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG

Begin_Control_Dispatch LAYERS
        Control_Dispatch Sys_Critical_Init, LAYERS_Critical_Init
        Control_Dispatch Device_Init, LAYERS_Device_Init
End_Control_Dispatch LAYERS

BeginProc Upper_Aer
        mov     edx, [esp + 4]
        movzx   eax, [edx.AEP_func]
        movzx   ecx, [edx.AEP_lgn]
        Print   "upper: event #AL, layer #CL"
        cmp     al, AEP_CONFIG_DCB
        jne     @f
        mov     eax, [edx.AEP_d_c_dcb]
        mov     [Insert.ISP_i_cd_dcb], eax
        mov     [Insert.ISP_i_cd_lgn], cl
        mov     [Insert.ISP_func], ISP_INSERT_CALLDOWN
        push    OFFSET32 Insert
        call    [Upper_Link.ILB_service_rtn]
        add     esp, 4
@@:     ret
EndProc Upper_Aer

BeginProc Port_Aer
        mov     edx, [esp + 4]
        cmp     [edx.AEP_func], AEP_INITIALIZE
        jne     @f
        mov     [edx.AEP_bi_i_max_target], 2
        mov     [edx.AEP_bi_i_max_lun], 1
        mov     [edx.AEP_bi_flags], AEP_BI_FL_SCSI_SCAN_DOWN
        mov     [Create.ISP_func], ISP_CREATE_DDB
        mov     [Create.ISP_ddb_size], 64
        push    OFFSET32 Create
        call    [Port_Link.ILB_service_rtn]
        add     esp, 4
        ret
@@:     cmp     [edx.AEP_func], AEP_DEVICE_INQUIRY
        jne     @f
        mov     ebx, [edx.AEP_i_d_dcb]
        movzx   eax, [ebx.DCB_scsi_target_id]
        movzx   ecx, [ebx.DCB_scsi_lun]
        Print   "port: target #AL, unit #CL"
        mov     [edx.AEP_result], AEP_NO_INQ_DATA
        cmp     eax, 1
        jne     @f
        mov     [edx.AEP_result], AEP_SUCCESS
@@:     ret
EndProc Port_Aer

BeginProc LAYERS_Critical_Init
        VxDCall IOS_Register, <<OFFSET32 Upper>>
        movzx   eax, [Upper.DRP_reg_result]
        Print   "upper: #AL"
        clc
        ret
EndProc LAYERS_Critical_Init

BeginProc LAYERS_Device_Init
        VxDCall IOS_Register, <<OFFSET32 Port>>
        movzx   eax, [Port.DRP_reg_result]
        Print   "port: #AL"
        push    OFFSET32 Create         ; nobody is being initialised
        call    [Port_Link.ILB_service_rtn]
        add     esp, 4
        movzx   eax, [Create.ISP_result]
        Print   "DDB of nobody: #EAX"
        mov     edi, OFFSET32 Garbage
        mov     ebx, 12345678h
        mov     edx, 5
        call    [Upper_Link.ILB_internal_request]
        push    77h
        push    0
        call    [Upper_Link.ILB_enqueue_iop]
        call    [Upper_Link.ILB_dequeue_iop]
        add     esp, 8
        Print   "queue of nothing: #EAX"
        mov     esi, OFFSET32 Garbage
        mov     edi, 87654321h
        VxDCall IOS_SendCommand
        clc
        ret
EndProc LAYERS_Device_Init

VxD_LOCKED_CODE_ENDS
        end

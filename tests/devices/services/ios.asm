; IOS: layered drivers register, hear what there is, and pass requests down and up (Win95 DDK S2F58-S2F64, S3017-S3057).
; Three drivers in one: a port driver with two controllers, a vendor's driver above it, a type specific one that leaves.
;! dead-handle
;! dead-handle
include check.inc
include ios.inc
include aep.inc
include drp.inc
include ilb.inc
include isp.inc
include dcb.inc
include ddb.inc
include dvt.inc
include iop.inc
include blockdev.inc

Declare_Virtual_Device TEST, 1, 0, TEST_Control, Undefined_Device_ID, Undefined_Init_Order
Begin_Control_Dispatch TEST
Control_Dispatch Device_Init, TEST_Init
Control_Dispatch Init_Complete, TEST_Boot
Control_Dispatch Sys_Critical_Exit, TEST_Run
End_Control_Dispatch TEST

DRIVER_SIZE EQU 40h                     ; private bytes behind a DDB

VxD_LOCKED_DATA_SEG
port_drp DRP <'XXXXXXXX', DRP_MISC_PD, OFFSET32 Port_Aer, OFFSET32 port_ilb, 'PORT', 3, 0, 0, DRP_BT_ESDI, 0, 12345678h>
vsd_drp  DRP <'XXXXXXXX', DRP_VSD_1, OFFSET32 Vsd_Aer, OFFSET32 vsd_ilb, 'VENDOR', 1, 0, 0, 0, 0, 0>
tsd_drp  DRP <'XXXXXXXX', DRP_TSD, OFFSET32 Tsd_Aer, OFFSET32 tsd_ilb, 'KIND', 1, 0, 0, 0, 0, 0>
fsd_drp  DRP <'XXXXXXXX', DRP_FSD, OFFSET32 Tsd_Aer, OFFSET32 tsd_ilb, 'FILES', 1, 0, 0, 0, 0, 0>
bad_drp  DRP <'XXXXXXXX', DRP_ESDI_PD, OFFSET32 Bad_Aer, OFFSET32 bad_ilb, 'BROKEN', 1, 0, 0, 0, 0, 0>
port_ilb ILB <>
vsd_ilb  ILB <>
tsd_ilb  ILB <>
bad_ilb  ILB <>
ddbs     dd 0, 0
disk     dd 0                           ; the DCB that was found
packet   ISP_IOP_create <>
insert   ISP_calldown_insert <>
request  dd 0
order    dd 64 dup (0)
events   dd 0
answers  db 0, 0                        ; the controllers' units: which were found
fails    dd 0                           ; status that the port driver gives
called   dd 0
pending  dd 0                           ; the port driver keeps the request
dcb_of   ISP_GET_FRST_NXT_DCB <>
ddb_of   ISP_ddb_create <>
memory   ISP_mem_alloc <>
release  ISP_mem_dealloc <>
block    ISP_dcb_create <>
destroy  ISP_DCB_DESTROY <>
gone     ISP_DDB_DEALLOC <>
VxD_LOCKED_DATA_ENDS

; An event: driver (1 port, 2 vendor's, 3 kind, 4 broken), function, layer.
Heard macro driver
        mov     esi, [esp + 4]
        movzx   eax, [esi.AEP_func]
        shl     eax, 8
        mov     al, [esi.AEP_lgn]
        or      eax, driver SHL 16
        mov     ecx, [events]
        mov     [order + ecx * 4], eax
        inc     [events]
endm

Event macro driver, function, layer
        Check_Eq <[order + n * 4]>, <driver SHL 16 + function SHL 8 + layer>, 'event: driver driver, function'
        n = n + 1
endm

Begin_Events macro
        n = 0
endm

End_Events macro
        Check_Eq [events], n, 'number of events'
        mov     [events], 0
endm

Service macro packet, linkage, function
        mov     [packet.ISP_func], function
        mov     [packet.ISP_result], 7777h
        push    OFFSET32 packet
        call    [linkage.ILB_service_rtn]
        add     esp, 4
endm

VxD_LOCKED_CODE_SEG
; Puts a request routine into the list of the DCB in the packet at ESI.
Insert_It macro linkage, routine
        mov     eax, [esi + 12]         ; AEP_d_c_dcb
        mov     [insert.ISP_i_cd_dcb], eax
        mov     eax, [esi.AEP_ddb]
        mov     [insert.ISP_i_cd_ddb], eax
        mov     al, [esi.AEP_lgn]
        mov     [insert.ISP_i_cd_lgn], al
        mov     [insert.ISP_i_cd_req], OFFSET32 routine
        mov     [insert.ISP_i_cd_expan_len], 0
        mov     [insert.ISP_i_cd_flags], 0
        Service insert, linkage, ISP_INSERT_CALLDOWN
        Check_Eq [insert.ISP_result], 0, 'a calldown entry is refused'
endm

New_Ddb macro linkage
        mov     [ddb_of.ISP_ddb_size], SIZE DDB + DRIVER_SIZE
        Service ddb_of, linkage, ISP_CREATE_DDB
        Check_Eq [ddb_of.ISP_result], 0, 'no DDB'
endm

BeginProc Port_Aer
        Heard   1
        movzx   eax, [esi.AEP_func]
        cmp     eax, AEP_INITIALIZE
        je      initialize
        cmp     eax, AEP_DEVICE_INQUIRY
        je      inquiry
        cmp     eax, AEP_CONFIG_DCB
        je      config
        ret
initialize:
        Check_Eq [esi.AEP_bi_reference_data], 12345678h, 'reference data of the DRP'
        Check_Eq [esi.AEP_bi_flags], 0, 'flags of AEP_INITIALIZE'
        Check_Ne [esi.AEP_bi_i_dcb], 0, 'no inquiry DCB'
        Check_Eq [port_ilb.ILB_driver_numb], 1, 'number of initialisations'
        New_Ddb port_ilb
        mov     eax, [ddb_of.ISP_ddb_ptr]
        mov     [ddbs], eax
        push    ecx
        mov     ecx, [port_ilb.ILB_dvt]
        Check_Eq [eax.DDB_dvt], ecx, 'DVT of a DDB'
        pop     ecx
        mov     dword ptr [eax + SIZE DDB + DRIVER_SIZE - 4], 1 ; its bytes are there
        New_Ddb port_ilb
        mov     eax, [ddb_of.ISP_ddb_ptr]
        mov     [ddbs + 4], eax
        mov     [esi.AEP_result], AEP_SUCCESS
        ret
inquiry:                                ; units 0 of the first controller, 1 of the second exist
        mov     ebx, [esi.AEP_i_d_dcb]
        movzx   eax, [ebx.DCB_unit_on_ctl]
        xor     ecx, ecx
        mov     edx, [esi.AEP_ddb]
        cmp     edx, [ddbs]
        je      @f
        inc     ecx
        Check_Eq edx, <[ddbs + 4]>, 'DDB of an inquiry'
@@:     cmp     eax, ecx
        jne     @f
        mov     dword ptr [ebx.DCB_vendor_id], 'ABCD'
        mov     [ebx.DCB_device_type], DCB_type_disk
        mov     [esi.AEP_result], AEP_SUCCESS
        ret
@@:     mov     [esi.AEP_result], AEP_NO_INQ_DATA
        cmp     eax, 2
        jb      @f
        mov     [esi.AEP_result], AEP_NO_MORE_DEVICES
@@:     ret
config:
        mov     ebx, [esi.AEP_d_c_dcb]
        Check_Eq <dword ptr [ebx.DCB_vendor_id]>, 'ABCD', 'what the inquiry gave'
        Check_Eq [ebx.DCB_physical_dcb], ebx, 'DCB of the physical device'
        cmp     [disk], 0
        jne     @f
        mov     [disk], ebx
        push    ecx
        mov     ecx, [ddbs]
        Check_Eq [esi.AEP_ddb], ecx, 'DDB of the first device'
        pop     ecx
        Check_Eq [ebx.DCB_next_dcb], 0, 'a second device'
        jmp     put_in
@@:
        push    ecx
        mov     ecx, [ddbs + 4]
        Check_Eq [esi.AEP_ddb], ecx, 'DDB of the second device'
        pop     ecx
put_in:
        Insert_It port_ilb, Port_Request
        ret
EndProc Port_Aer

BeginProc Vsd_Aer
        Heard   2
        cmp     [esi.AEP_func], AEP_CONFIG_DCB
        jne     @f
        Check_Eq [esi.AEP_ddb], 0, 'a DDB of a driver without one'
        Insert_It vsd_ilb, Vsd_Request
@@:     ret
EndProc Vsd_Aer

BeginProc Tsd_Aer
        Heard   3
        cmp     [esi.AEP_func], AEP_INITIALIZE
        jne     @f
        New_Ddb tsd_ilb
        mov     [esi.AEP_result], AEP_FAILURE   ; is ignored
@@:     cmp     [esi.AEP_func], AEP_CONFIG_DCB
        jne     @f
        push    ecx
        mov     ecx, [ddb_of.ISP_ddb_ptr]
        Check_Eq [esi.AEP_ddb], ecx, 'DDB of the kind driver'
        pop     ecx
        Insert_It tsd_ilb, Tsd_Request
@@:     cmp     [esi.AEP_func], AEP_BOOT_COMPLETE
        jne     @f
        Check_Eq [esi.AEP_ddb], 0, 'DDB of AEP_BOOT_COMPLETE'
        mov     [esi.AEP_result], AEP_FAILURE   ; goes
@@:     ret
EndProc Tsd_Aer

BeginProc Bad_Aer
        Heard   4
        mov     [esi.AEP_result], AEP_FAILURE
        ret
EndProc Bad_Aer

; Request routines: the IOP is on the stack. The upper ones go on to the next entry and want to see the request again.
Passed macro mark, back
        mov     esi, [esp + 4]
        inc     [called]
        cmp     [called], mark
        je      @f
        Say     'a request comes to back in another order'
@@:     mov     eax, [esi.IOP_callback_ptr]
        mov     [eax.IOP_CB_address], OFFSET32 back
        add     [esi.IOP_callback_ptr], SIZE IOP_callback_entry
endm

BeginProc Tsd_Request
        Passed  1, Tsd_Back
        mov     eax, [esi.IOP_calldown_ptr]
        mov     eax, [eax.DCB_cd_next]  ; by the link
        mov     [esi.IOP_calldown_ptr], eax
        push    esi
        call    [eax.DCB_cd_io_address]
        add     esp, 4
        ret
EndProc Tsd_Request

BeginProc Vsd_Request
        Passed  2, Vsd_Back
        add     [esi.IOP_calldown_ptr], SIZE DCB_cd_entry       ; by the place
        mov     eax, [esi.IOP_calldown_ptr]
        push    esi
        call    [eax.DCB_cd_io_address]
        add     esp, 4
        ret
EndProc Vsd_Request

BeginProc Port_Request
        mov     esi, [esp + 4]
        inc     [called]
        mov     ebx, [disk]
        Check_Eq [esi.IOP_physical_dcb], ebx, 'IOP_physical_dcb'
        Check_Eq [esi.IOP_original_dcb], ebx, 'IOP_original_dcb'
        Check_Eq [esi.IOP_timer], 15, 'seconds of a request'
        mov     [pending], esi
        cmp     [fails], 0
        je      Back_Up
        ret
EndProc Port_Request

; Ends the pending request: calls back who is above.
BeginProc Back_Up
        mov     esi, [pending]
        mov     [pending], 0
        mov     [esi.IOP_ior.IOR_status], IORS_SUCCESS
        sub     [esi.IOP_callback_ptr], SIZE IOP_callback_entry
        mov     eax, [esi.IOP_callback_ptr]
        push    esi
        call    [eax.IOP_CB_address]
        add     esp, 4
        ret
EndProc Back_Up

Going_Up macro mark
        mov     esi, [esp + 4]
        inc     [called]
        Check_Eq [called], mark, 'callbacks come in another order'
        sub     [esi.IOP_callback_ptr], SIZE IOP_callback_entry
        mov     eax, [esi.IOP_callback_ptr]
        push    esi
        call    [eax.IOP_CB_address]
        add     esp, 4
        ret
endm

BeginProc Vsd_Back
        Going_Up 4
EndProc Vsd_Back

BeginProc Tsd_Back
        Going_Up 5
EndProc Tsd_Back

; The client's callback: what it put into IOR_req_req_handle is on the stack.
BeginProc Client_Back
        inc     [called]
        mov     eax, [esp + 4]
        Check_Eq eax, 0CAFEh, 'handle of the request: #EAX'
        mov     eax, 1
        mov     ecx, 2
        mov     edx, 3
        ret
EndProc Client_Back

; ESI = IOR, EDI = the BlockDev part, both of the request; all registers come back.
Send macro flags
        mov     [called], 0
        mov     esi, [request]
        mov     [esi.IOP_ior.IOR_flags], flags
        mov     [esi.IOP_ior.IOR_func], IOR_READ
        mov     [esi.IOP_ior.IOR_callback], OFFSET32 Client_Back
        mov     [esi.IOP_ior.IOR_req_req_handle], 0CAFEh
        add     esi, IOP_ior
        mov     edi, [disk]
        add     edi, DCB_bdd
        mov     eax, 0A0A0A0Ah
        mov     ebx, 0B0B0B0Bh
        mov     ecx, 0C0C0C0Ch
        mov     edx, 0D0D0D0Dh
        VxDcall IOS_SendCommand
        Check_Eq eax, 0A0A0A0Ah, 'EAX across a request: #EAX'
        Check_Eq ebx, 0B0B0B0Bh, 'EBX across a request: #EBX'
        Check_Eq ecx, 0C0C0C0Ch, 'ECX across a request: #ECX'
        Check_Eq edx, 0D0D0D0Dh, 'EDX across a request: #EDX'
endm

BeginProc Ended
        push    OFFSET32 Finished
        jmp     Back_Up
Finished:
        ret
EndProc Ended

BeginProc Time_Out
        Check_Eq edx, 99h, 'reference data of the time-out: #EDX'
        pushad
        call    Back_Up
        popad
        ret
EndProc Time_Out

BeginProc TEST_Init
        pushad
        VxDcall IOSIdleStatus
        Check_Eq eax, 0, 'not idle: #EAX'

        ; a file system driver is no layer driver
        VxDcall IOS_Register, <<OFFSET32 fsd_drp>>
        Check_Eq [fsd_drp.DRP_reg_result], DRP_INVALID_LAYER, 'result of a file system driver'
        ; one that finds nothing
        VxDcall IOS_Register, <<OFFSET32 bad_drp>>
        Check_Eq [bad_drp.DRP_reg_result], DRP_ABORT, 'result of a port driver that fails'
        Begin_Events
        Event   4, AEP_INITIALIZE, DRP_ESDI_PD_Bit
        End_Events

        ; above nothing: there is no device to be told
        mov     eax, 0A0A0A0Ah
        mov     ebx, 0B0B0B0Bh
        mov     esi, 01010101h
        mov     edi, 0D1D1D1D1h
        mov     ebp, 0B1B1B1B1h
        push    OFFSET32 vsd_drp
        VxDcall IOS_Register
        add     esp, 4
        Check_Eq ebx, 0B0B0B0Bh, 'EBX across IOS_Register: #EBX'
        Check_Eq esi, 01010101h, 'ESI across IOS_Register: #ESI'
        Check_Eq edi, 0D1D1D1D1h, 'EDI across IOS_Register: #EDI'
        Check_Eq ebp, 0B1B1B1B1h, 'EBP across IOS_Register: #EBP'
        Check_Eq [vsd_drp.DRP_reg_result], DRP_REMAIN_RESIDENT, 'result of the vendor driver'
        Begin_Events
        Event   2, AEP_INITIALIZE, DRP_VSD_1_Bit
        End_Events
        mov     ebx, [vsd_ilb.ILB_dvt]
        Check_Eq <dword ptr [ebx.DVT_ascii_name]>, 'DNEV', 'name in the DVT'
        Check_Eq [ebx.DVT_aer], <OFFSET32 Vsd_Aer>, 'DVT_aer'
        Check_Eq [ebx.DVT_current_lgn], DRP_VSD_1_Bit, 'DVT_current_lgn'
        Check_Eq [ebx.DVT_next_dvt], 0, 'a DVT behind the first'

        ; once more: the same driver, with the same DVT
        VxDcall IOS_Register, <<OFFSET32 vsd_drp>>
        Check_Eq [vsd_ilb.ILB_dvt], ebx, 'another DVT'
        Check_Eq [vsd_ilb.ILB_driver_numb], 2, 'calls of AEP_INITIALIZE'
        Check_Eq [ebx.DVT_next_dvt], 0, 'a second DVT'
        mov     [events], 0

        ; the port driver: each unit that is found goes to the port driver, then to the layers above
        VxDcall IOS_Register, <<OFFSET32 port_drp>>
        Check_Eq [port_drp.DRP_reg_result], DRP_REMAIN_RESIDENT, 'result of the port driver'
        Begin_Events
        Event   1, AEP_INITIALIZE, DRP_MISC_PD_Bit
        Event   1, AEP_DEVICE_INQUIRY, DRP_MISC_PD_Bit
        Event   1, AEP_CONFIG_DCB, DRP_MISC_PD_Bit
        Event   2, AEP_CONFIG_DCB, DRP_VSD_1_Bit
        Event   1, AEP_DEVICE_INQUIRY, DRP_MISC_PD_Bit
        Event   1, AEP_DEVICE_INQUIRY, DRP_MISC_PD_Bit
        Event   1, AEP_DEVICE_INQUIRY, DRP_MISC_PD_Bit
        Event   1, AEP_DEVICE_INQUIRY, DRP_MISC_PD_Bit
        Event   1, AEP_CONFIG_DCB, DRP_MISC_PD_Bit
        Event   2, AEP_CONFIG_DCB, DRP_VSD_1_Bit
        Event   1, AEP_DEVICE_INQUIRY, DRP_MISC_PD_Bit
        End_Events
        mov     ebx, [port_ilb.ILB_dvt]
        Check_Eq [ebx.DVT_reference_data], 12345678h, 'DVT_reference_data'
        Check_Eq [ebx.DVT_init_count], 1, 'DVT_init_count'
        push    ecx
        mov     ecx, [ddbs]
        Check_Eq [ebx.DVT_ddb], ecx, 'first DDB'
        pop     ecx
        mov     eax, [ddbs]
        push    ecx
        mov     ecx, [ddbs + 4]
        Check_Eq [eax.DDB_Next_DDB], ecx, 'second DDB'
        pop     ecx
        push    ecx
        mov     ecx, [disk]
        Check_Eq [eax.DDB_dcb_ptr], ecx, 'first DCB of the first DDB'
        pop     ecx
        mov     eax, [vsd_ilb.ILB_dvt]
        Check_Eq [eax.DVT_next_dvt], ebx, 'DVT of the port driver in the chain'

        ; a late one is told all there is
        VxDcall IOS_Register, <<OFFSET32 tsd_drp>>
        Check_Eq [tsd_drp.DRP_reg_result], DRP_REMAIN_RESIDENT, 'result of the kind driver'
        Begin_Events
        Event   3, AEP_INITIALIZE, DRP_TSD_Bit
        Event   3, AEP_CONFIG_DCB, DRP_TSD_Bit
        Event   3, AEP_CONFIG_DCB, DRP_TSD_Bit
        End_Events

        ; devices by their chain, by type
        mov     [dcb_of.ISP_gfnd_dcb_offset], 0
        mov     [dcb_of.ISP_gfnd_dcb_type], 0FFh
        Service dcb_of, vsd_ilb, ISP_GET_FIRST_NEXT_DCB
        Check_Eq [dcb_of.ISP_result], 0, 'no first device'
        mov     eax, [disk]
        Check_Eq [dcb_of.ISP_gfnd_found_dcb], eax, 'first device'
        mov     [dcb_of.ISP_gfnd_dcb_offset], eax
        mov     ecx, [eax.DCB_next_dcb]
        mov     [ecx.DCB_device_type], DCB_type_cdrom
        mov     [dcb_of.ISP_gfnd_dcb_type], DCB_type_cdrom
        Service dcb_of, vsd_ilb, ISP_GET_FIRST_NEXT_DCB
        Check_Eq [dcb_of.ISP_result], 0, 'no CD-ROM'
        mov     eax, [disk]
        mov     eax, [eax.DCB_next_dcb]
        Check_Eq [dcb_of.ISP_gfnd_found_dcb], eax, 'the CD-ROM'
        mov     [dcb_of.ISP_gfnd_dcb_offset], eax
        Service dcb_of, vsd_ilb, ISP_GET_FIRST_NEXT_DCB
        Check_Ne [dcb_of.ISP_result], 0, 'a third device'

        ; memory
        mov     [memory.ISP_mem_size], 300
        Service memory, vsd_ilb, ISP_ALLOC_MEM
        Check_Eq [memory.ISP_result], 0, 'no memory'
        mov     eax, [memory.ISP_mem_ptr]
        mov     dword ptr [eax + 296], 5
        mov     [release.ISP_mem_ptr_da], eax
        Service release, vsd_ilb, ISP_DEALLOC_MEM
        Check_Eq [release.ISP_result], 0, 'memory is not freed'
        Service release, vsd_ilb, ISP_DEALLOC_MEM
        Check_Ne [release.ISP_result], 0, 'memory is freed twice'

        ; a request: down from layer to layer, up again, to the client
        mov     [packet.ISP_IOP_size], SIZE IOP
        mov     [packet.ISP_delta_to_ior], IOP_ior
        mov     [packet.ISP_i_c_flags], 0
        Service packet, vsd_ilb, ISP_CREATE_IOP
        Check_Eq [packet.ISP_result], 0, 'no IOP'
        mov     eax, [packet.ISP_IOP_ptr]
        mov     [request], eax
        Check_Ne [eax.IOP_physical], 0, 'physical address of an IOP'
        VxDcall IOSIdleStatus
        Check_Ne eax, 0, 'idle with an IOP'
        Send    IORF_VERSION_002
        Check_Eq [called], 6, 'an asynchronous request and its callbacks'
        Send    <IORF_VERSION_002 OR IORF_SYNC_COMMAND>
        Check_Eq [called], 5, 'a synchronous request has no client callback'
        mov     esi, [request]
        test    [esi.IOP_ior.IOR_flags], IORF_SYNC_CMD_DONE
        Check   nz, 'a synchronous request is not marked as done'

        ; by a driver itself: from the top, or behind its own routine
        mov     [called], 1
        mov     edi, [request]
        mov     eax, OFFSET32 IOP_callback_table
        lea     eax, [edi + eax]
        mov     [eax.IOP_CB_address], OFFSET32 Own_Back
        add     eax, SIZE IOP_callback_entry
        mov     [edi.IOP_callback_ptr], eax
        mov     ebx, [disk]
        mov     edx, OFFSET32 Tsd_Request
        mov     ecx, 0C0C0C0Ch
        mov     esi, 51515151h
        call    [vsd_ilb.ILB_internal_request]
        Check_Eq [called], 5, 'routines of an internal request'
        Check_Eq ecx, 0C0C0C0Ch, 'ECX across an internal request: #ECX'
        Check_Eq esi, 51515151h, 'ESI across an internal request: #ESI'

        ; the queue of a device
        push    [disk]
        call    [port_ilb.ILB_dequeue_iop]
        Check_Eq eax, 0, 'an empty queue gives #EAX'
        push    [request]
        call    [port_ilb.ILB_enqueue_iop]
        add     esp, 4
        call    [port_ilb.ILB_dequeue_iop]
        Check_Eq eax, <[request]>, 'the queue gives #EAX'
        call    [port_ilb.ILB_dequeue_iop]
        add     esp, 4
        Check_Eq eax, 0, 'the queue still gives #EAX'
        popad
        clc
        ret
EndProc TEST_Init

BeginProc Own_Back
        inc     [called]
        ret
EndProc Own_Back

BeginProc TEST_Boot
        pushad
        Begin_Events                    ; the lowest first, once each
        Event   1, AEP_BOOT_COMPLETE, DRP_MISC_PD_Bit
        Event   2, AEP_BOOT_COMPLETE, DRP_VSD_1_Bit
        Event   3, AEP_BOOT_COMPLETE, DRP_TSD_Bit
        End_Events
        mov     eax, [port_ilb.ILB_dvt] ; the kind driver has gone
        Check_Eq [eax.DVT_next_dvt], 0, 'a DVT behind the last'
        mov     eax, [disk]
        mov     eax, [eax.DCB_ptr_cd]
        Check_Eq [eax.DCB_cd_io_address], <OFFSET32 Vsd_Request>, 'first entry of the calldown list'
        Check_Eq [eax.DCB_cd_lgn], DRP_VSD_1_Bit, 'layer of the first entry'
        Check_Eq [eax.DCB_cd_io_address + SIZE DCB_cd_entry], <OFFSET32 Port_Request>, 'second entry of the calldown list'
        Check_Eq [eax.DCB_cd_next + SIZE DCB_cd_entry], 0, 'a third entry'

        ; the disk takes its time: IOS waits for a synchronous request
        mov     [fails], 1
        mov     eax, 50
        mov     edx, 99h
        mov     esi, OFFSET32 Time_Out
        VxDcall IOS_Set_Async_Time_Out
        Check_Ne esi, 0, 'no time-out'
        mov     [called], 1             ; the kind driver is no more
        mov     esi, [request]
        mov     [esi.IOP_ior.IOR_flags], IORF_VERSION_002 OR IORF_SYNC_COMMAND
        add     esi, IOP_ior
        mov     edi, [disk]
        add     edi, DCB_bdd
        VxDcall IOS_SendCommand
        Check_Eq [called], 4, 'a request that has to be waited for'
        Check_Eq [pending], 0, 'it is still pending'

        VMMcall Get_System_Time
        mov     ebx, eax
        call    [port_ilb.ILB_Wait_10th_Sec]
        VMMcall Get_System_Time
        sub     eax, ebx
        cmp     eax, 80
        Check   nb, 'a tenth of a second is short'
        xor     eax, eax
        VMMcall Create_Semaphore
        VxDcall IOS_Signal_Semaphore_No_Switch
        xor     ecx, ecx
        VMMcall Wait_Semaphore          ; returns at once
        VMMcall Destroy_Semaphore

        mov     eax, [request]
        mov     [release.ISP_mem_ptr_da], eax
        Service release, vsd_ilb, ISP_DEALLOC_MEM
        VxDcall IOSIdleStatus
        Check_Eq eax, 0, 'not idle without an IOP: #EAX'

        ; devices and controllers go
        mov     eax, [disk]
        mov     eax, [eax.DCB_next_dcb]
        mov     [destroy.ISP_dcb_d_dcb], eax
        Service destroy, port_ilb, ISP_DESTROY_DCB
        Check_Eq [destroy.ISP_result], 0, 'the device does not go'
        mov     eax, [disk]
        Check_Eq [eax.DCB_next_dcb], 0, 'the device is still there'
        mov     eax, [ddbs + 4]
        mov     [gone.ISP_ddb_d_ddb], eax
        Service gone, port_ilb, ISP_DEALLOC_DDB
        mov     eax, [ddbs]
        Check_Eq [eax.DDB_Next_DDB], 0, 'the controller is still there'
        Begin_Events
        Event   1, AEP_PEND_UNCONFIG_DCB, DRP_MISC_PD_Bit
        Event   2, AEP_PEND_UNCONFIG_DCB, DRP_VSD_1_Bit
        Event   1, AEP_UNCONFIG_DCB, DRP_MISC_PD_Bit
        Event   2, AEP_UNCONFIG_DCB, DRP_VSD_1_Bit
        Event   1, AEP_UNINITIALIZE, DRP_MISC_PD_Bit
        Event   2, AEP_UNINITIALIZE, DRP_VSD_1_Bit
        End_Events
        mov     [block.ISP_dcb_size], SIZE DCB_COMMON
        Service block, vsd_ilb, ISP_CREATE_DCB
        Check_Eq [block.ISP_result], 0, 'no DCB'
        mov     eax, [disk]
        mov     eax, [eax.DCB_next_dcb]
        Check_Eq eax, <[block.ISP_dcb_ptr]>, 'the new DCB in the chain: #EAX'
        mov     [gone.ISP_ddb_d_ddb], eax       ; no DDB
        Service gone, port_ilb, ISP_DEALLOC_DDB
        Check_Ne [gone.ISP_result], 0, 'a DCB goes as a DDB'
        popad
        clc
        ret
EndProc TEST_Boot
VxD_LOCKED_CODE_ENDS

Begin_Tests
        cmp     [events], 4
        jne     @f
        Begin_Events
        Event   1, AEP_SYSTEM_SHUTDOWN, DRP_MISC_PD_Bit
        Event   2, AEP_SYSTEM_SHUTDOWN, DRP_VSD_1_Bit
        Event   1, AEP_SYSTEM_CRIT_SHUTDOWN, DRP_MISC_PD_Bit
        Event   2, AEP_SYSTEM_CRIT_SHUTDOWN, DRP_VSD_1_Bit
        End_Events
@@:
End_Tests
end

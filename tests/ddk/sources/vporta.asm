        TITLE   VPORTA - a parallel port card, Windows 3.1
        PAGE    60,132
;*****************************************************************************
;   VPORTA.ASM      written as the samples of 1992 are: real-mode part, ICODE and IDATA, a descriptor for the interrupt,
;                   trapped ports, a control block area, an API for both modes.
;*****************************************************************************
        .386p

        .XLIST
        INCLUDE vmm.inc
        INCLUDE debug.inc
        INCLUDE vpicd.inc
        INCLUDE shell.inc
        INCLUDE opttest.inc
        .LIST

VPORTA_Device_ID        EQU     2BC0h
VPORTA_Init_Order       EQU     VPD_Init_Order + 10h
VPORTA_Base             EQU     278h
        IFDEF DEBUG
VPORTA_Debug            EQU     1
        ENDIF

Declare_Virtual_Device  VPORTA, 3, 10, VPORTA_Control, VPORTA_Device_ID, \
                        VPORTA_Init_Order, VPORTA_V86_API, VPORTA_PM_API

; Flags of one virtual machine
PF_Owner        EQU     00000001b
PF_Owner_Bit    EQU     0
PF_Waiting      EQU     00000010b
PF_Waiting_Bit  EQU     1

VPORTA_CB       STRUC
PCB_Flags       DD      ?
PCB_Data        DB      ?
PCB_Control     DB      ?
                DB      2 DUP (?)
VPORTA_CB       ENDS

VxD_IDATA_SEG

VPORTA_Key      DB      'VPORTABASE', 0
VPORTA_IRQ_Desc VPICD_IRQ_Descriptor <5, VPICD_OPT_CAN_SHARE, OFFSET32 VPORTA_Hw_Int, , OFFSET32 VPORTA_EOI, OFFSET32 VPORTA_Mask, , 500>

Begin_VxD_IO_Table VPORTA_IO_Table
        VxD_IO  VPORTA_Base,   VPORTA_Data_IO
        VxD_IO  VPORTA_Base+1, VPORTA_Status_IO
        VxD_IO  VPORTA_Base+2, VPORTA_Control_IO
End_VxD_IO_Table VPORTA_IO_Table

VxD_IDATA_ENDS

VxD_DATA_SEG

VPORTA_CB_Offset DD     0
VPORTA_IRQ       DD     0
VPORTA_Owner     DD     0
VPORTA_Name      DB     'LPT2    '

VPORTA_Calls    LABEL   DWORD
        DD      OFFSET32 API_Get_Version
        DD      OFFSET32 API_Get_Owner
        DD      OFFSET32 API_Release
API_Max         EQU     (($ - VPORTA_Calls) / 4) - 1

VxD_DATA_ENDS

        SUBTTL  Real mode
        PAGE
VxD_REAL_INIT_SEG

BeginProc VPORTA_Real_Init
        test    bx, Duplicate_From_INT2F OR Duplicate_Device_ID
        jnz     SHORT RI_Duplicate
        push    ds
        mov     dx, [Real_Base]
        in      al, dx
        not     al
        out     dx, al
        IO_Delay
        in      al, dx
        pop     ds
        xor     bx, bx
        xor     si, si
        movzx   edx, [Real_Base]
        mov     ax, Device_Load_Ok
        ret
RI_Duplicate:
        mov     ax, Abort_Device_Load + No_Fail_Message
        xor     bx, bx
        xor     si, si
        ret
EndProc VPORTA_Real_Init

Real_Base       DW      VPORTA_Base

VxD_REAL_INIT_ENDS

        SUBTTL  Initialisation
VxD_ICODE_SEG

BeginProc VPORTA_Device_Init
        VMMCall _Allocate_Device_CB_Area, <<SIZE VPORTA_CB>, 0>
        test    eax, eax
        jz      SHORT VDI_Fail
        mov     [VPORTA_CB_Offset], eax

        mov     eax, VPORTA_Base
        xor     esi, esi
        mov     edi, OFFSET32 VPORTA_Key
        VMMCall Get_Profile_Hex_Int

        mov     edi, OFFSET32 VPORTA_IO_Table
        VMMCall Install_Mult_IO_Handlers
        jc      SHORT VDI_Fail

        mov     edi, OFFSET32 VPORTA_IRQ_Desc
        VxDCall VPICD_Virtualize_IRQ
        jc      SHORT VDI_Fail
        mov     [VPORTA_IRQ], eax
        clc
        ret
VDI_Fail:
        Debug_Out "VPORTA: cannot initialise"
        stc
        ret
EndProc VPORTA_Device_Init

VxD_ICODE_ENDS

VxD_LOCKED_CODE_SEG

Begin_Control_Dispatch VPORTA
        Control_Dispatch Device_Init, VPORTA_Device_Init
        Control_Dispatch Create_VM, VPORTA_Create_VM
        Control_Dispatch VM_Not_Executeable, VPORTA_VM_Gone
        IFDEF VPORTA_Debug
        Control_Dispatch Debug_Query, VPORTA_Query
        ENDIF
End_Control_Dispatch VPORTA

BeginProc VPORTA_Hw_Int, HIGH_FREQ
        push    edx
        VxDCall VPICD_Phys_EOI
        mov     ebx, [VPORTA_Owner]
        test    ebx, ebx
        jz      SHORT @F
        VxDCall VPICD_Set_Int_Request
@@:     pop     edx
        clc
        ret
EndProc VPORTA_Hw_Int

BeginProc VPORTA_EOI
        VxDJmp  VPICD_Clear_Int_Request
EndProc VPORTA_EOI

BeginProc VPORTA_Mask
        jecxz   VM_Unmasked
        ret
VM_Unmasked:
        Assert_VM_Handle ebx
        cmp     [VPORTA_Owner], 0
        jne     SHORT VM_Contention
        mov     [VPORTA_Owner], ebx
        ret
VM_Contention:
        mov     eax, [VPORTA_Owner]
        mov     esi, OFFSET32 VPORTA_Name
        VxDCall SHELL_Resolve_Contention
        jc      SHORT VM_Exit
        mov     [VPORTA_Owner], ebx
VM_Exit:
        ret
EndProc VPORTA_Mask

VxD_LOCKED_CODE_ENDS

VxD_CODE_SEG

BeginProc VPORTA_Create_VM
        mov     edi, ebx
        add     edi, [VPORTA_CB_Offset]
        ClrFlag [edi.PCB_Flags], PF_Owner OR PF_Waiting
        mov     [edi.PCB_Data], 0FFh
        clc
        ret
EndProc VPORTA_Create_VM

BeginProc VPORTA_VM_Gone
        cmp     ebx, [VPORTA_Owner]
        jne     SHORT @F
        mov     [VPORTA_Owner], 0
@@:     clc
        ret
EndProc VPORTA_VM_Gone

BeginProc VPORTA_Data_IO, HIGH_FREQ
        Assert_Client_Ptr ebp
        Dispatch_Byte_IO Fall_Through, <SHORT VDI_Out>
        mov     ecx, [VPORTA_CB_Offset]
        mov     al, [ebx+ecx.PCB_Data]
        ret
VDI_Out:
        mov     ecx, [VPORTA_CB_Offset]
        mov     [ebx][ecx].PCB_Data, al
        out     dx, al
        ret
EndProc VPORTA_Data_IO

BeginProc VPORTA_Status_IO
        Emulate_Non_Byte_IO
        cmp     ecx, Byte_Input
        jne     SHORT @F
        in      al, dx
@@:     ret
EndProc VPORTA_Status_IO

BeginProc VPORTA_Control_IO
        Dispatch_Byte_IO VCI_In, Fall_Through
        mov     ecx, [VPORTA_CB_Offset]
        bts     [ebx+ecx.PCB_Flags], PF_Owner_Bit
        mov     (VPORTA_CB PTR [ebx+ecx]).PCB_Control, al
        out     dx, al
        ret
VCI_In: in      al, dx
        ret
EndProc VPORTA_Control_IO

VPORTA_V86_API:
BeginProc VPORTA_PM_API
        movzx   eax, [ebp.Client_AX]
        cmp     eax, API_Max
        ja      SHORT VPA_Bad
        call    VPORTA_Calls[eax*4]
        ret
VPA_Bad:
        or      [ebp.Client_EFlags], CF_Mask
        ret
EndProc VPORTA_PM_API

BeginProc API_Get_Version
        mov     [ebp.Client_AX], 30Ah
        and     [ebp.Client_EFlags], NOT CF_Mask
        ret
EndProc API_Get_Version

BeginProc API_Get_Owner
        mov     eax, [VPORTA_Owner]
        or      eax, eax
        jz      SHORT @F
        mov     eax, [eax.CB_VMID]
@@:     mov     [ebp.Client_EAX], eax
        ret
EndProc API_Get_Owner

BeginProc API_Release
        mov     [VPORTA_Owner], 0
        CallRet VPORTA_VM_Gone
EndProc API_Release

VxD_CODE_ENDS

        IFDEF VPORTA_Debug
VxD_LOCKED_CODE_SEG
BeginProc VPORTA_Query
        Trace_Out "VPORTA: owner " ,nocrlf
        mov     eax, [VPORTA_Owner]
        Trace_Out "#EAX"
        Queue_Out "asked by #EAX", ebx, eax
        Mono_Out_At 0, 0, "VPORTA"
        clc
        ret
EndProc VPORTA_Query
VxD_LOCKED_CODE_ENDS
        ENDIF

        END     VPORTA_Real_Init

        .386p
        OPTION M510
        INCLUDE vmm.inc
        INCLUDE debug.inc
        INCLUDE vpicd.inc
; MASM 5.1's rules throughout: blanks between arguments, && in nested macros, fields of structures as plain numbers
Declare_Virtual_Device M510, 3, 10, M510_Control, Undefined_Device_ID, Undefined_Init_Order

Store   MACRO   First Second
        IRP     Reg, <ebx, ecx>
        mov     Reg, First&&Second
        ENDM
        ENDM
Item    STRUC
I_Next  DD      ?
I_Kind  DB      ?
I_Text  DB      "abc"
Item    ENDS

VxD_DATA_SEG
Val1    DD      1
Items   Item    2 DUP (<, 3, "xyz">)
One     Item    <>
VxD_DATA_ENDS

VxD_CODE_SEG
BeginProc M510_Control
        Control_Dispatch Device_Init M510_Init
        Control_Dispatch Create_VM, M510_Create
        clc
        ret
EndProc M510_Control

BeginProc M510_Init
        Store   Val 1
        mov     esi, OFFSET32 Items
        mov     al, [esi].I_Kind
        mov     al, [esi+I_Kind]
        mov     al, I_Kind[esi]
        mov     eax, SIZE Item
        Begin_Touch_1st_Meg
        mov     ax, ds:[417h]
        End_Touch_1st_Meg
        Trace_Out "M510 #EAX"
        Client_Ptr_Flat edi DS SI
        CallRet M510_Create
EndProc M510_Init

BeginProc M510_Create HIGH_FREQ
        VxDcall VPICD_Get_Version
        VMMcall Get_Crit_Section_Status
        jc      short Crit
        VMMjmp  Begin_Critical_Section
Crit:   clc
        ret
EndProc M510_Create
VxD_CODE_ENDS
        END

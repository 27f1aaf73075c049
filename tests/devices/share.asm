; Two owners of IRQ 10: the first declines every interrupt, the second takes the odd ones.
        .386p
        include vmm.inc
        include vpicd.inc
        include print.inc

Declare_Virtual_Device SHARE, 1, 0, SHARE_Control, Undefined_Device_ID, Undefined_Init_Order

VxD_LOCKED_DATA_SEG
First   VPICD_IRQ_Descriptor <10, VPICD_OPT_CAN_SHARE, OFFSET32 First_Int>
Second  VPICD_IRQ_Descriptor <10, VPICD_OPT_CAN_SHARE, OFFSET32 Second_Int>
Alone   VPICD_IRQ_Descriptor <10, 0, OFFSET32 Second_Int>
Handle  dd      0
Count   dd      0
Chain   dd      0
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG

Begin_Control_Dispatch SHARE
        Control_Dispatch Device_Init, SHARE_Device_Init
End_Control_Dispatch SHARE

BeginProc Every_Int
        Print   "every interrupt"
        jmp     [Chain]
EndProc Every_Int

BeginProc First_Int
        Print   "first"
        mov     edi, 1                  ; must be kept
        stc
        ret
EndProc First_Int

BeginProc Second_Int
        inc     [Count]
        Print   "second"
        test    [Count], 1
        jz      not_mine
        VxDCall VPICD_Phys_EOI
        clc
        ret
not_mine:
        stc
        ret
EndProc Second_Int

BeginProc SHARE_Device_Init
        mov     edi, OFFSET32 First
        VxDCall VPICD_Virtualize_IRQ
        PrintCarry "first"
        mov     edi, OFFSET32 Alone
        VxDCall VPICD_Virtualize_IRQ
        PrintCarry "alone"
        mov     edi, OFFSET32 Second
        VxDCall VPICD_Virtualize_IRQ
        PrintCarry "second"
        VxDCall VPICD_Physically_Unmask
        pushfd
        cli
        mov     esi, OFFSET32 Every_Int
        VxDCall VPICD_Call_When_Hw_Int
        mov     [Chain], esi
        popfd
        clc
        ret
EndProc SHARE_Device_Init

VxD_LOCKED_CODE_ENDS
        END

; Four IRQs that say when they come.
        .386p
        include vmm.inc
        include vpicd.inc
        include print.inc

Declare_Virtual_Device SPURIOUS, 1, 0, SPURIOUS_Control, Undefined_Device_ID, Undefined_Init_Order

VxD_LOCKED_DATA_SEG
Irq     VPICD_IRQ_Descriptor <7, 0, OFFSET32 Hw_Int>
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG

Begin_Control_Dispatch SPURIOUS
        Control_Dispatch Device_Init, SPURIOUS_Device_Init
End_Control_Dispatch SPURIOUS

BeginProc Hw_Int
        VxDCall VPICD_Convert_Handle_To_IRQ
        Print   "interrupt of IRQ #ESI"
        VxDCall VPICD_Phys_EOI
        clc
        ret
EndProc Hw_Int

Take    MACRO   number
        mov     [Irq.VID_IRQ_Number], number
        mov     edi, OFFSET32 Irq
        VxDCall VPICD_Virtualize_IRQ
        PrintCarry "IRQ &number&"
        VxDCall VPICD_Physically_Unmask
        ENDM

BeginProc SPURIOUS_Device_Init
        Take    7
        Take    15
        Take    5
        Take    10
        clc
        ret
EndProc SPURIOUS_Device_Init

VxD_LOCKED_CODE_ENDS
        END

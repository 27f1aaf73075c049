; A driver of IRQ 13: it clears the error of ring-0 code, or leaves it for IGNNE# to pass.
        .386p
        include vmm.inc
        include vpicd.inc
        include print.inc

Declare_Virtual_Device X87TEST, 1, 0, X87TEST_Control, Undefined_Device_ID, Undefined_Init_Order

VxD_LOCKED_DATA_SEG
Descriptor VPICD_IRQ_Descriptor <13, 0, OFFSET32 Hw_Int>
Irq_Handle dd   0
Clear   dd      1
Control dw      037Bh                   ; all masked but zero divide
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG

Begin_Control_Dispatch X87TEST
        Control_Dispatch Init_Complete, X87TEST_Init_Complete
End_Control_Dispatch X87TEST

BeginProc Hw_Int
        fnstsw  ax
        and     eax, 84h
        mov     ecx, eax
        Print   "Hw_Int status #ECX"
        out     0F0h, al
        cmp     [Clear], 0
        je      kept
        fnclex
kept:   mov     eax, [Irq_Handle]
        VxDCall VPICD_Phys_EOI
        clc
        ret
EndProc Hw_Int

BeginProc Divide
        fld1
        fldz
        fdivp   st(1), st
        ret
EndProc Divide

BeginProc X87TEST_Init_Complete
        mov     edi, OFFSET32 Descriptor
        VxDCall VPICD_Virtualize_IRQ
        PrintCarry "IRQ 13"
        mov     [Irq_Handle], eax
        VxDCall VPICD_Physically_Unmask
        sti
        fninit
        fldcw   [Control]
        call    Divide
        fwait
        fnstsw  ax
        and     eax, 84h
        Print   "behind FWAIT status #EAX"
        mov     [Clear], 0
        call    Divide
        fwait
        fnstsw  ax
        and     eax, 84h
        Print   "ignored status #EAX"
        fninit
        clc
        ret
EndProc X87TEST_Init_Complete

VxD_LOCKED_CODE_ENDS
        END

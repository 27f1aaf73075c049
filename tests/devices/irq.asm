; A driver of IRQ 5: hardware interrupt, event, physical EOI. Line 5 is raised from outside.
        .386p
        include vmm.inc
        include vpicd.inc
        include print.inc

Declare_Virtual_Device IRQTEST, 1, 0, IRQTEST_Control, Undefined_Device_ID, Undefined_Init_Order

VxD_LOCKED_DATA_SEG
Descriptor VPICD_IRQ_Descriptor <5, VPICD_OPT_REF_DATA, OFFSET32 Hw_Int, 0, 0, 0, 0, 500, 1234h>
Bad_IRQ    VPICD_IRQ_Descriptor <16, 0, OFFSET32 Hw_Int>
Irq_Handle dd   0
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG

Begin_Control_Dispatch IRQTEST
        Control_Dispatch Device_Init, IRQTEST_Device_Init
End_Control_Dispatch IRQTEST

BeginProc Hw_Int
        cmp     eax, [Irq_Handle]
        jne     wrong
        pushfd
        pop     ecx
        and     ecx, 200h
        Print   "Hw_Int ref=#EDX IF=#ECX"
        VxDCall VPICD_Get_Complete_Status
        Print   "status #ECX"
        mov     esi, OFFSET32 Event
        mov     edx, 77h
        VMMCall Schedule_Global_Event
        clc
        ret
wrong:
        Print   "Hw_Int with the wrong handle #EAX"
        stc
        ret
EndProc Hw_Int

BeginProc Event
        Print   "event #EDX"
        mov     eax, [Irq_Handle]
        VxDCall VPICD_Phys_EOI
        ret
EndProc Event

BeginProc IRQTEST_Device_Init
        mov     edi, OFFSET32 Bad_IRQ
        VxDCall VPICD_Virtualize_IRQ
        PrintCarry "IRQ 16"
        mov     edi, OFFSET32 Descriptor
        VxDCall VPICD_Virtualize_IRQ
        PrintCarry "IRQ 5"
        mov     [Irq_Handle], eax
        mov     edi, OFFSET32 Descriptor
        VxDCall VPICD_Virtualize_IRQ
        PrintCarry "IRQ 5 again"
        mov     eax, [Irq_Handle]
        VxDCall VPICD_Convert_Handle_To_IRQ
        Print   "handle is IRQ #ESI"
        mov     eax, 5
        VMMCall Get_Sys_VM_Handle
        VxDCall VPICD_Convert_IRQ_To_Int
        PrintCarry "vector #EAX"
        VxDCall VPICD_Convert_Int_To_IRQ
        PrintCarry "IRQ #EAX"
        mov     eax, 5
        VxDCall VPICD_Get_IRQ_Complete_Status
        PrintCarry "status #ECX"
        mov     eax, [Irq_Handle]
        VxDCall VPICD_Physically_Unmask
        clc
        ret
EndProc IRQTEST_Device_Init

VxD_LOCKED_CODE_ENDS
        END

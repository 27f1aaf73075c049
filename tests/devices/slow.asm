; The VM's handler of IRQ 5 ends the interrupt and then loops for ever; the driver allows it 40 ms.
        .386p
        include vmm.inc
        include vpicd.inc
        include print.inc

Declare_Virtual_Device SLOW, 1, 0, SLOW_Control, Undefined_Device_ID, Undefined_Init_Order

CODE_AT EQU     700h

VxD_LOCKED_DATA_SEG
Descriptor VPICD_IRQ_Descriptor <5, 0, OFFSET32 Hw_Int, 0, 0, 0, OFFSET32 Iret_Proc, 40>
Irq_Handle dd   0
; +0 unmask IRQ 5; +10h handler: sti; hlt; jmp $-2
V86_Code db     50h, 0E4h, 21h, 24h, 0DFh, 0E6h, 21h, 58h, 0CFh, 7 dup (90h)
         db     0FBh, 0F4h, 0EBh, 0FDh
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG

Begin_Control_Dispatch SLOW
        Control_Dispatch Device_Init, SLOW_Device_Init
        Control_Dispatch Init_Complete, SLOW_Init_Complete
End_Control_Dispatch SLOW

BeginProc Hw_Int
        Print   "Hw_Int"
        VMMCall Get_Sys_VM_Handle
        VxDCall VPICD_Set_Int_Request
        VxDCall VPICD_Phys_EOI
        clc
        ret
EndProc Hw_Int

BeginProc Iret_Proc
        PrintCarry "IRET"
        VxDCall VPICD_Clear_Int_Request
        ret
EndProc Iret_Proc

BeginProc SLOW_Device_Init
        mov     esi, OFFSET32 V86_Code
        mov     edi, CODE_AT
        mov     ecx, 14h
        cld
        rep movsb
        mov     edi, OFFSET32 Descriptor
        VxDCall VPICD_Virtualize_IRQ
        mov     [Irq_Handle], eax
        mov     eax, 60h
        mov     ecx, CODE_AT SHR 4
        xor     edx, edx
        VMMCall Set_V86_Int_Vector
        mov     eax, 0Dh
        mov     edx, 10h
        VMMCall Set_V86_Int_Vector
        clc
        ret
EndProc SLOW_Device_Init

BeginProc SLOW_Init_Complete
        VMMCall Begin_Nest_Exec
        mov     eax, 60h
        VMMCall Exec_Int
        VMMCall End_Nest_Exec
        clc
        ret
EndProc SLOW_Init_Complete

VxD_LOCKED_CODE_ENDS
        END

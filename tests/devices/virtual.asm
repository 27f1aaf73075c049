; An interrupt on its whole way: line, Hw_Int, request, Virt_Int, the VM's own handler (real V86 code that ends the
; interrupt at port 20h), EOI, IRET.
        .386p
        include vmm.inc
        include vpicd.inc
        include print.inc

Declare_Virtual_Device VIRTUAL, 1, 0, VIRTUAL_Control, Undefined_Device_ID, Undefined_Init_Order

CODE_AT EQU     700h                    ; linear address of the V86 code, 0070:0000

VxD_LOCKED_DATA_SEG
Descriptor VPICD_IRQ_Descriptor <5, 0, OFFSET32 Hw_Int, OFFSET32 Virt_Int, OFFSET32 Eoi, OFFSET32 Mask_Change, OFFSET32 Iret_Proc, 500>
Irq_Handle dd   0
; +0 unmask IRQ 5: push ax; in al,21h; and al,0DFh; out 21h,al; pop ax; iret
; +10h handler: push ax; mov al,20h; out 20h,al; pop ax; iret
V86_Code db     50h, 0E4h, 21h, 24h, 0DFh, 0E6h, 21h, 58h, 0CFh, 7 dup (90h)
         db     50h, 0B0h, 20h, 0E6h, 20h, 58h, 0CFh, 9 dup (90h)
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG

Begin_Control_Dispatch VIRTUAL
        Control_Dispatch Device_Init, VIRTUAL_Device_Init
        Control_Dispatch Init_Complete, VIRTUAL_Init_Complete
End_Control_Dispatch VIRTUAL

BeginProc Hw_Int
        Print   "Hw_Int"
        VMMCall Get_Sys_VM_Handle
        VxDCall VPICD_Set_Int_Request
        clc
        ret
EndProc Hw_Int

BeginProc Virt_Int
        VxDCall VPICD_Get_Status
        Print   "Virt_Int status #ECX"
        xor     eax, eax
        mov     ecx, PEF_Wait_Not_HW_Int
        mov     esi, OFFSET32 Calm
        VMMCall Call_Restricted_Event
        ret
EndProc Virt_Int

BeginProc Calm
        Print   "no interrupt is simulated any more"
        ret
EndProc Calm

BeginProc Eoi
        Print   "EOI"
        VxDCall VPICD_Clear_Int_Request
        VxDCall VPICD_Phys_EOI
        ret
EndProc Eoi

BeginProc Mask_Change
        Print   "mask #ECX"
        ret
EndProc Mask_Change

BeginProc Iret_Proc
        PrintCarry "IRET"
        VxDCall VPICD_Get_Status
        Print   "status #ECX"
        ret
EndProc Iret_Proc

BeginProc VIRTUAL_Device_Init
        mov     esi, OFFSET32 V86_Code
        mov     edi, CODE_AT
        mov     ecx, 20h
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
EndProc VIRTUAL_Device_Init

BeginProc VIRTUAL_Init_Complete
        VMMCall Begin_Nest_Exec
        mov     eax, 60h
        VMMCall Exec_Int
        VMMCall End_Nest_Exec
        mov     eax, [Irq_Handle]
        VMMCall Get_Sys_VM_Handle
        VxDCall VPICD_Get_Complete_Status
        Print   "unmasked: status #ECX"
        clc
        ret
EndProc VIRTUAL_Init_Complete

VxD_LOCKED_CODE_ENDS
        END

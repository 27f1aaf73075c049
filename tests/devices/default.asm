; IRQ 7 belongs to no driver: VPICD hands it to the VM, whose handler counts and ends it.
        .386p
        include vmm.inc
        include vpicd.inc
        include print.inc

Declare_Virtual_Device DEFAULT, 1, 0, DEFAULT_Control, Undefined_Device_ID, Undefined_Init_Order

CODE_AT EQU     700h
COUNT_AT EQU    730h

VxD_LOCKED_DATA_SEG
; +0 unmask IRQ 7; +10h handler: inc byte [CS:30h], EOI
V86_Code db     50h, 0E4h, 21h, 24h, 7Fh, 0E6h, 21h, 58h, 0CFh, 7 dup (90h)
         db     2Eh, 0FEh, 06h, 30h, 00h, 50h, 0B0h, 20h, 0E6h, 20h, 58h, 0CFh
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG

Begin_Control_Dispatch DEFAULT
        Control_Dispatch Device_Init, DEFAULT_Device_Init
        Control_Dispatch Init_Complete, DEFAULT_Init_Complete
        Control_Dispatch Debug_Query, DEFAULT_Query
End_Control_Dispatch DEFAULT

BeginProc DEFAULT_Query
        movzx   eax, BYTE PTR ds:[COUNT_AT]
        Print   "interrupts #EAX"
        mov     eax, 7
        VxDCall VPICD_Get_IRQ_Complete_Status
        PrintCarry "status #ECX"
        clc
        ret
EndProc DEFAULT_Query

BeginProc DEFAULT_Device_Init
        mov     esi, OFFSET32 V86_Code
        mov     edi, CODE_AT
        mov     ecx, 1Ch
        cld
        rep movsb
        mov     BYTE PTR ds:[COUNT_AT], 0
        mov     eax, 60h
        mov     ecx, CODE_AT SHR 4
        xor     edx, edx
        VMMCall Set_V86_Int_Vector
        mov     eax, 0Fh
        mov     edx, 10h
        VMMCall Set_V86_Int_Vector
        clc
        ret
EndProc DEFAULT_Device_Init

BeginProc DEFAULT_Init_Complete
        VMMCall Begin_Nest_Exec
        mov     eax, 60h
        VMMCall Exec_Int
        VMMCall End_Nest_Exec
        mov     eax, 7
        VMMCall Get_Sys_VM_Handle
        VxDCall VPICD_Force_Default_Owner
        PrintCarry "owner"
        mov     eax, 16
        VxDCall VPICD_Force_Default_Owner
        PrintCarry "owner of IRQ 16"
        clc
        ret
EndProc DEFAULT_Init_Complete

VxD_LOCKED_CODE_ENDS
        END

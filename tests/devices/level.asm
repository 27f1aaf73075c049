; Requests as levels: a request that is not cleared is simulated again after each virtual EOI; with the VM's interrupts
; disabled it waits; one that is cleared in time never arrives; of two sharers each clears its own.
        .386p
        include vmm.inc
        include vpicd.inc
        include print.inc

Declare_Virtual_Device LEVEL, 1, 0, LEVEL_Control, Undefined_Device_ID, Undefined_Init_Order

CODE_AT EQU     700h

VxD_LOCKED_DATA_SEG
First   VPICD_IRQ_Descriptor <5, VPICD_OPT_CAN_SHARE, OFFSET32 Hw_Int, OFFSET32 Virt_Int, OFFSET32 Eoi, 0, 0, 500>
Second  VPICD_IRQ_Descriptor <5, VPICD_OPT_CAN_SHARE, OFFSET32 Hw_Int, OFFSET32 Virt_Int_2, 0, 0, 0, 500>
hFirst  dd      0
hSecond dd      0
Times   dd      0
; +0 unmask IRQ 5; +10h handler: EOI
V86_Code db     50h, 0E4h, 21h, 24h, 0DFh, 0E6h, 21h, 58h, 0CFh, 7 dup (90h)
         db     50h, 0B0h, 20h, 0E6h, 20h, 58h, 0CFh
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG

Begin_Control_Dispatch LEVEL
        Control_Dispatch Device_Init, LEVEL_Device_Init
        Control_Dispatch Init_Complete, LEVEL_Init_Complete
End_Control_Dispatch LEVEL

BeginProc Hw_Int
        stc
        ret
EndProc Hw_Int

BeginProc Virt_Int
        inc     [Times]
        mov     edx, [Times]
        Print   "first, time #EDX"
        ret
EndProc Virt_Int

BeginProc Virt_Int_2
        Print   "second"
        ret
EndProc Virt_Int_2

BeginProc Eoi
        cmp     [Times], 3
        jne     not_yet
        VxDCall VPICD_Clear_Int_Request
        Print   "cleared"
not_yet:
        ret
EndProc Eoi

BeginProc LEVEL_Device_Init
        mov     esi, OFFSET32 V86_Code
        mov     edi, CODE_AT
        mov     ecx, 17h
        cld
        rep movsb
        mov     edi, OFFSET32 First
        VxDCall VPICD_Virtualize_IRQ
        mov     [hFirst], eax
        mov     edi, OFFSET32 Second
        VxDCall VPICD_Virtualize_IRQ
        mov     [hSecond], eax
        mov     eax, 60h
        mov     ecx, CODE_AT SHR 4
        xor     edx, edx
        VMMCall Set_V86_Int_Vector
        mov     eax, 0Dh
        mov     edx, 10h
        VMMCall Set_V86_Int_Vector
        clc
        ret
EndProc LEVEL_Device_Init

BeginProc Wait_A_While
        mov     ecx, 3
run:
        push    ecx
        VMMCall Begin_Nest_Exec
        mov     eax, 61h                ; a vector that only returns
        VMMCall Exec_Int
        VMMCall End_Nest_Exec
        pop     ecx
        dec     ecx
        jnz     run
        ret
EndProc Wait_A_While

BeginProc LEVEL_Init_Complete
        VMMCall Enable_VM_Ints
        mov     eax, [hFirst]           ; masked in the VM: the request waits
        VxDCall VPICD_Set_Int_Request
        call    Wait_A_While
        mov     eax, [hFirst]
        VMMCall Get_Sys_VM_Handle
        VxDCall VPICD_Get_Complete_Status
        Print   "masked, requested: #ECX"
        mov     eax, [hSecond]
        VxDCall VPICD_Get_Complete_Status
        Print   "as the second sees it: #ECX"
        VMMCall Begin_Nest_Exec
        mov     eax, 60h
        VMMCall Exec_Int
        VMMCall End_Nest_Exec
        call    Wait_A_While
        Print   "interrupts off"
        VMMCall Disable_VM_Ints
        mov     eax, [hSecond]
        VMMCall Get_Sys_VM_Handle
        VxDCall VPICD_Set_Int_Request
        call    Wait_A_While
        mov     eax, [hFirst]           ; not its own
        VMMCall Get_Sys_VM_Handle
        VxDCall VPICD_Clear_Int_Request
        mov     eax, [hSecond]
        VxDCall VPICD_Get_Complete_Status
        Print   "still requested: #ECX"
        VxDCall VPICD_Clear_Int_Request
        VMMCall Enable_VM_Ints
        call    Wait_A_While
        Print   "never came"
        mov     eax, [hSecond]
        VMMCall Get_Sys_VM_Handle
        VxDCall VPICD_Force_Default_Behavior
        mov     eax, [hFirst]
        VxDCall VPICD_Force_Default_Behavior
        mov     eax, 5
        VxDCall VPICD_Get_IRQ_Complete_Status
        PrintCarry "given up"
        mov     eax, [hFirst]
        VxDCall VPICD_Phys_EOI          ; a dead handle
        clc
        ret
EndProc LEVEL_Init_Complete

VxD_LOCKED_CODE_ENDS
        END

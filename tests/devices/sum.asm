; Adds up 256 bytes again and again in Init_Complete, with interrupts of IRQ 9 coming in, until about 4 ms have gone by.
        .386p
        include vmm.inc
        include vpicd.inc
        include print.inc

Declare_Virtual_Device SUM, 1, 0, SUM_Control, Undefined_Device_ID, Undefined_Init_Order

VxD_LOCKED_DATA_SEG
Descriptor VPICD_IRQ_Descriptor <9, 0, OFFSET32 Hw_Int>
Count   dd      0
Bytes   db      256 dup (0)
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG

Begin_Control_Dispatch SUM
        Control_Dispatch Init_Complete, SUM_Init_Complete
End_Control_Dispatch SUM

BeginProc Hw_Int
        inc     [Count]
        VxDCall VPICD_Phys_EOI
        mov     eax, -1                 ; a hardware-interrupt procedure may change these
        mov     ebx, eax
        mov     ecx, eax
        mov     edx, eax
        mov     esi, eax
        clc
        ret
EndProc Hw_Int

BeginProc SUM_Init_Complete
        mov     ecx, 255
fill:
        mov     [Bytes + ecx], cl
        dec     ecx
        jnz     fill
        mov     edi, OFFSET32 Descriptor
        VxDCall VPICD_Virtualize_IRQ
        VxDCall VPICD_Physically_Unmask
        mov     edx, 100
again:
        xor     eax, eax
        xor     ebx, ebx
        mov     esi, OFFSET32 Bytes
        mov     ecx, 256
        cld
next:
        lodsb
        add     ebx, eax
        loop    next
        cmp     ebx, 7F80h
        jne     wrong
        dec     edx
        jnz     again
wrong:
        mov     ecx, [Count]
        Print   "sum #EBX interrupts #ECX"
        clc
        ret
EndProc SUM_Init_Complete

VxD_LOCKED_CODE_ENDS
        END

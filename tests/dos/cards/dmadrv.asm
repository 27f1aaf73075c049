; A sound card's driver: channel 1 is its own. When a program starts a transfer, the card writes into the DMA buffer, and what
; came is copied to the program before it gets the card's interrupt.
        .386p
        include vmm.inc
        include vpicd.inc
        include vdmad.inc
        include debug.inc

Declare_Virtual_Device DMADRV, 1, 0, DMADRV_Control, Undefined_Device_ID, Undefined_Init_Order

VxD_LOCKED_DATA_SEG
Irq     VPICD_IRQ_Descriptor <5, 0, OFFSET32 Hw_Int, 0, OFFSET32 Eoi, OFFSET32 Mask_Change>
hIRQ    dd      0
hDMA    dd      0
vm      dd      0                       ; whose handler gets the interrupts
linear  dd      0                       ; of the transfer under way, 0 = none
bytes   dd      0
mode    dd      0
buffer  dd      0
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
Begin_Control_Dispatch DMADRV
        Control_Dispatch Device_Init, DMADRV_Device_Init
End_Control_Dispatch DMADRV

BeginProc DMADRV_Device_Init
        mov     edi, OFFSET32 Irq
        VxDCall VPICD_Virtualize_IRQ
        jc      refused
        mov     [hIRQ], eax
        mov     eax, 1
        mov     esi, OFFSET32 Channel
        VxDCall VDMAD_Virtualize_Channel
        jc      refused
        mov     [hDMA], eax
        mov     eax, 2
        mov     ecx, 1000000h
        VxDCall VDMAD_Reserve_Buffer_Space
        clc
        ret
refused:
        Debug_Out "refused"
        stc
        ret
EndProc DMADRV_Device_Init

; The virtual state has changed: EAX = channel, EBX = VM.
BeginProc Channel
        cmp     [linear], 0
        jne     done
        VxDCall VDMAD_Get_Virt_State
        test    dl, DMA_masked
        jnz     done
        mov     [bytes], ecx
        movzx   edx, dx
        mov     [mode], edx
        push    ebx
        VxDCall VDMAD_Request_Buffer
        jc      no_buffer
        mov     [linear], esi
        mov     [buffer], ebx
        mov     eax, [hDMA]
        VxDCall VDMAD_Set_Region_Info
        pop     ebx
        mov     edx, [mode]
        VxDCall VDMAD_Set_Phys_State
        VxDCall VDMAD_UnMask_Channel
done:   ret
no_buffer:
        pop     ebx
        Trace_Out "no buffer, error #AL"
        ret
EndProc Channel

BeginProc Hw_Int
        mov     ebx, [vm]
        cmp     [linear], 0
        je      reflect
        mov     dx, 222h
        in      al, dx
        test    al, 1                   ; the recording has come to its end
        mov     eax, [hIRQ]
        jz      reflect
        mov     eax, High_Pri_Device_Boost
        mov     ecx, PEF_Always_Sched
        mov     esi, OFFSET32 Recorded
        VMMCall Call_Priority_VM_Event
        clc
        ret
reflect:VxDCall VPICD_Set_Int_Request
        clc
        ret
EndProc Hw_Int

; In the VM, as an event.
BeginProc Recorded
        mov     ecx, [bytes]
        Trace_Out "the card wrote #ECX bytes"
        mov     eax, [hDMA]
        VxDCall VDMAD_Mask_Channel
        mov     ebx, [buffer]
        mov     esi, [linear]
        xor     edi, edi
        VxDCall VDMAD_Copy_From_Buffer
        VxDCall VDMAD_Release_Buffer
        mov     [linear], 0
        mov     eax, [hDMA]
        mov     ebx, [vm]
        mov     edx, [mode]
        or      edx, DMA_masked         ; as the controller does at the end
        VxDCall VDMAD_Set_Virt_State
        mov     eax, [hIRQ]
        VxDCall VPICD_Set_Int_Request
        ret
EndProc Recorded

BeginProc Eoi
        VxDCall VPICD_Clear_Int_Request
        VxDCall VPICD_Phys_EOI
        ret
EndProc Eoi

BeginProc Mask_Change
        mov     [vm], ebx
        ret
EndProc Mask_Change
VxD_LOCKED_CODE_ENDS
        END

; VDMAD and PAGESWAP: a channel programmed for a region, the DMA buffer, locking.
        .386p
        include vmm.inc
        include vdmad.inc
        include pageswap.inc
        include print.inc

Declare_Virtual_Device DMATEST, 1, 0, DMATEST_Control, Undefined_Device_ID, Undefined_Init_Order

VxD_LOCKED_DATA_SEG
Channel dd      0
Source  db      "hello, buffer"
Copied  db      13 dup (0)
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG

Begin_Control_Dispatch DMATEST
        Control_Dispatch Device_Init, DMATEST_Device_Init
        Control_Dispatch Sys_VM_Init, DMATEST_Sys_VM_Init
End_Control_Dispatch DMATEST

BeginProc DMATEST_Device_Init
        mov     eax, 4
        xor     esi, esi
        VxDCall VDMAD_Virtualize_Channel
        PrintCarry "channel 4"
        mov     eax, 5
        VxDCall VDMAD_Virtualize_Channel
        PrintCarry "channel 5"
        mov     [Channel], eax
        mov     eax, 5
        VxDCall VDMAD_Virtualize_Channel
        PrintCarry "again"
        mov     eax, [Channel]
        mov     bx, 100h
        mov     esi, 0C1000000h
        mov     ecx, 1000h
        mov     edx, 234000h
        VxDCall VDMAD_Set_Region_Info
        xor     ebx, ebx
        xor     esi, esi
        VxDCall VDMAD_Get_Region_Info
        Print   "region #EBX #ESI #ECX"
        VMMCall Get_Sys_VM_Handle
        mov     edx, 44h
        VxDCall VDMAD_Set_Phys_State
        VxDCall VDMAD_UnMask_Channel
        mov     esi, 0C1000000h
        mov     ecx, 1000h
        mov     edx, 44h
        VxDCall VDMAD_Set_Virt_State
        xor     esi, esi
        xor     edx, edx
        VxDCall VDMAD_Get_Virt_State
        Print   "virtual #ESI #ECX #EDX"
        VxDCall VDMAD_Disable_Translation
        PrintCarry "disable"
        VxDCall VDMAD_Enable_Translation
        PrintCarry "enable"
        jz      not_enabled
        VxDCall VDMAD_Enable_Translation
        PrintCarry "enable again"
not_enabled:
        mov     eax, 2
        xor     ecx, ecx
        VxDCall VDMAD_Reserve_Buffer_Space
        VxDCall PageSwap_Test_IO_Valid
        PrintCarry "paging"
        clc
        ret
EndProc DMATEST_Device_Init

BeginProc DMATEST_Sys_VM_Init
        mov     esi, OFFSET32 Source
        mov     ecx, 2001h
        VxDCall VDMAD_Request_Buffer
        PrintCarry "too big"
        mov     ecx, 13
        VxDCall VDMAD_Request_Buffer
        PrintCarry "buffer #EBX"
        test    edx, 0FFFh
        jnz     failed
        cmp     edx, 1000000h
        jae     failed
        xor     edi, edi
        VxDCall VDMAD_Copy_To_Buffer
        PrintCarry "copy to"
        mov     esi, OFFSET32 Copied
        VxDCall VDMAD_Copy_From_Buffer
        PrintCarry "copy from"
        mov     edi, 1FFFh
        VxDCall VDMAD_Copy_From_Buffer
        PrintCarry "out of range"
        push    ebx
        VxDCall VDMAD_Request_Buffer
        PrintCarry "in use"
        pop     ebx
        VxDCall VDMAD_Release_Buffer
        PrintCarry "release"
        VxDCall VDMAD_Release_Buffer
        PrintCarry "release again"
        mov     esi, OFFSET32 Source
        mov     edi, OFFSET32 Copied
        mov     ecx, 13
        cld
        repe cmpsb
        jne     failed
        mov     esi, OFFSET32 Source
        mov     ecx, 13
        mov     dl, 1
        VxDCall VDMAD_Lock_DMA_Region
        PrintCarry "lock"
        mov     esi, OFFSET32 Source
        mov     ecx, 13
        VxDCall VDMAD_Unlock_DMA_Region
        PrintCarry "unlock"
        clc
        ret
failed:
        Print   "failed"
        clc
        ret
EndProc DMATEST_Sys_VM_Init

VxD_LOCKED_CODE_ENDS
        END

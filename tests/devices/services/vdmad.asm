; VDMAD: channels, what a VM programs through its ports, the default handler, scattered regions, EISA modes
; (VDAG31 Virtual_DMA_Device).
include check.inc
include vdmad.inc

Declare_Virtual_Device TEST, 1, 0, TEST_Control, Undefined_Device_ID, Undefined_Init_Order
Begin_Control_Dispatch TEST
Control_Dispatch Device_Init, Early
Control_Dispatch Sys_VM_Init, TEST_Run
End_Control_Dispatch TEST

VxD_LOCKED_DATA_SEG
vm      dd 0
high_   dd 0
hdma    dd 0
silent  dd 0
calls   dd 0
seen    dd 0                            ; mode in the last callback
block   dd 0
from    db 'from the buffer'
copied  db 16 dup (0)
dds     Extended_DDS_Struc <>
        dd 2 * 8 dup (0)
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG

BeginProc Changed
        Check_Eq eax, [hdma], 'handle of the callback: #EAX'
        Check_Eq ebx, [vm], 'VM of the callback: #EBX'
        inc     [calls]
        VxDcall VDMAD_Get_Virt_State
        movzx   edx, dl
        mov     [seen], edx
        mov     eax, [hdma]
        VxDcall VDMAD_Default_Handler
        ret
EndProc Changed

BeginProc Early
        mov     eax, 2
        mov     ecx, 1000000h
        VxDcall VDMAD_Reserve_Buffer_Space
        clc
        ret
EndProc Early
VxD_LOCKED_CODE_ENDS

Begin_Tests
        VMMcall Get_Cur_VM_Handle
        mov     [vm], ebx
        mov     ebp, [ebx.CB_Client_Pointer]
        mov     eax, [ebx.CB_High_Linear]
        mov     [high_], eax
        VxDcall VDMAD_Get_Version
        Check   nc, 'CF of the version'
        Check_Eq eax, 400h, 'version #EAX'

        ; handles
        mov     eax, 5
        mov     esi, OFFSET32 Changed
        VxDcall VDMAD_Virtualize_Channel
        Check   nc, 'channel 5 is taken'
        mov     [hdma], eax
        mov     eax, 5
        VxDcall VDMAD_Virtualize_Channel
        Check   c, 'channel 5 twice'
        mov     eax, 4
        VxDcall VDMAD_Virtualize_Channel
        Check   c, 'the cascade'
        mov     eax, 8
        VxDcall VDMAD_Virtualize_Channel
        Check   c, 'channel 8'
        mov     eax, 3
        xor     esi, esi
        VxDcall VDMAD_Virtualize_Channel
        Check   nc, 'channel 3 is taken'
        mov     [silent], eax
;! dead-handle
        mov     eax, 1234h
        VxDcall VDMAD_Mask_Channel

        ; a VM programs channel 5: 20h words at 60000h
        mov     ebx, [vm]
        mov     eax, [hdma]
        VxDcall VDMAD_Get_Virt_State
        Check_Eq dx, DMA_masked, 'the state of a channel nobody touched: #EDX'
        Out_Byte 0D8h, 0                ; byte pointer
        Out_Byte 0C4h, 00h              ; address / 2 = 0000h
        Check_Eq [calls], 0, 'told after half an address'
        Out_Byte 0C4h, 00h
        Check_Eq [calls], 1, 'not told of an address'
        Check_Eq [seen], DMA_masked, 'state in the callback'
        Out_Byte 0C6h, 1Fh
        Out_Byte 0C6h, 00h
        Out_Byte 8Bh, 07h               ; page: its lowest bit belongs to the address
        Out_Byte 0D6h, 49h              ; channel 5, single, from memory
        mov     eax, [hdma]
        mov     ebx, [vm]
        mov     edx, 11110000h
        VxDcall VDMAD_Get_Virt_State
        mov     eax, [high_]
        add     eax, 60000h
        Check_Eq esi, eax, 'region of the VM: #ESI'
        Check_Eq ecx, 40h, 'bytes: #ECX'
        Check_Eq edx, 11110048h+DMA_masked, 'mode: #EDX'
        mov     eax, [hdma]
        VxDcall VDMAD_Disable_Translation
        Check   nc, 'translation cannot be switched off'
        VxDcall VDMAD_Get_Virt_State
        Check_Eq esi, 60000h, 'physical address: #ESI'
        VxDcall VDMAD_Disable_Translation
        VxDcall VDMAD_Enable_Translation
        Check   z, 'on again after one of two'
        VxDcall VDMAD_Enable_Translation
        Check   nz, 'not on again'
        Check   nc, 'it was off'
        VxDcall VDMAD_Enable_Translation
        Check   c, 'it was on'

        ; what the VM reads back
        Out_Byte 0D8h, 0
        In_Byte 0C6h
        Check_Eq eax, 1Fh, 'count, low: #EAX'
        In_Byte 0C6h
        Check_Eq eax, 0, 'count, high: #EAX'
        In_Byte 8Bh
        Check_Eq eax, 7, 'page: #EAX'
        In_Byte 0DEh
        Check_Eq eax, 0Fh, 'masks: #EAX'

        ; unmasked, the default handler programs the controller; ring 0 sees it at the ports
        Out_Byte 0D4h, 1
        Check_Eq [seen], 48h, 'mode when unmasked'
        in      al, 0DEh
        test    al, 2
        Check   z, 'channel 5 is still masked'
        out     0D8h, al
        in      al, 0C6h
        Check_Eq al, 1Fh, 'count in the controller: #EAX'
        in      al, 0C6h
        mov     eax, [hdma]
        VxDcall VDMAD_Get_Region_Info
        mov     eax, [high_]
        add     eax, 60000h
        Check_Eq esi, eax, 'region: #ESI'
        Check_Eq ecx, 40h, 'bytes of the region: #ECX'
        Check_Eq bh, 1, 'not locked'
        Out_Byte 0D4h, 5
        in      al, 0DEh
        test    al, 2
        Check   nz, 'channel 5 is not masked'
        push    [calls]
        Out_Byte 0D4h, 5
        pop     ecx
        Check_Eq ecx, [calls], 'told although nothing changed'
        Out_Byte 0DAh, 0                ; master clear: it is masked already
        mov     ebx, [vm]

        ; a channel without an owner works by itself, one whose owner has no callback stays as it is
        mov     dword ptr ds:[60100h], 'abcd'
        Out_Byte 0Ch, 0
        Out_Byte 2, 00h
        Out_Byte 2, 01h
        Out_Byte 3, 3
        Out_Byte 3, 0
        Out_Byte 83h, 6
        Out_Byte 0Bh, 49h
        Out_Byte 0Ah, 1
        Out_Byte 6, 0
        Out_Byte 6, 0
        Out_Byte 0Ah, 3
        in      al, 0Fh
        and     al, 0Ah
        Check_Eq al, 8, 'masks of the controller: #EAX'
        Out_Byte 9, 5                   ; a software request of channel 1
        Out_Byte 9, 1
        Out_Byte 0Fh, 0Fh
        in      al, 0Fh
        and     al, 2
        Check_Eq al, 2, 'channel 1 is not masked: #EAX'
        Out_Byte 0Eh, 0                 ; all open
        Out_Byte 0Dh, 0                 ; and closed
        In_Byte 0Fh
        Check_Eq eax, 0Fh, 'masks after a master clear: #EAX'
        In_Byte 8
        Out_Byte 8, 4
        mov     edx, 0
        mov     eax, 1234h
        mov     ecx, Word_Output        ; as two bytes
        VMMcall Simulate_VM_IO
        In_Byte 81h

        ; a transfer that software requests, with the channel masked: nobody answers, so that ones are written
        mov     ebx, [vm]
        mov     dword ptr ds:[61000h], 'abcd'
        mov     dword ptr ds:[61004h], 'efgh'
        Out_Byte 0Ch, 0
        Out_Byte 0, 00h
        Out_Byte 0, 10h
        Out_Byte 1, 3
        Out_Byte 1, 0
        Out_Byte 87h, 6
        Out_Byte 0Bh, 84h
        Out_Byte 9, 4
        In_Byte 8
        and     al, 1
        Check_Eq al, 1, 'the end of a transfer by software: #EAX'
        Check_Eq <dword ptr ds:[61000h]>, -1, 'what was written'
        Check_Eq <dword ptr ds:[61004h]>, 'efgh', 'what was not'
        in      al, 0Fh
        test    al, 1
        Check   nz, 'channel 0 is open'

        ; what a driver sets
        mov     eax, [hdma]
        mov     ebx, [vm]
        mov     esi, 0C1000000h
        mov     ecx, 1000h
        mov     edx, 44h
        VxDcall VDMAD_Set_Virt_State
        xor     esi, esi
        VxDcall VDMAD_Get_Virt_State
        Check_Eq esi, 0C1000000h, 'address set: #ESI'
        Check_Eq ecx, 1000h, 'bytes set: #ECX'
        Check_Eq dx, 44h, 'mode set: #EDX'
;! dead-handle
        mov     ebx, 1234h
        VxDcall VDMAD_Set_Virt_State
;! dead-handle
        VxDcall VDMAD_Default_Handler
        mov     ebx, [vm]
        VxDcall VDMAD_Phys_Unmask_Channel
        in      al, 0DEh
        test    al, 2
        Check   z, 'not unmasked'
        mov     eax, [hdma]
        VxDcall VDMAD_Phys_Mask_Channel
        in      al, 0DEh
        test    al, 2
        Check   nz, 'not masked'
        mov     eax, [hdma]
        VxDcall VDMAD_UnMask_Channel
        VxDcall VDMAD_Mask_Channel
        mov     bx, 100h
        mov     esi, 0C1000000h
        mov     ecx, 200h
        mov     edx, 234000h
        VxDcall VDMAD_Set_Region_Info
        mov     edx, 44h
        VxDcall VDMAD_Set_Phys_State

        ; EISA
        mov     eax, 5
        mov     ebx, [hdma]
        xor     ecx, ecx
        VxDcall VDMAD_Get_EISA_Adr_Mode
        Check_Eq ecx, 1, 'channel 5 counts words: #ECX'
        mov     cl, 3
        VxDcall VDMAD_Set_EISA_Adr_Mode
        xor     ecx, ecx
        VxDcall VDMAD_Get_EISA_Adr_Mode
        Check_Eq ecx, 3, 'EISA mode set: #ECX'
;! input-range
        mov     cl, 4
        VxDcall VDMAD_Set_EISA_Adr_Mode
;! dead-handle
        mov     eax, 3
        VxDcall VDMAD_Get_EISA_Adr_Mode

        ; the buffer
        mov     esi, OFFSET32 from
        mov     ecx, 15
        VxDcall VDMAD_Request_Buffer
        Check   nc, 'no buffer'
        VxDcall VDMAD_Request_Buffer
        Check   c, 'two buffers'
        Check_Eq al, DMA_Buffer_In_Use, 'error of the second: #EAX'
        xor     edi, edi
        VxDcall VDMAD_Copy_To_Buffer
        Check   nc, 'not copied'
        mov     esi, OFFSET32 copied
        VxDcall VDMAD_Copy_From_Buffer
        Check   nc, 'not copied back'
        Check_Eq <dword ptr [copied]>, 'morf', 'copied'
        mov     edi, 0FFFFFFF0h
        VxDcall VDMAD_Copy_From_Buffer
        Check   c, 'beyond the buffer'
        Check_Eq al, DMA_Copy_Out_Range, 'error of the range: #EAX'
        mov     ebx, 77
        VxDcall VDMAD_Copy_To_Buffer
        Check_Eq al, DMA_Invalid_Buffer, 'error of the id: #EAX'
        mov     ebx, 1
        VxDcall VDMAD_Release_Buffer
        Check   nc, 'not released'
        mov     ecx, 100000h
        VxDcall VDMAD_Request_Buffer
        Check_Eq al, DMA_Buffer_Too_Small, 'error of the size: #EAX'

        ; locking
        VMMcall _PageAllocate, <4, PG_SYS, 0, 0, 0, 0, 0, PAGEZEROINIT>
        mov     [block], eax
        mov     esi, eax
        mov     ecx, 100h
        mov     edx, 1
        VxDcall VDMAD_Lock_DMA_Region
        Check   nc, 'cannot be locked'
        Check_Ne edx, 0, 'no physical address'
        VxDcall VDMAD_Unlock_DMA_Region
        Check   nc, 'cannot be unlocked'
;! input-range
        VxDcall VDMAD_Unlock_DMA_Region_No_Dirty
        Check   c, 'unlocked twice'

        ; a scattered region, by physical regions
        mov     edi, OFFSET32 dds
        mov     eax, [block]
        add     eax, 100h
        mov     [edi.DDS_linear], eax
        mov     [edi.DDS_size], 2F00h
        mov     [edi.DDS_seg], 0
        mov     [edi.DDS_avail], 8
        mov     ebx, [vm]
        xor     eax, eax
        VxDcall VDMAD_Scatter_Lock
        Check   nc, 'scattered: not locked'
        Check   z, 'scattered: not all'
        movzx   eax, [edi.DDS_used]
        Check_Eq edx, eax, 'entries: #EDX, used: #EAX'
        Check_Eq [edi.DDS_size], 2F00h, 'bytes locked'
        mov     eax, dword ptr [edi+size Extended_DDS_Struc]
        and     eax, 0FFFh
        Check_Eq eax, 100h, 'first physical address: #EAX'
        xor     eax, eax
        VxDcall VDMAD_Scatter_Unlock
        Check   nc, 'scattered: not unlocked'
;! input-range
        VxDcall VDMAD_Scatter_Unlock
        Check   c, 'scattered: unlocked twice'

        ; by page-table entries, with room for two
        mov     [edi.DDS_avail], 2
        mov     al, 1
        VxDcall VDMAD_Scatter_Lock
        Check   nc, 'pages: not locked'
        Check   nz, 'pages: all of them'
        Check_Eq edx, 3, 'pages needed: #EDX'
        Check_Eq esi, 100h, 'offset: #ESI'
        Check_Eq [edi.DDS_size], 1F00h, 'bytes of two pages'
        test    byte ptr [edi+size Extended_DDS_Struc], 1
        Check   nz, 'an entry that is not present'
        mov     al, 1
        VxDcall VDMAD_Scatter_Unlock
        Check   nc, 'pages: not unlocked'

        ; pages that are not there
        VMMcall _PageReserve, <PR_SYSTEM, 3, 0>
        mov     [edi.DDS_linear], eax
        mov     [edi.DDS_size], 3000h
        mov     [edi.DDS_avail], 4
        shr     eax, 12
        inc     eax
        VMMcall _PageCommit, <eax, 1, PD_ZEROINIT, 0, PC_WRITEABLE>
        xor     eax, eax
        VxDcall VDMAD_Scatter_Lock
        Check   c, 'locked what is not there'
        mov     al, 3
        VxDcall VDMAD_Scatter_Lock
        Check   nc, 'the page that is there is not locked'
        Check_Eq <dword ptr [edi+size Extended_DDS_Struc]>, 0, 'an entry for what is not there'
        Check_Ne <dword ptr [edi+size Extended_DDS_Struc+4]>, 0, 'no entry for what is there'
        mov     al, 3
        VxDcall VDMAD_Scatter_Unlock
        Check   nc, 'not unlocked page by page'
;! dead-handle
        mov     ebx, 1234h
        VxDcall VDMAD_Scatter_Lock
        Check   c, 'no VM'

        mov     eax, [hdma]
        VxDcall VDMAD_Unvirtualize_Channel
;! dead-handle
        VxDcall VDMAD_Unvirtualize_Channel
End_Tests
end

; What tests/devices/test_vpicd.c does not ask of VPICD; PAGESWAP; SHELL and VXDLDR beside message boxes and loading.
include check.inc
include vpicd.inc
include pageswap.inc
include pagefile.inc
include shell.inc
include vxdldr.inc
include vcd.inc
include vkd.inc

Declare_Virtual_Device TEST, 1, 0, TEST_Control, Undefined_Device_ID, Undefined_Init_Order
Begin_Control_Dispatch TEST
Control_Dispatch Device_Init, Early
Control_Dispatch Sys_VM_Init, TEST_Run
End_Control_Dispatch TEST

VxD_LOCKED_DATA_SEG
irq     VPICD_IRQ_Descriptor <9, 0, OFFSET32 Hardware>
handle  dd 0
calls   dd 0
appy    dd 0
com2    db 'COM2    '
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
BeginProc Hardware
        inc     [calls]
        VxDcall VPICD_Phys_EOI
        clc
        ret
EndProc Hardware

BeginProc Early
        mov     edi, OFFSET32 irq
        VxDcall VPICD_Virtualize_IRQ
        Check   nc, 'IRQ 9 is taken'
        mov     [handle], eax
        clc
        ret
EndProc Early

BeginProc At_Appy_Time, CCALL, PUBLIC
        inc     [appy]
        ret
EndProc At_Appy_Time
VxD_LOCKED_CODE_ENDS

Begin_Tests
        VMMcall Get_Cur_VM_Handle
        mov     eax, [handle]
        VxDcall VPICD_Test_Phys_Request
        Check   nc, 'IRQ 9 is requested'
        VxDcall VPICD_Physically_Mask
        in      al, 0A1h
        test    al, 2
        Check   nz, 'IRQ 9 is not masked'
        mov     eax, [handle]
        VxDcall VPICD_Physically_Unmask
        in      al, 0A1h
        test    al, 2
        Check   z, 'IRQ 9 is not unmasked'
        mov     eax, [handle]
        VxDcall VPICD_Set_Auto_Masking
        VxDcall VPICD_Set_Int_Request
        VxDcall VPICD_Virtual_EOI
        VxDcall VPICD_Clear_Int_Request
        mov     eax, 9
        VxDcall VPICD_Get_Virtualization_Count
        Check   nc, 'CF of the count'
        Check_Eq eax, 1, 'drivers of IRQ 9: #EAX'
        mov     eax, 10
        VxDcall VPICD_Get_Virtualization_Count
        Check_Eq eax, 0, 'drivers of IRQ 10: #EAX'
        mov     eax, [handle]
        VxDcall VPICD_Force_Default_Behavior

        ; PAGESWAP
        mov     ebx, 11110001h
        mov     ecx, 1
        VxDcall PageSwap_Get_Version
        Check   nc, 'CF of the version of PAGESWAP'
        Check_Eq eax, 400h, 'version of PAGESWAP #EAX'
        Check_Eq bx, 1, 'type of paging #EBX'
        Check_Eq ecx, 0, 'pages of the swap file #ECX'
        mov     ecx, 16
        xor     eax, eax
        VxDcall PageSwap_Test_Create
        Check   c, 'a swap file can be made'
        VxDcall PageSwap_Test_IO_Valid
        Check   nc, 'paging is not possible'
        VxDcall PageSwap_Init_File
        Check   nc, 'PageSwap_Init_File'
        Check_Eq bl, 1, 'type of paging #BL'
        mov     ecx, 16
        VxDcall PageSwap_Grow_File
        Check_Eq eax, 0, 'size of the swap file #EAX'
        Check_Eq ebx, 0, 'maximum size of the swap file #EBX'
        Check_Eq ecx, 16, 'ECX is not preserved'
        mov     ch, 0
        xor     edi, edi
        mov     esi, 12345678h
        mov     eax, 1
        VxDcall PageSwap_Read_Or_Write
        Check_Eq eax, 0, 'a page of the swap file'
        Check_Eq esi, 12345678h, 'ESI is not preserved'

        ; PAGEFILE
        mov     ebx, 11110000h
        mov     ecx, 1
        VxDcall PageFile_Get_Version
        Check   nc, 'CF of the version of PAGEFILE'
        Check_Eq eax, 400h, 'version of PAGEFILE #EAX'
        Check_Eq bx, 1, 'type of paging #EBX'
        Check_Eq ecx, 0, 'pages of the swap file #ECX'
        VxDcall PageFile_Init_File
        Check_Eq ebx, 0, 'a swap file was made #EBX'
        stc
        VxDcall PageFile_Clean_Up
        Check   nc, 'PageFile_Clean_Up'
        mov     ecx, 16
        VxDcall PageFile_Grow_File
        Check_Eq eax, 0, 'size of the paging file #EAX'
        Check_Eq ebx, 0, 'maximum size of the paging file #EBX'
        mov     eax, 1
        VxDcall PageFile_Read_Or_Write
        Check_Eq eax, 0, 'a page of the paging file'
        VxDcall PageFile_Test_IO_Valid
        Check   nc, 'paging is not permitted'
        mov     eax, 1
        mov     ebx, eax
        mov     edx, eax
        VxDcall PageFile_Get_Size_Info
        Check   nc, 'CF of the size of the paging file'
        or      eax, ebx
        or      eax, ecx
        or      eax, edx
        Check_Eq eax, 0, 'sizes of the paging file #EAX'

        ; SHELL
        mov     ebx, 77h
        VxDcall _SHELL_PostShellMessage, <1, 2>
        Check_Eq ebx, 77h, 'EBX is not preserved'
        VxDcall SHELL_Get_Version
        Check   nc, 'CF of the version of SHELL'
        VMMcall Get_Cur_VM_Handle
        mov     ecx, 1
        xor     eax, eax
        xor     esi, esi
        VxDcall SHELL_Event
        Check   c, 'an event for a shell that is not there'
        mov     eax, ebx
        mov     esi, OFFSET32 com2
        mov     edi, ebx
        VxDcall SHELL_Resolve_Contention
        Check   nc, 'contention is not resolved'
        Check_Eq ebx, edi, 'the winner: #EBX'
        mov     eax, 1234h
        VxDcall SHELL_Resolve_Contention
        Check   c, 'contention with no VM'
        VxDcall _SHELL_QueryAppyTimeAvailable
        Check_Ne eax, 0, 'no application time'
        VxDcall _SHELL_CallAtAppyTime, <<OFFSET32 At_Appy_Time>, 0, 0, 0>
        Check_Ne eax, 0, 'no application-time event'
        VxDcall _SHELL_CancelAppyTimeEvent, <eax>
;! dead-handle
        VxDcall _SHELL_CancelAppyTimeEvent, <4711>
        Check_Eq [appy], 0, 'a cancelled event ran'

        ; VXDLDR
        VxDcall VXDLDR_Get_Version
        Check   nc, 'CF of the version of VXDLDR'
        mov     eax, VXDLDR_NOTIFY_OBJECTUNLOAD
        VxDcall VXDLDR_Notify
        xor     edx, edx
        VxDcall VXDLDR_DevInitSucceeded
        Check   nc, 'success of nothing'
        VxDcall VXDLDR_DevInitFailed
        Check   nc, 'failure of nothing'
End_Tests
end

; I/O handlers, trapping, simulated accesses (Win95 DDK S31F0-S31F9; Win98 DDK kernel_8w8n).
include check.inc
Test_Driver

PORT    equ 3E8h

VxD_LOCKED_DATA_SEG
vm      dd 0
calls   dd 0
lastport dd 0
lasttype dd 0
lastdata dd 0
esp_    dd 0
Begin_VxD_IO_Table Ports
VxD_IO  3F0h, Byte_Handler
VxD_IO  3F1h, Byte_Handler
VxD_IO  PORT, Byte_Handler
VxD_IO  3F3h, Byte_Handler
End_VxD_IO_Table Ports
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
; Answers every port with its low byte; wider accesses go through Simulate_IO.
BeginProc Byte_Handler
        Emulate_Non_Byte_IO
        inc     [calls]
        mov     [lastport], edx
        mov     [lasttype], ecx
        test    ecx, Output
        jz      Input_
        movzx   eax, al
        shl     [lastdata], 8
        or      [lastdata], eax
        ret
Input_: mov     al, dl
        mov     ebx, -1
        mov     ecx, -1
        mov     esi, -1
        mov     edi, -1
        ret
EndProc Byte_Handler
VxD_LOCKED_CODE_ENDS

Begin_Tests
        VMMcall Get_Cur_VM_Handle
        mov     [vm], ebx
        mov     edx, PORT
        mov     esi, OFFSET32 Byte_Handler
        VMMcall Install_IO_Handler
        Check   nc, 'cannot install'
        VMMcall Install_IO_Handler
        Check   c, 'installed twice'
        mov     edx, PORT+1
        VMMcall Install_IO_Handler
        mov     edx, PORT+2
        VMMcall Install_IO_Handler
        mov     edx, PORT+3
        VMMcall Install_IO_Handler

        ; as the VM would do it
        mov     eax, 11223344h
        mov     ebx, 1
        mov     ecx, Byte_Input
        mov     edx, PORT
        mov     esi, 5
        mov     edi, 6
        mov     ebp, 7
        mov     [esp_], esp
        VMMcall Simulate_VM_IO
        Check_Eq eax, 112233E8h, 'byte input: #EAX'
        Check_Eq ebx, 1, 'EBX changed'
        Check_Eq esi, 5, 'ESI changed'
        Check_Eq edi, 6, 'EDI changed'
        Check_Eq ebp, 7, 'EBP changed'
        cmp     esp, [esp_]
        Check   e, 'ESP changed'
        Check_Eq [calls], 1, 'the handler was not called once'
        Check_Eq [lastport], PORT, 'EDX of the handler'
        mov     ecx, Word_Input
        mov     edx, PORT
        VMMcall Simulate_VM_IO
        Check_Eq eax, 1122E9E8h, 'word input: #EAX'
        mov     ecx, Dword_Input
        mov     edx, PORT
        VMMcall Simulate_VM_IO
        Check_Eq eax, 0EBEAE9E8h, 'dword input: #EAX'
        mov     [lastdata], 0
        mov     eax, 0A1B2C3D4h
        mov     ecx, Dword_Output
        mov     edx, PORT
        VMMcall Simulate_VM_IO
        Check_Eq [lastdata], 0D4C3B2A1h, 'dword output, byte by byte'
        Check_Eq [lasttype], Byte_Output, 'type of the last byte'

        ; only some of the ports are trapped
        mov     edx, PORT+1
        VMMcall Disable_Global_Trapping
        mov     [calls], 0
        mov     ecx, Word_Input
        mov     edx, PORT+1
        VMMcall Simulate_VM_IO
        Check_Eq [calls], 1, 'calls with one port trapped'
        Check_Eq ah, 0EAh, 'its byte: #EAX'
        mov     ebx, [vm]
        mov     edx, PORT+1
        VMMcall Enable_Local_Trapping
        mov     ecx, Byte_Input
        mov     edx, PORT+1
        VMMcall Simulate_VM_IO
        Check_Eq [calls], 2, 'not trapped locally'
        mov     edx, PORT+1
        VMMcall Disable_Local_Trapping
        mov     ecx, Byte_Input
        mov     edx, PORT+1
        VMMcall Simulate_VM_IO
        Check_Eq [calls], 2, 'still trapped locally'
        VMMcall Enable_Global_Trapping
        mov     ecx, Byte_Input
        VMMcall Simulate_VM_IO
        Check_Eq [calls], 3, 'not trapped globally'
;! input-range
        mov     edx, 1234h
        VMMcall Enable_Global_Trapping
;! dead-handle
        mov     ebx, 12345h
        mov     edx, PORT
        VMMcall Enable_Local_Trapping
;! input-range
        mov     edx, 12345h
        mov     esi, OFFSET32 Byte_Handler
        VMMcall Install_IO_Handler
        Check   c, 'a port above FFFFh'

        ; tables
        mov     edi, OFFSET32 Ports
        VMMcall Install_Mult_IO_Handlers
        Check   c, 'a table with a taken port'
        Check_Eq edx, PORT, 'the taken port: #EDX'
        mov     edx, 3F1h
        VMMcall Remove_IO_Handler
        Check   nc, 'the entry before it did not stay'
        mov     edx, 3F3h
        VMMcall Remove_IO_Handler
        Check   c, 'the entry behind it was installed'
        mov     edx, 3F0h
        VMMcall Remove_IO_Handler
        mov     edx, PORT
        VMMcall Remove_IO_Handler
        Check   nc, 'cannot remove'
        VMMcall Install_Mult_IO_Handlers
        Check   nc, 'the table cannot be installed'
        VMMcall Remove_Mult_IO_Handlers
        Check   nc, 'the table cannot be removed'
        mov     edx, PORT
        VMMcall Remove_IO_Handler
        Check   c, 'removed twice'
End_Tests
end

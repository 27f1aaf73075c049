; VCD: who has a serial port, and what another VM finds there (VDAG31 Virtual_Communications_Device).
include check.inc
include vcd.inc
Declare_Virtual_Device TEST, 1, 0, TEST_Control, Undefined_Device_ID, Undefined_Init_Order
Begin_Control_Dispatch TEST
Control_Dispatch Sys_VM_Init, TEST_Run
End_Control_Dispatch TEST

VxD_LOCKED_DATA_SEG
vm      dd 0
VxD_LOCKED_DATA_ENDS

Begin_Tests
        VxDcall VCD_Get_Version
        Check   nc, 'CF of the version'
        Check_Eq eax, 400h, 'version #EAX'
        VMMcall Get_Cur_VM_Handle
        mov     [vm], ebx
        mov     eax, 1
        VxDcall VCD_Get_Focus
        Check   nc, 'no COM1'
        Check_Eq ebx, 0, 'COM1 has an owner: #EBX'
        mov     eax, 3
        VxDcall VCD_Get_Focus
        Check   c, 'there is a COM3'
        mov     eax, 0
        VxDcall VCD_Set_Port_Global
        Check   c, 'there is a COM0'

        ; whoever uses it first has it, once there is somebody to share with
        mov     eax, Create_VM
        VMMcall System_Control
        Check   nc, 'no second VM'
        mov     ebx, [vm]
        Out_Byte 3FFh, 5Ah              ; scratch register
        In_Byte 3FFh
        Check_Eq eax, 5Ah, 'the scratch register of COM1: #EAX'
        mov     eax, 1
        VxDcall VCD_Get_Focus
        Check_Eq ebx, [vm], 'owner of COM1: #EBX'
        mov     eax, 2
        VxDcall VCD_Get_Focus
        Check_Eq ebx, 0, 'COM2 has an owner: #EBX'
        mov     edx, 3FAh
        mov     ecx, Word_Input         ; as two bytes
        VMMcall Simulate_VM_IO

        ; a global port belongs to nobody
        mov     eax, 2
        xor     edx, edx
        VxDcall VCD_Set_Port_Global
        Check   nc, 'COM2 cannot be global'
        Out_Byte 2FFh, 0A5h
        In_Byte 2FFh
        Check_Eq eax, 0A5h, 'the scratch register of COM2: #EAX'
        mov     eax, 2
        VxDcall VCD_Get_Focus
        Check_Eq ebx, 0, 'a global port has an owner: #EBX'
        mov     ebx, [vm]
        mov     edx, VCD_Device_ID
        xor     esi, esi
        xor     edi, edi
        mov     eax, Set_Device_Focus
        VMMcall System_Control
        mov     eax, 2
        VxDcall VCD_Get_Focus
        Check_Eq ebx, [vm], 'focus of COM2: #EBX'
        mov     eax, 2
        mov     edx, 1
        VxDcall VCD_Set_Port_Global
        Check   nc, 'COM2 cannot be local again'
End_Tests
end

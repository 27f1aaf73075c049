; What belongs to each VM when two exist: instance data, I/O trapping, control-block areas, V86 memory.
include check.inc
Declare_Virtual_Device TEST, 1, 0, TEST_Control, Undefined_Device_ID, Undefined_Init_Order
Begin_Control_Dispatch TEST
Control_Dispatch Device_Init, TEST_Device_Init
Control_Dispatch Sys_VM_Init, TEST_Sys_VM_Init
Control_Dispatch VM_Init, TEST_VM_Init
End_Control_Dispatch TEST

PORT    equ 3E8h

VxD_LOCKED_DATA_SEG
area    dd 0                            ; instanced
shared  dd 0                            ; global, not instanced
cb      dd 0
second  dd 0
calls   dd 0
inits   dd 0
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
BeginProc Handler
        inc     [calls]
        mov     al, 5Ah
        ret
EndProc Handler

BeginProc TEST_Device_Init
        VMMcall _Allocate_Global_V86_Data_Area, <4, GVDADWordAlign+GVDAInstance>
        Check_Ne eax, 0, 'no instanced area'
        mov     [area], eax
        mov     dword ptr [eax], 11h
        VMMcall _Allocate_Global_V86_Data_Area, <4, GVDADWordAlign>
        mov     [shared], eax
        mov     dword ptr [eax], 11h
        VMMcall _Allocate_Device_CB_Area, <4, 0>
        mov     [cb], eax
        mov     edx, PORT
        mov     esi, OFFSET32 Handler
        VMMcall Install_IO_Handler
        clc
        ret
EndProc TEST_Device_Init

; The System VM changes its own, then makes another VM.
BeginProc TEST_Sys_VM_Init
        mov     eax, [area]
        Check_Eq <dword ptr [eax]>, 11h, 'instance data changed during initialisation'
        mov     dword ptr [eax], 22h
        mov     eax, [shared]
        mov     dword ptr [eax], 22h
        mov     eax, [cb]
        mov     dword ptr [ebx+eax], 22h
        mov     dword ptr ds:[70000h], 22h
        mov     edx, PORT
        VMMcall Disable_Local_Trapping
        mov     eax, Create_VM
        VMMcall System_Control
        Check   nc, 'no second VM'
        mov     [second], ebx
        VMMcall Get_Sys_VM_Handle
        mov     eax, 100
        mov     esi, OFFSET32 Later
        VMMcall Set_Global_Time_Out
        clc
        ret
EndProc TEST_Sys_VM_Init

; In the second VM.
BeginProc TEST_VM_Init
        inc     [inits]
        VMMcall Test_Cur_VM_Handle
        Check   e, 'VM_Init outside its VM'
        mov     eax, [area]
        Check_Eq <dword ptr [eax]>, 11h, 'a new VM does not begin with the snapshot'
        mov     dword ptr [eax], 33h
        mov     eax, [shared]
        Check_Eq <dword ptr [eax]>, 22h, 'global memory is not shared'
        mov     eax, [cb]
        Check_Eq <dword ptr [ebx+eax]>, 0, 'the control-block area of a new VM is not zero'
        Check_Ne <dword ptr ds:[70000h]>, 22h, 'private memory is shared'
        mov     [calls], 0
        mov     ecx, Byte_Input
        mov     edx, PORT
        VMMcall Simulate_VM_IO
        Check_Eq [calls], 1, 'the port is not trapped in the second VM'
        clc
        ret
EndProc TEST_VM_Init

BeginProc Later
        VMMcall Get_Cur_VM_Handle
        VMMcall Test_Sys_VM_Handle
        jne     Other_VM
        mov     eax, [area]
        Check_Eq <dword ptr [eax]>, 22h, 'the instance data of the System VM is lost'
        Check_Eq <dword ptr ds:[70000h]>, 22h, 'the memory of the System VM is lost'
        mov     eax, [area]
        mov     edx, [second]
        add     eax, [edx].CB_High_Linear
        Check_Eq <dword ptr [eax]>, 33h, 'instance data of the other VM at its high linear address'
        mov     dword ptr [eax], 44h
        mov     ecx, [area]
        Check_Eq <dword ptr [ecx]>, 22h, 'instance data of the System VM, changed through the other'
        add     ecx, [ebx].CB_High_Linear
        Check_Eq <dword ptr [ecx]>, 22h, 'instance data of the System VM at its high linear address'
        Check_Eq <dword ptr [eax]>, 44h, 'instance data of the other VM, written at its high linear address'
        mov     eax, [shared]
        mov     ecx, eax
        add     ecx, [edx].CB_High_Linear
        mov     dword ptr [eax], 66h
        Check_Eq <dword ptr [ecx]>, 66h, 'global memory at the high linear address'
        mov     eax, [area]
        and     eax, NOT 0FFFh
        mov     ecx, [edx].CB_High_Linear
        mov     [calls], 0
        mov     ecx, Byte_Input
        mov     edx, PORT
        VMMcall Simulate_VM_IO
        Check_Eq [calls], 0, 'the port is trapped in the System VM'
Other_VM:
        Check_Eq [inits], 1, 'VM_Init was not sent once'
        Say     'done'
        ret
EndProc Later
VxD_LOCKED_CODE_ENDS
end

; How much EMS and XMS a virtual machine may have (Win95 DDK S34E6): set at Create_VM, kept in multiples of 4, -1 leaves a
; kind alone.
include check.inc
include v86mmgr.inc
Declare_Virtual_Device TEST, 1, 0, TEST_Control, Undefined_Device_ID, Undefined_Init_Order
Begin_Control_Dispatch TEST
Control_Dispatch Sys_VM_Init, TEST_Sys_VM_Init
Control_Dispatch Create_VM, TEST_Create_VM
End_Control_Dispatch TEST

VxD_LOCKED_DATA_SEG
second  dd 0
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
BeginProc TEST_Sys_VM_Init
        mov     eax, Create_VM
        xor     ebx, ebx
        VMMcall System_Control
        Say     'done'
        clc
        ret
EndProc TEST_Sys_VM_Init

BeginProc TEST_Create_VM
        push    ebx
        mov     [second], ebx
        mov     ecx, 0
        mov     eax, 0
        mov     edx, 0                  ; no EMS
        mov     esi, 4
        mov     edi, 3FEh
        VxDcall V86MMGR_Set_EMS_XMS_Limits
        Check   nc, 'set'
        Check_Eq eax, 0, 'EAX: #EAX'
        Check_Eq edx, 0, 'EDX: #EDX'
        Check_Eq esi, 4, 'ESI: #ESI'
        Check_Eq edi, 3FEh, 'EDI: #EDI'
        Check_Eq ebx, [second], 'EBX: #EBX'
        VxDcall V86MMGR_Get_EMS_XMS_Limits
        Check_Eq eax, 0, 'least EMS: #EAX'
        Check_Eq edx, 0, 'most EMS: #EDX'
        Check_Eq esi, 4, 'least XMS: #ESI'
        Check_Eq edi, 400h, 'most XMS: #EDI'
        Check_Eq ecx, 1, 'HMA: #ECX'
        Check_Eq ebx, [second], 'EBX: #EBX'
        mov     eax, 10h
        mov     edx, 20h
        mov     esi, -1
        mov     edi, -1
        VxDcall V86MMGR_Set_EMS_XMS_Limits
        Check   nc, 'EMS alone'
        VxDcall V86MMGR_Get_EMS_XMS_Avail
        Check_Eq eax, 400h, 'KB of XMS free: #EAX'
        Check_Eq ecx, 2, 'pages of EMS free: #ECX'
        Check_Eq edx, 2, 'pages of EMS in all: #EDX'
        Check_Eq edi, 400h, 'KB of XMS in all: #EDI'
        Check_Eq ebx, [second], 'EBX: #EBX'
;! dead-handle
        mov     ebx, 1234h
        VxDcall V86MMGR_Get_EMS_XMS_Avail
        mov     ebx, [second]
        VxDcall V86MMGR_Get_EMS_XMS_Limits
        Check_Eq edx, 20h, 'most EMS now: #EDX'
        Check_Eq edi, 400h, 'most XMS still: #EDI'
        mov     eax, -1
        mov     edx, -1
        mov     esi, 40000000h          ; a terabyte
        mov     edi, 40000000h
        VxDcall V86MMGR_Set_EMS_XMS_Limits
        Check   c, 'more than there is'
        VxDcall V86MMGR_Get_EMS_XMS_Limits
        Check_Eq edi, 400h, 'as before: #EDI'
        mov     esi, 8                  ; the least is more than the most
        mov     edi, 4
        VxDcall V86MMGR_Set_EMS_XMS_Limits
        Check   c, 'more at least than at most'
;! dead-handle
        mov     ebx, 1234h
        VxDcall V86MMGR_Set_EMS_XMS_Limits
        Check   c, 'nobody has limits'
        pop     ebx
        clc
        ret
EndProc TEST_Create_VM
VxD_LOCKED_CODE_ENDS
        END

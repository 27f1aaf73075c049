; VMCPD: CR0's MP and EM as each virtual machine has them, what an instruction of the coprocessor does then; VSD: the bell
; (VDAG31 Virtual_Math_Coprocessor_Device, Virtual_Sound_Device).
include check.inc
include vmcpd.inc
include vsd.inc
Declare_Virtual_Device TEST, 1, 0, TEST_Control, Undefined_Device_ID, Undefined_Init_Order
Begin_Control_Dispatch TEST
Control_Dispatch Sys_VM_Init, TEST_Run
End_Control_Dispatch TEST

CODE_AT equ 80000h
FOUND_AT equ 80100h
MP_EM equ 6                                     ; of CR0

VxD_LOCKED_DATA_SEG
second  dd 0
asked   dd 0
V86_CODE segment para use16 public 'LCODE'
assume ds:nothing
Begin_16:                                       ; INT 60h: FLD1, then it is said that it passed
        fld1
        inc     byte ptr cs:[FOUND_AT - CODE_AT]
        iret
Absent_16:                                      ; INT 7: over the instruction
        inc     byte ptr cs:[FOUND_AT - CODE_AT + 1]
        push    bp
        mov     bp, sp
        add     word ptr [bp+2], 2
        pop     bp
        iret
End_16:
V86_CODE ends
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
; In the second VM, which has another state than the System VM.
BeginProc In_Second
        inc     [asked]
        mov     eax, cr0
        and     eax, MP_EM
        Check_Eq eax, 2, 'CR0 in the second VM: #EAX'
        ret
EndProc In_Second

BeginProc In_System_VM
        inc     [asked]
        mov     eax, cr0
        and     eax, MP_EM
        Check_Eq eax, 4, 'CR0 back in the System VM: #EAX'
        ret
EndProc In_System_VM

; The bell began 400 ms ago, and again 300 ms ago.
BeginProc Sounding
        in      al, 61h
        and     al, 3
        Check_Eq al, 3, 'the bell is silent'
        Check_Eq [asked], 1, 'the second VM was not asked'
        VMMcall Get_Sys_VM_Handle
        mov     esi, OFFSET32 In_System_VM
        VMMcall Schedule_VM_Event
        mov     eax, 160
        mov     esi, OFFSET32 Still
        VMMcall Set_Global_Time_Out
        ret
EndProc Sounding

; The first has ended, the second has not.
BeginProc Still
        in      al, 61h
        and     al, 3
        Check_Eq al, 3, 'the first bell silenced the second'
        mov     eax, 300
        mov     esi, OFFSET32 Silent
        VMMcall Set_Global_Time_Out
        ret
EndProc Still

BeginProc Silent
        in      al, 61h
        and     al, 3
        Check_Eq al, 0, 'the bell does not end'
        Check_Eq [asked], 2, 'the System VM was not asked'
        Say     'done'
        ret
EndProc Silent

BeginProc Again
        VxDcall VSD_Bell
        ret
EndProc Again

BeginProc TEST_Run
        VxDcall VMCPD_Get_Version
        Check_Eq eax, 400h, 'version of VMCPD #EAX'
        Check_Eq ecx, 3, 'coprocessor #ECX'
        VMMcall Get_Cur_VM_Handle
        mov     eax, 12345678h
        VxDcall VMCPD_Get_Virt_State
        Check_Eq eax, 12345601h, 'state of the System VM #EAX'
        mov     eax, cr0
        and     eax, MP_EM
        Check_Eq eax, 2, 'CR0 #EAX'

        ; without a coprocessor, as the VM sees it
        VMMcall _lmemcpy, <CODE_AT, <OFFSET32 Begin_16>, <OFFSET32 End_16 - OFFSET32 Begin_16>>
        mov     word ptr ds:[FOUND_AT], 0
        mov     eax, 60h
        mov     ecx, CODE_AT SHR 4
        xor     edx, edx
        VMMcall Set_V86_Int_Vector
        mov     eax, 7
        mov     edx, OFFSET32 Absent_16 - OFFSET32 Begin_16
        VMMcall Set_V86_Int_Vector
        VMMcall Get_Cur_VM_Handle
        mov     eax, 0FFFFFF02h
        VxDcall VMCPD_Set_Virt_State
        VxDcall VMCPD_Get_Virt_State
        Check_Eq al, 2, 'state that was set: #EAX'
        mov     eax, cr0
        and     eax, MP_EM
        Check_Eq eax, 4, 'CR0 that was set: #EAX'
        VMMcall Begin_Nest_V86_Exec
        mov     eax, 60h
        VMMcall Exec_Int
        VMMcall End_Nest_Exec
        Check_Eq <word ptr ds:[FOUND_AT]>, 101h, 'FLD1 was not exception 7'
        mov     al, 1
        VxDcall VMCPD_Set_Virt_State
        VMMcall Begin_Nest_V86_Exec
        mov     eax, 60h
        VMMcall Exec_Int
        VMMcall End_Nest_Exec
        Check_Eq <word ptr ds:[FOUND_AT]>, 102h, 'FLD1 does not work any more'
        mov     al, 2
        VxDcall VMCPD_Set_Virt_State
;! dead-handle
        mov     ebx, 1234h
        VxDcall VMCPD_Set_Virt_State
;! dead-handle
        VxDcall VMCPD_Get_Virt_State

        mov     eax, Create_VM
        VMMcall System_Control
        Check   nc, 'no second VM'
        mov     [second], ebx
        VxDcall VMCPD_Get_Virt_State
        Check_Eq al, 1, 'state of the second VM #EAX'
        mov     esi, OFFSET32 In_Second
        VMMcall Schedule_VM_Event

        VxDcall VSD_Get_Version
        Check   nc, 'CF of the version of VSD'
        Check_Eq eax, 400h, 'version of VSD #EAX'
        mov     eax, 11111111h
        mov     esi, 22222222h
        VxDcall VSD_Bell
        Check_Eq eax, 11111111h, 'EAX of the bell'
        Check_Eq esi, 22222222h, 'ESI of the bell'
        mov     eax, 100
        mov     esi, OFFSET32 Again
        VMMcall Set_Global_Time_Out
        mov     eax, 400
        mov     esi, OFFSET32 Sounding
        VMMcall Set_Global_Time_Out
        clc
        ret
EndProc TEST_Run
VxD_LOCKED_CODE_ENDS
end

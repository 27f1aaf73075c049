; A hardware interrupt for a virtual machine that is not the current one: requested from the System VM, it is boosted,
; its own V86 handler runs with its own vectors, ends the interrupt at its own virtual controller and returns; a suspended
; VM gets it when it is resumed; a cleared request never comes (VDAG31 Virtual_PIC_Device).
include check.inc
include vpicd.inc
Declare_Virtual_Device TEST, 1, 0, TEST_Control, Undefined_Device_ID, Undefined_Init_Order
Begin_Control_Dispatch TEST
Control_Dispatch Device_Init, TEST_Device_Init
Control_Dispatch Sys_VM_Init, TEST_Sys_VM_Init
End_Control_Dispatch TEST

HANDLER equ 80000h

VxD_LOCKED_DATA_SEG
Descriptor VPICD_IRQ_Descriptor <5, 0, OFFSET32 Hw_Int, OFFSET32 Virt_Int, OFFSET32 Eoi, OFFSET32 Mask_Change, OFFSET32 Iret_Proc, 500>
irq     dd 0
second  dd 0
virts   dd 0
eois    dd 0
irets   dd 0
masks   dd 0
stage   dd 0
V86_CODE segment para use16 public 'LCODE'
assume ds:nothing
Begin_16:                                       ; unmasks IRQ 5 in this VM, then waits
        in      al, 21h
        and     al, 0DFh
        out     21h, al
Wait_16:sti
        hlt
        jmp     Wait_16
Handler_16:
        push    ax
        inc     word ptr cs:[100h]
        mov     al, 20h
        out     20h, al
        pop     ax
        iret
End_16:
V86_CODE ends
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
BeginProc Hw_Int
        clc
        ret
EndProc Hw_Int

Is_Second:
        Check_Eq ebx, [second], 'another VM: #EBX'
        VMMcall Test_Cur_VM_Handle
        Check   e, 'the VM is not the current one'
        ret

BeginProc Virt_Int
        inc     [virts]
        call    Is_Second
        VxDCall VPICD_Get_Complete_Status
        test    ecx, VPICD_STAT_VIRT_DEV_REQ
        Check   nz, 'no request in Virt_Int: #ECX'
        clc
        ret
EndProc Virt_Int

BeginProc Eoi
        inc     [eois]
        call    Is_Second
        VxDCall VPICD_Clear_Int_Request
        ret
EndProc Eoi

BeginProc Mask_Change
        inc     [masks]
        Check_Eq ecx, 0, 'masked: #ECX'
        call    Is_Second
        ret
EndProc Mask_Change

BeginProc Iret_Proc
        Check   nc, 'IRET timed out'
        inc     [irets]
        call    Is_Second
        VxDCall VPICD_Get_Status
        test    ecx, VPICD_STAT_IN_SERVICE
        Check   z, 'still in service at IRET'
        ret
EndProc Iret_Proc

BeginProc TEST_Device_Init
        mov     edi, OFFSET32 Descriptor
        VxDCall VPICD_Virtualize_IRQ
        Check   nc, 'cannot virtualize'
        mov     [irq], eax
        clc
        ret
EndProc TEST_Device_Init

BeginProc TEST_Sys_VM_Init
        mov     eax, Create_VM
        VMMcall System_Control
        Check   nc, 'no second VM'
        mov     [second], ebx
        mov     edi, [ebx].CB_High_Linear
        add     edi, HANDLER
        VMMcall _lmemcpy, <edi, <OFFSET32 Begin_16>, <OFFSET32 End_16 - OFFSET32 Begin_16>>
        mov     eax, [irq]
        VxDCall VPICD_Convert_Handle_To_IRQ
        mov     eax, esi
        VxDCall VPICD_Convert_IRQ_To_Int
        mov     edi, [ebx].CB_High_Linear
        mov     dword ptr [edi+eax*4], (HANDLER SHR 4 SHL 16)
        add     dword ptr [edi+eax*4], OFFSET32 Handler_16 - OFFSET32 Begin_16
        mov     ebp, [ebx].CB_Client_Pointer
        mov     [ebp].Client_CS, HANDLER SHR 4
        mov     [ebp].Client_EIP, 0
        VMMcall Get_Time_Slice_Priority
        or      eax, VMStat_Background
        VMMcall Set_Time_Slice_Priority
        Check   nc, 'cannot run in the background'
        call    Next
        clc
        ret
EndProc TEST_Sys_VM_Init

Next:   mov     eax, 60
        mov     esi, OFFSET32 Tick
        VMMcall Set_Global_Time_Out
        ret

BeginProc Tick
        VMMcall Get_Sys_VM_Handle
        mov     esi, OFFSET32 In_System_VM
        VMMcall Schedule_VM_Event
        ret
EndProc Tick

; EAX = how often the handler has run.
Handled:mov     ebx, [second]
        mov     eax, [ebx].CB_High_Linear
        movzx   eax, word ptr [eax+HANDLER+100h]
        ret

BeginProc In_System_VM
        mov     ebx, [second]
        mov     eax, [irq]
        mov     ecx, [stage]
        inc     [stage]
        cmp     ecx, 1
        jb      First
        je      Suspend
        cmp     ecx, 3
        jb      Resume
        je      Cleared
        call    Handled
        Check_Eq eax, 2, 'a cleared request came: #EAX'
        Check_Eq [virts], 2, 'Virt_Int'
        Check_Eq [eois], 2, 'EOI'
        Check_Eq [irets], 2, 'IRET'
        Check_Eq [masks], 1, 'mask changes'
        Say     'done'
        ret
First:  VxDCall VPICD_Set_Int_Request
        jmp     Next
Suspend:call    Handled
        Check_Eq eax, 1, 'the handler has not run: #EAX'
        Check_Eq [irets], 1, 'no IRET'
        mov     ebx, [second]
        VMMcall Suspend_VM
        Check   nc, 'cannot suspend'
        mov     eax, [irq]
        VxDCall VPICD_Set_Int_Request
        call    Handled
        Check_Eq eax, 1, 'a suspended VM ran: #EAX'
        jmp     Next
Resume: call    Handled
        Check_Eq eax, 1, 'a suspended VM ran later: #EAX'
        VMMcall Resume_VM
        Check   nc, 'cannot resume'
        jmp     Next
Cleared:call    Handled
        Check_Eq eax, 2, 'the request of a suspended VM is lost: #EAX'
        VMMcall Suspend_VM
        mov     eax, [irq]
        VxDCall VPICD_Set_Int_Request
        VxDCall VPICD_Clear_Int_Request
        VMMcall Resume_VM
        jmp     Next
EndProc In_System_VM
VxD_LOCKED_CODE_ENDS
end

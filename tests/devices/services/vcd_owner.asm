; A driver that virtualized COM2 hears who owns it: the VM that uses it first, nobody when that VM ends, the next one then
; (VDAG31 VCD_Virtualize_Port); what VCD does by itself where the driver has no procedure.
include check.inc
include vcd.inc
include vpicd.inc
Declare_Virtual_Device TEST, 1, 0, TEST_Control, Undefined_Device_ID, Undefined_Init_Order
Begin_Control_Dispatch TEST
Control_Dispatch Sys_Critical_Init, Early
Control_Dispatch Sys_VM_Init, TEST_Run
End_Control_Dispatch TEST

VxD_LOCKED_DATA_SEG
procs   VCD_ProcList_Struc <OFFSET32 Owner>
port    dd 0
first   dd 0
second  dd 0
new     dd 0
old     dd 0
told    dd 0
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
BeginProc Owner
        Check_Eq eax, VCD_Control_Set_Owner, 'why: #EAX'
        Check_Eq esi, [port], 'which port: #ESI'
        mov     [new], ebx
        mov     [old], edx
        inc     [told]
        ret
EndProc Owner

BeginProc Early
        mov     eax, 2
        mov     ebx, 1                          ; its IRQ can be shared
        xor     ecx, ecx
        xor     edx, edx
        mov     esi, OFFSET32 procs
        VxDcall VCD_Virtualize_Port
        Check   nc, 'COM2 cannot be virtualized'
        Check_Eq esi, <OFFSET32 procs>, 'ESI is another: #ESI'
        Check_Eq ebx, 1, 'EBX is another: #EBX'
        mov     [port], eax
        mov     eax, 2
        VxDcall VCD_Virtualize_Port
        Check   c, 'COM2 twice'
        Check_Eq eax, 1, 'error of the second: #EAX'
        mov     eax, 3
        VxDcall VPICD_Get_Virtualization_Count
        Check_Eq eax, 1, 'drivers of IRQ 3: #EAX'
        clc
        ret
EndProc Early

; The transmitter of COM2 interrupts; without a procedure VCD requests it in the owner, whose EOI ends it.
Interrupt_Comes:
        mov     al, 8
        mov     dx, 2FCh
        out     dx, al
        mov     al, 2
        mov     dx, 2F9h
        out     dx, al
        nop
        mov     eax, 3
        VxDcall VPICD_Get_IRQ_Complete_Status
        and     ecx, VPICD_STAT_PHYS_IN_SERV OR VPICD_STAT_VIRT_REQ
        Check_Eq ecx, VPICD_STAT_PHYS_IN_SERV OR VPICD_STAT_VIRT_REQ, 'not requested in the owner: #ECX'
        mov     al, 0
        mov     dx, 2F9h
        out     dx, al
        ret

BeginProc In_Second
        mov     ebx, [second]
        In_Byte 21h                             ; IRQ 3 is unmasked: the port belongs to this VM
        and     al, 0F7h
        movzx   eax, al
        Out_Byte 21h, eax
        mov     eax, [second]
        Check_Eq [new], eax, 'not told of the first owner'
        Check_Eq [old], 0, 'there was one before'
        Check_Eq [told], 1, 'told too often'
        call    Interrupt_Comes
        Out_Byte 2FFh, 77h
        In_Byte 2FFh
        Check_Eq eax, 77h, 'the scratch register of the owner: #EAX'
        Check_Eq [told], 1, 'told of an access'
        VMMcall Get_Sys_VM_Handle
        mov     esi, OFFSET32 In_First
        VMMcall Schedule_VM_Event
        ret
EndProc In_Second

; Whoever the user gives the port (SHELL_Resolve_Contention): nothing is there for the loser.
BeginProc In_First
        mov     ebx, [first]
        In_Byte 2FFh
        cmp     eax, 77h
        je      Won
        Check_Eq eax, 0FFh, 'the loser reads #EAX'
        Check_Eq [told], 1, 'told of a VM that lost'
        jmp     Lost
Won:    Check_Eq [told], 2, 'told too often of the winner'
        Check_Eq [new], ebx, 'the winner is not told'
        mov     eax, [second]
        Check_Eq [old], eax, 'the owner before is not told'
Lost:   mov     ebx, [second]
        VMMcall Nuke_VM
        mov     eax, 100
        mov     esi, OFFSET32 Closed
        VMMcall Set_Global_Time_Out
        ret
EndProc In_First

BeginProc Closed
        mov     eax, [first]
        cmp     [new], eax
        jne     @f
        Check_Eq [told], 2, 'told of a VM that had lost the port'
        Say     'done'
        ret
@@:     Check_Eq [told], 2, 'not told that nobody owns it'
        Check_Eq [new], 0, 'somebody owns it'
        mov     eax, [second]
        Check_Eq [old], eax, 'who has gone is not told'
        mov     ebx, [first]
        In_Byte 2FFh
        Check_Eq eax, 77h, 'the port that nobody owned: #EAX'
        mov     eax, [first]
        Check_Eq [new], eax, 'not told of the next owner'
        Check_Eq [told], 3, 'told too often'
        Say     'done'
        ret
EndProc Closed

BeginProc TEST_Run
        VMMcall Get_Cur_VM_Handle
        mov     [first], ebx
        mov     eax, Create_VM
        VMMcall System_Control
        Check   nc, 'no second VM'
        mov     [second], ebx
        mov     esi, OFFSET32 In_Second
        VMMcall Schedule_VM_Event
        mov     eax, 2
        VxDcall VCD_Get_Focus
        Check_Eq ebx, 0, 'COM2 has an owner: #EBX'
        clc
        ret
EndProc TEST_Run
VxD_LOCKED_CODE_ENDS
end

; Simulated interrupts at their edges: a handler entered again before its IRET, a request that the driver rejects, physical
; requests that a virtual machine reads, automatic EOI, the options of VPICD_IRQ_Descriptor (Win95 DDK S34B1, S34DA).
include check.inc
include vpicd.inc
Declare_Virtual_Device TEST, 1, 0, TEST_Control, Undefined_Device_ID, Undefined_Init_Order
Begin_Control_Dispatch TEST
Control_Dispatch Device_Init, Early
Control_Dispatch Sys_VM_Init, TEST_Run
End_Control_Dispatch TEST

CODE_AT equ 80000h
COUNT_AT equ 80100h

VxD_LOCKED_DATA_SEG
nested  VPICD_IRQ_Descriptor <5, 0, OFFSET32 Never, OFFSET32 Virt_Int, OFFSET32 Eoi_Twice, 0, OFFSET32 Iret_Nested>
unwanted VPICD_IRQ_Descriptor <7, VPICD_OPT_VIRT_INT_REJECT, OFFSET32 Never, OFFSET32 Reject>
shown   VPICD_IRQ_Descriptor <3, VPICD_OPT_READ_HW_IRR, OFFSET32 Never>
hidden  VPICD_IRQ_Descriptor <4, 0, OFFSET32 Never>
pmode   VPICD_IRQ_Descriptor <10, VPICD_OPT_CAN_SHARE OR VPICD_OPT_SHARE_PMODE_ONLY, OFFSET32 Never>
irq5    dd 0
irq7    dd 0
eois    dd 0
irets   dd 0
asked   dd 0
auto    dd 0
V86_CODE segment para use16 public 'LCODE'
assume ds:nothing
Begin_16:                                       ; INT 60h: a while with interrupts enabled
        sti
        mov     cx, 200
@@:     nop
        loop    @b
        iret
Handler_16:                                     ; ends its interrupt, then lets the next one in
        inc     word ptr cs:[COUNT_AT - CODE_AT]
        push    ax
        mov     al, 20h
        out     20h, al
        pop     ax
        sti
        nop
        nop
        iret
Silent_16:                                      ; without an EOI: the controller ended it
        inc     word ptr cs:[COUNT_AT - CODE_AT]
        iret
End_16:
V86_CODE ends
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
BeginProc Never
        Say     'a hardware interrupt'
        stc
        ret
EndProc Never

; With automatic EOI the third interrupt is the last; it comes all the same.
BeginProc Virt_Int
        cmp     [auto], 0
        je      @f
        dec     [auto]
        jnz     @f
        VxDcall VPICD_Clear_Int_Request
@@:     clc
        ret
EndProc Virt_Int

BeginProc Eoi_Twice
        inc     [eois]
        cmp     [eois], 2
        jb      @f
        VxDcall VPICD_Clear_Int_Request
@@:     ret
EndProc Eoi_Twice

; The inner handler returns first, then the outer one.
BeginProc Iret_Nested
        Check   nc, 'timed out'
        inc     [irets]
        VxDcall VPICD_Get_Status
        and     ecx, VPICD_STAT_IRET_PENDING
        cmp     [irets], 1
        jne     @f
        Check_Ne ecx, 0, 'the outer handler is not pending any more'
        ret
@@:     Check_Eq ecx, 0, 'a handler is still pending'
        ret
EndProc Iret_Nested

BeginProc Reject
        inc     [asked]
        stc
        ret
EndProc Reject

BeginProc Take
        VxDcall VPICD_Virtualize_IRQ
        Check   nc, 'cannot virtualize'
        ret
EndProc Take

BeginProc Early
        mov     edi, OFFSET32 nested
        call    Take
        mov     [irq5], eax
        mov     edi, OFFSET32 unwanted
        call    Take
        mov     [irq7], eax
        mov     edi, OFFSET32 shown
        call    Take
        mov     edi, OFFSET32 hidden
        call    Take
        mov     edi, OFFSET32 pmode
        call    Take
        VMMcall Get_Sys_VM_Handle
        VxDcall VPICD_Set_Int_Request
;! share-pmode-only
        VxDcall VPICD_Clear_Int_Request
        clc
        ret
EndProc Early

; The VM runs a while with interrupts enabled -> EAX = how often a handler has run by now.
BeginProc Run
        push    ebx
        VMMcall Begin_Nest_V86_Exec
        mov     eax, 60h
        VMMcall Exec_Int
        VMMcall End_Nest_Exec
        movzx   eax, word ptr ds:[COUNT_AT]
        pop     ebx
        ret
EndProc Run
VxD_LOCKED_CODE_ENDS

Begin_Tests
        VMMcall _lmemcpy, <CODE_AT, <OFFSET32 Begin_16>, <OFFSET32 End_16 - OFFSET32 Begin_16>>
        mov     word ptr ds:[COUNT_AT], 0
        mov     eax, 60h
        mov     ecx, CODE_AT SHR 4
        xor     edx, edx
        VMMcall Set_V86_Int_Vector
        mov     eax, 0Dh
        mov     edx, OFFSET32 Handler_16 - OFFSET32 Begin_16
        VMMcall Set_V86_Int_Vector
        VMMcall Get_Sys_VM_Handle
        In_Byte 21h
        and     al, 5Fh                         ; IRQ 5 and 7
        movzx   eax, al
        Out_Byte 21h, eax

        ; a level that stays up until its second EOI enters the handler twice
        VMMcall Get_Sys_VM_Handle
        mov     eax, [irq5]
        VxDcall VPICD_Set_Int_Request
        call    Run
        Check_Eq eax, 2, 'the handler ran #EAX times'
        Check_Eq [eois], 2, 'EOI'
        Check_Eq [irets], 2, 'IRET'

        ; CF=1 in the virtual-interrupt procedure with VPICD_OPT_VIRT_INT_REJECT: the request has gone
        mov     eax, [irq7]
        VxDcall VPICD_Set_Int_Request
        call    Run
        Check_Eq [asked], 1, 'the driver was asked'
        Check_Eq eax, 2, 'a rejected interrupt came: #EAX'
        mov     eax, [irq7]
        VxDcall VPICD_Get_Complete_Status
        and     ecx, VPICD_STAT_VIRT_REQ OR VPICD_STAT_IN_SERVICE OR VPICD_STAT_IRET_PENDING OR VPICD_STAT_VIRT_DEV_REQ
        Check_Eq ecx, 0, 'a rejected interrupt: status #ECX'

        ; both serial ports request (transmitter empty); the VM sees it of the IRQ with VPICD_OPT_READ_HW_IRR only
        mov     al, 2
        mov     dx, 2F9h
        out     dx, al
        mov     dx, 3F9h
        out     dx, al
        mov     al, 8
        mov     dx, 2FCh
        out     dx, al
        mov     dx, 3FCh
        out     dx, al
        VMMcall Get_Sys_VM_Handle
        Out_Byte 20h, 0Ah
        In_Byte 20h
        Check_Eq al, 8, 'requests that the VM reads: #EAX'
        Out_Byte 20h, 0Bh
        In_Byte 20h
        Check_Eq al, 0, 'in service: #EAX'

        xor     eax, eax
        mov     dx, 2F9h
        out     dx, al
        mov     dx, 3F9h
        out     dx, al

        ; automatic EOI: the handler runs as long as the request is there, without an EOI of its own
        mov     eax, 0Dh
        mov     ecx, CODE_AT SHR 4
        mov     edx, OFFSET32 Silent_16 - OFFSET32 Begin_16
        VMMcall Set_V86_Int_Vector
        VMMcall Get_Sys_VM_Handle
        Out_Byte 20h, 11h
        Out_Byte 21h, 8
        Out_Byte 21h, 4
        Out_Byte 21h, 3
        Out_Byte 21h, 0D8h
        mov     word ptr ds:[COUNT_AT], 0
        mov     [auto], 3
        mov     eax, [irq5]
        VxDcall VPICD_Set_Int_Request
        call    Run
        Check_Eq eax, 3, 'automatic EOI: the handler ran #EAX times'
        Check_Eq [eois], 2, 'EOI by itself'
End_Tests
end

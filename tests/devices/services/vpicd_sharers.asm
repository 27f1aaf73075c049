; Thirty-two drivers of one IRQ, the clock chip's: every one is asked until one takes the interrupt; one without
; VPICD_OPT_CAN_SHARE keeps others out; masks that drivers and virtual machines set (VDAG31 VPICD_Virtualize_IRQ,
; VPICD_Set_Auto_Masking). A procedure that enables interrupts is interrupted by another IRQ.
include check.inc
include vpicd.inc
Declare_Virtual_Device TEST, 1, 0, TEST_Control, Undefined_Device_ID, Undefined_Init_Order
Begin_Control_Dispatch TEST
Control_Dispatch Sys_VM_Init, TEST_Run
End_Control_Dispatch TEST

VxD_LOCKED_DATA_SEG
shared  VPICD_IRQ_Descriptor <8, VPICD_OPT_CAN_SHARE OR VPICD_OPT_REF_DATA, OFFSET32 Asked>
alone   VPICD_IRQ_Descriptor <8, 0, OFFSET32 Asked>
serial  VPICD_IRQ_Descriptor <4, 0, OFFSET32 Inner>
handles dd 32 dup (0)
irq4    dd 0
mine    dd -1                           ; who takes the interrupt
seen    dd 0                            ; who was asked
taken   dd 0
chain   dd 0
all_ints dd 0
inners  dd 0
depth   dd 0
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
; EDX = which of them.
BeginProc Asked
        bts     [seen], edx
        jnc     @f
        Check_Eq [mine], -1, 'asked twice of one interrupt'
@@:     cmp     edx, [mine]
        stc
        jne     @f
        inc     [taken]
        call    Stop_Clock
        mov     eax, [handles]
        VxDcall VPICD_Phys_EOI
        call    Nested
        clc
@@:     ret
EndProc Asked

; COM1's transmitter interrupts this procedure as soon as it lets it.
Nested: cmp     [depth], 1
        jne     @f
        mov     dx, 3FCh
        mov     al, 8
        out     dx, al
        mov     dx, 3F9h
        mov     al, 2
        out     dx, al
        Check_Eq [inners], 0, 'interrupted with interrupts disabled'
        sti
        nop
        cli
        Check_Eq [inners], 1, 'not interrupted'
@@:     ret

BeginProc Inner
        inc     [inners]
        push    eax
        VMMcall Get_VMM_Reenter_Count
        Check_Ne ecx, 0, 'no re-entry'
        mov     dx, 3F9h
        mov     al, 0
        out     dx, al
        pop     eax
        VxDcall VPICD_Phys_EOI
        clc
        ret
EndProc Inner

BeginProc Every
        inc     [all_ints]
        jmp     [chain]
EndProc Every

Start_Clock:
        mov     al, 0Ah
        out     70h, al
        mov     al, 26h
        out     71h, al
        mov     al, 0Bh
        out     70h, al
        mov     al, 42h
        out     71h, al
        mov     al, 0Ch
        out     70h, al
        in      al, 71h
        ret

Stop_Clock:
        mov     al, 0Bh
        out     70h, al
        mov     al, 2
        out     71h, al
        mov     al, 0Ch
        out     70h, al
        in      al, 71h
        ret

; Waits for one interrupt of the clock chip, in ring 0.
Wait_One:
        mov     [seen], 0
        mov     eax, [taken]
        push    eax
        call    Start_Clock
        pop     eax
        mov     ecx, 200000
@@:     cmp     eax, [taken]
        jne     @f
        dec     ecx
        jnz     @b
        Say     'no interrupt'
@@:     ret
VxD_LOCKED_CODE_ENDS

Begin_Tests
        xor     ebx, ebx
More:   mov     edi, OFFSET32 shared
        mov     [shared.VID_Hw_Int_Ref], ebx
        VxDcall VPICD_Virtualize_IRQ
        Check   nc, 'driver #EBX cannot share'
        mov     [handles+ebx*4], eax
        inc     ebx
        cmp     ebx, 32
        jb      More
        mov     eax, 11223344h
        VxDcall VPICD_Virtualize_IRQ
        Check   c, 'a thirty-third driver'
        mov     edi, OFFSET32 alone
        VxDcall VPICD_Virtualize_IRQ
        Check   c, 'one that does not share'
        mov     eax, 8
        VxDcall VPICD_Get_Virtualization_Count
        Check_Eq eax, 32, 'drivers: #EAX'
        mov     edi, OFFSET32 serial
        VxDcall VPICD_Virtualize_IRQ
        Check   nc, 'IRQ 4 is taken'
        mov     [irq4], eax
        VxDcall VPICD_Physically_Unmask
        pushfd
        cli
        mov     esi, OFFSET32 Every
        VxDcall VPICD_Call_When_Hw_Int
        mov     [chain], esi
        popfd

        ; masked by all virtual machines it does not come
        sti
        call    Start_Clock
        mov     ecx, 200000
@@:     dec     ecx
        jnz     @b
        Check_Eq [seen], 0, 'a masked interrupt came'
        mov     eax, [handles]
        VxDcall VPICD_Test_Phys_Request
        Check   c, 'not requested behind the mask'
        VMMcall Get_Cur_VM_Handle
        VxDcall VPICD_Get_Complete_Status
        and     ecx, VPICD_STAT_PHYS_MASK OR VPICD_STAT_VIRT_MASK OR VPICD_STAT_PHYS_REQ OR VPICD_STAT_PHYS_IN_SERV
        Check_Eq ecx, VPICD_STAT_PHYS_MASK OR VPICD_STAT_VIRT_MASK OR VPICD_STAT_PHYS_REQ, 'status: #ECX'

        ; unmasked by a driver: whoever takes it is asked, others before or behind are not twice
        mov     [mine], 31
        mov     eax, [handles]
        VxDcall VPICD_Physically_Unmask
        call    Wait_One
        bt      [seen], 31
        Check   c, 'the one who takes it was not asked'
        mov     [depth], 1
        mov     [mine], 5
        call    Wait_One
        mov     [depth], 0
        bt      [seen], 5
        Check   c, 'driver 5 was not asked'
        Check_Eq [inners], 1, 'interrupts of IRQ 4'

        ; masked again by the driver, then as the virtual machines want it: one that unmasks it is enough
        mov     eax, [handles]
        VxDcall VPICD_Physically_Mask
        mov     eax, [handles]
        VxDcall VPICD_Set_Auto_Masking
        In_Byte 0A1h
        and     al, 0FEh
        movzx   eax, al
        Out_Byte 0A1h, eax
        mov     [mine], 0
        call    Wait_One
        In_Byte 0A1h
        or      al, 1
        movzx   eax, al
        Out_Byte 0A1h, eax
        in      al, 0A1h
        test    al, 1
        Check   nz, 'unmasked although no virtual machine wants it'

        ; nobody takes it: it is ended all the same, and the next one comes
        mov     [seen], 0
        mov     [mine], -1
        mov     eax, [handles]
        VxDcall VPICD_Physically_Unmask
        call    Start_Clock
        mov     eax, [handles]
        mov     ecx, 100000
@@:     cmp     [seen], -1
        je      @f
        dec     ecx
        jnz     @b
        Say     'not all were asked'
@@:     VxDcall VPICD_Physically_Mask
        call    Stop_Clock
        cmp     [all_ints], 5
        Check   ae, 'interrupts seen by Call_When_Hw_Int'

        ; one goes, another comes in its place
        mov     eax, [handles+4*7]
        VxDcall VPICD_Force_Default_Behavior
;! dead-handle
        VxDcall VPICD_Phys_EOI
        mov     edi, OFFSET32 shared
        VxDcall VPICD_Virtualize_IRQ
        Check   nc, 'no place for another'
        Check_Ne eax, [handles+4*7], 'the handle of one that has gone'
        mov     [handles+4*7], eax
        xor     ebx, ebx
@@:     mov     eax, [handles+ebx*4]
        VxDcall VPICD_Force_Default_Behavior
        inc     ebx
        cmp     ebx, 32
        jb      @b
        mov     edi, OFFSET32 alone
        VxDcall VPICD_Virtualize_IRQ
        Check   nc, 'the IRQ is not free again'
        mov     edi, OFFSET32 shared
        VxDcall VPICD_Virtualize_IRQ
        Check   c, 'shared with one that does not'
End_Tests
end

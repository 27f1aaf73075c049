; A hardware interrupt of a VM with a protected-mode application: the application's handler gets it in either mode, on the
; locked stack, with interrupts off; without one it is reflected to the V86 handler (DPMI 0.9, hardware interrupts).
CLIENT32 equ 0
include check.inc
include vpicd.inc
include dpmi_run.inc

Declare_Virtual_Device TEST, 1, 0, TEST_Control, 7F01h, Undefined_Init_Order, , PM_API
Begin_Control_Dispatch TEST
Control_Dispatch Device_Init, TEST_Run
End_Control_Dispatch TEST

COUNT   equ 30h                         ; IRQs in protected mode, V86 mode and the handler's answers: offsets in the PSP
IN_V86  equ 32h
HANDLER_SS equ 34h
HANDLER_IF equ 36h

CLIENT_SEG segment para use16 public 'LCODE'
client_start:
        mov     ax, ds
        mov     word ptr ds:[real_seg - client_start + 100h], ax
        Enter_PM
        mov     word ptr ds:[data_sel - client_start + 100h], ds
        in      al, 21h
        and     al, 0DFh
        out     21h, al
        mov     cx, word ptr ds:[real_seg - client_start + 100h]
        Off_    dx, v86_handler
        mov     bl, 0Dh
        Dpmi    201h
        Off_    dx, wait_v86
        mov     bl, 67h
        Dpmi    201h
        push    ds
        mov     ax, 1684h
        mov     bx, 7F01h
        int     2Fh
        mov     word ptr ds:[api - client_start + 100h], di
        mov     word ptr ds:[api - client_start + 102h], es
        pop     es
        mov     cx, cs
        Off_    dx, pm_handler
        mov     bl, 0Dh
        Dpmi    205h
        Must    nc
;       in protected mode
        sti
        mov     bp, sp
        call    dword ptr ds:[api - client_start + 100h]
        mov     cx, 1000
@@:     cmp     word ptr ds:[COUNT], 1
        loopne  @B
        Must_Be <word ptr ds:[COUNT]>, 1
        Must_Be bp, sp
        mov     ax, ss
        cmp     word ptr ds:[HANDLER_SS], ax
        Must    ne                      ; the locked stack
        Must_Be <byte ptr ds:[HANDLER_IF]>, 0
        Dpmi    902h
        Must_Be al, 1
;       in V86 mode
        Off_    di, regs
        mov     bx, 67h
        xor     cx, cx
        Dpmi    300h
        Must    nc
        Must_Be <word ptr ds:[COUNT]>, 2
        Must_Be <word ptr ds:[IN_V86]>, 0
;       reflected
        mov     bl, 0Dh
        mov     cx, 3Bh                 ; (the default entry)
        mov     dx, 0D00Dh
        Dpmi    205h
        Must    nc
        call    dword ptr ds:[api - client_start + 100h]
        mov     cx, 1000
@@:     cmp     word ptr ds:[IN_V86], 1
        loopne  @B
        Must_Be <word ptr ds:[IN_V86]>, 1
        Dpmi    902h
        Must_Be al, 1
        Off_    di, regs
        mov     bx, 67h
        xor     cx, cx
        Dpmi    300h
        Must    nc
        Must_Be <word ptr ds:[COUNT]>, 2
        Must_Be <word ptr ds:[IN_V86]>, 2
        mov     ax, 4C00h
        int     21h

pm_handler:
        push    ax
        push    ds
        mov     ds, word ptr cs:[data_sel - client_start + 100h]
        inc     word ptr ds:[COUNT]
        mov     word ptr ds:[HANDLER_SS], ss
        Dpmi    902h
        mov     byte ptr ds:[HANDLER_IF], al
        mov     al, 20h
        out     20h, al
        pop     ds
        pop     ax
        iret

; V86 code: INT 67h asks for the interrupt (the driver hooks it) and waits for it; INT 0Dh is the interrupt.
wait_v86:
        sti
        mov     cx, 1000
@@:     loop    @B
        iret
v86_handler:
        push    ax
        inc     word ptr cs:[IN_V86]
        mov     al, 20h
        out     20h, al
        pop     ax
        iret

data_sel dw     0
real_seg dw     0
api     dd      0
regs    db      32h dup (0)
client_end label byte
CLIENT_SEG ends

VxD_LOCKED_DATA_SEG
Descriptor VPICD_IRQ_Descriptor <5, 0, OFFSET32 Hw_Int, 0, OFFSET32 Eoi, 0, OFFSET32 Iret_Proc, 500>
irq     dd 0
irets   dd 0
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
BeginProc Hw_Int
        clc
        ret
EndProc Hw_Int

BeginProc Eoi
        VxDcall VPICD_Clear_Int_Request
        ret
EndProc Eoi

BeginProc Iret_Proc
        Check   nc, 'the handler took too long'
        inc     [irets]
        ret
EndProc Iret_Proc

BeginProc PM_API
        mov     eax, [irq]
        VxDcall VPICD_Set_Int_Request
        ret
EndProc PM_API

BeginProc Hook_67
        mov     eax, [irq]
        VxDcall VPICD_Set_Int_Request
        stc                             ; and on to the client's code
        ret
EndProc Hook_67

BeginProc Prepare
        mov     eax, 67h
        mov     esi, OFFSET32 Hook_67
        VMMcall Hook_V86_Int_Chain
        mov     edi, OFFSET32 Descriptor
        VxDcall VPICD_Virtualize_IRQ
        Check   nc, 'VPICD_Virtualize_IRQ'
        mov     [irq], eax
        ret
EndProc Prepare
VxD_LOCKED_CODE_ENDS

Begin_Tests
        VxDcall VPICD_Get_Version
        jc      no_vpicd                ; memory was refused
        call    Prepare
        call    Run_DPMI_Client
        Check_Eq eax, 0, 'the client ended with #EAX'
        Check_Eq [irets], 4, 'interrupts that were over'
no_vpicd:
End_Tests
end

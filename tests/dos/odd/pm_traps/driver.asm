; What a driver installs for applications before there is one: vectors of protected mode, ports, hooks of faults and of invalid
; page faults, events that wait for the interrupt flag, a handler of its own faults (Win95 DDK S3310-S3320, S33D2, S345B).
        include odd.inc
Declare_Virtual_Device ODD, 1, 0, ODD_Control, 7F02h, Undefined_Init_Order, , ODD_API
Begin_Control_Dispatch ODD
Control_Dispatch Device_Init, ODD_Device_Init
End_Control_Dispatch ODD

VxD_LOCKED_DATA_SEG
held   dd 0
fifo    db 16 dup (0)
put_    dd 0
get_    dd 0
page_   dd 0
events  dd 0
old_cs  dd 0
old_ip  dd 0
own     Exception_Handler_Struc <0, OFFSET32 may_fault, OFFSET32 may_fault_end, OFFSET32 Recover>
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
BeginProc ODD_Device_Init
        mov     ecx, 4
        mov     edx, 3B0h
port_:  mov     esi, OFFSET32 Latch
        VMMcall Install_IO_Handler
        Check   nc, 'Install_IO_Handler'
        inc     edx
        loop    port_
        mov     esi, OFFSET32 Fifo_Port
        VMMcall Install_IO_Handler
        mov     esi, OFFSET32 Int_6C
        mov     edx, 6Ch
        VMMcall Allocate_PM_Call_Back
        movzx   edx, ax
        shr     eax, 16
        mov     ecx, eax
        mov     eax, 6Ch
        VMMcall Set_PM_Int_Vector
        mov     esi, OFFSET32 Int_6C
        mov     edx, 6Dh
        VMMcall Allocate_PM_Call_Back
        movzx   edx, ax
        shr     eax, 16
        mov     ecx, eax
        mov     eax, 6Dh
        VMMcall Set_PM_Int_Vector
        mov     eax, 6
        mov     esi, OFFSET32 Invalid
        VMMcall Hook_PM_Fault
        Check   nc, 'Hook_PM_Fault'
        mov     esi, OFFSET32 Page_Fault
        VMMcall Hook_Invalid_Page_Fault
        Check   nc, 'Hook_Invalid_Page_Fault'
        mov     esi, OFFSET32 own
        VMMcall Install_Exception_Handler
        Check   nc, 'Install_Exception_Handler'
        clc
        ret
EndProc ODD_Device_Init

BeginProc Int_6C
        test    [ebp.Client_EFlags], VM_Mask
        Check   z, 'a protected-mode vector in V86 mode'
        cmp     edx, 6Ch
        je      @F
        Check_Eq edx, 6Dh, 'reference of a call-back'
@@:     VMMcall Simulate_Iret
        add     [ebp.Client_AX], 10h
        ret
EndProc Int_6C

BeginProc Latch
        cmp     ecx, Byte_Input
        je      latch_in
        cmp     ecx, Byte_Output
        je      latch_out
        VMMJmp  Simulate_IO
latch_in:
        mov     ecx, edx
        sub     ecx, 3B0h
        mov     al, byte ptr [held+ecx]
        not     al
        ret
latch_out:
        mov     ecx, edx
        sub     ecx, 3B0h
        mov     byte ptr [held+ecx], al
        ret
EndProc Latch

BeginProc Fifo_Port
        cmp     ecx, Byte_Input
        je      fifo_in
        cmp     ecx, Byte_Output
        je      fifo_out
        VMMJmp  Simulate_IO
fifo_in:
        mov     ecx, [get_]
        and     ecx, 15
        mov     al, [fifo+ecx]
        inc     [get_]
        ret
fifo_out:
        mov     ecx, [put_]
        and     ecx, 15
        mov     [fifo+ecx], al
        inc     [put_]
        ret
EndProc Fifo_Port

; AX = 5: skipped, AX counted up. Anything else is not ours.
BeginProc Invalid, HOOK_PROC, next_invalid
        cmp     [ebp.Client_AX], 5
        jne     @F
        inc     [ebp.Client_AX]
        add     [ebp.Client_EIP], 2
        ret
@@:     jmp     [next_invalid]
EndProc Invalid
VxD_LOCKED_DATA_SEG
next_invalid dd 0
VxD_LOCKED_DATA_ENDS

BeginProc Page_Fault
        mov     eax, [edi.IPF_LinAddr]
        shr     eax, 12
        cmp     eax, [page_]
        jne     @F
        mov     ecx, [edi.IPF_MapPageNum]
        Check_Eq ecx, [page_], 'IPF_MapPageNum: #ECX'
        mov     ecx, [edi.IPF_FaultingVM]
        VMMcall Get_Cur_VM_Handle
        Check_Eq ecx, ebx, 'IPF_FaultingVM'
        test    [edi.IPF_Flags], IPF_V86
        Check   z, 'IPF_V86 of protected mode'
        VMMcall _PageCommit, <[page_], 1, PD_ZEROINIT, 0, PC_USER+PC_WRITEABLE>
        or      eax, eax
        Check   nz, '_PageCommit'
        clc
        ret
@@:     stc
        ret
EndProc Page_Fault

BeginProc Event
        inc     [events]
        test    [ebp.Client_EFlags], IF_Mask
        Check   nz, 'an event with interrupts off'
        test    [ebp.Client_EFlags], VM_Mask
        Check   z, 'an event of the application in V86 mode'
        ret
EndProc Event

BeginProc ODD_API
        movzx   eax, [ebp.Client_AX]
        cmp     eax, 1
        je      reserve
        cmp     eax, 2
        je      schedule
        cmp     eax, 3
        je      count_
        mov     eax, 0F0F0F0F0h
may_fault:
        mov     ecx, [eax]
        Say     'the page above memory is there'
may_fault_end:
        ret
Recover:
        mov     [ebp.Client_AX], 4444h
        ret
reserve:
        VMMcall _PageReserve, <PR_SHARED, 1, 0>
        shr     eax, 12
        mov     [page_], eax
        shl     eax, 12
        mov     [ebp.Client_CX], ax
        shr     eax, 16
        mov     [ebp.Client_BX], ax
        ret
schedule:
        xor     eax, eax
        mov     ecx, PEF_Wait_For_STI
        mov     edx, 5
        mov     esi, OFFSET32 Event
        xor     edi, edi
        VMMcall Call_Priority_VM_Event
        ret
count_: mov     eax, [events]
        mov     [ebp.Client_AX], ax
        ret
EndProc ODD_API
VxD_LOCKED_CODE_ENDS
        end

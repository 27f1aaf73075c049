; Fault hooks and exception handlers (Win95 DDK S3310-S3320): a hook that corrects, one that passes on, a fault inside a
; fault hook, and a handler for a stretch of code.
include check.inc
Test_Driver

VxD_LOCKED_DATA_SEG
next_divide dd 0
next_page dd 0
next_quiet dd 0
divides dd 0
pages   dd 0
quiets  dd 0
handled dd 0
except  Exception_Handler_Struc <0, OFFSET32 Guarded, OFFSET32 Guarded_End, OFFSET32 Guarded_Handler>
VxD_LOCKED_DATA_ENDS

NOWHERE equ 0FFFE0000h

VxD_LOCKED_CODE_SEG

; Divide error at ring 0: EBP -> the registers at the fault. ECX becomes 2 and the division is done again.
BeginProc Divide_Hook, HOOK_PROC, next_divide
        inc     [divides]
        mov     eax, ds:[NOWHERE]       ; a fault inside the fault hook
        mov     [ebp.Client_ECX], 2
        ret
EndProc Divide_Hook

; Sees divide errors first and wants none of them.
BeginProc Quiet_Hook, HOOK_PROC, next_quiet
        inc     [quiets]
        jmp     [next_quiet]
EndProc Quiet_Hook

; Page fault at ring 0: the two-byte or five-byte read of NOWHERE is stepped over.
BeginProc Page_Hook, HOOK_PROC, next_page
        inc     [pages]
        add     [ebp.Client_EIP], 5
        mov     [ebp.Client_EAX], 1234h
        ret
EndProc Page_Hook

Guarded:
        mov     eax, ds:[NOWHERE+4]
Guarded_End:
        nop
        ret
Guarded_Handler:
        inc     [handled]
        ret

VxD_LOCKED_CODE_ENDS

Begin_Tests
        mov     eax, 0Eh
        mov     esi, OFFSET32 Page_Hook
        VMMcall Hook_VMM_Fault
        Check   nc, 'Hook_VMM_Fault refuses a page-fault hook'
        Check_Eq esi, 0, 'somebody hooked page faults before'
        mov     eax, 0
        mov     esi, OFFSET32 Divide_Hook
        VMMcall Hook_VMM_Fault
        mov     eax, 0
        mov     esi, OFFSET32 Quiet_Hook
        VMMcall Hook_VMM_Fault
        Check_Eq esi, <OFFSET32 Divide_Hook>, 'the previous divide hook is not told'
;! input-range
        mov     eax, 0
        mov     esi, OFFSET32 Quiet_Hook
        VMMcall Hook_VMM_Fault
        Check   c, 'the same procedure twice'
        mov     eax, 0
        VMMcall Get_Fault_Hook_Addrs
        Check   nc, 'Get_Fault_Hook_Addrs'
        Check_Eq edi, <OFFSET32 Quiet_Hook>, 'the newest hook is not the first'
        Check_Eq edx, 0, 'a V86 hook from nowhere'

        mov     eax, 10
        xor     edx, edx
        xor     ecx, ecx
        mov     ebx, 0B0Bh
        div     ecx
        Check_Eq eax, 5, 'the corrected division'
        Check_Eq ecx, 2, 'what the hook put into ECX'
        Check_Eq ebx, 0B0Bh, 'EBX over a fault'
        Check_Eq [quiets], 1, 'the hook that passes on'
        Check_Eq [divides], 1, 'the hook behind it'
        Check_Eq [pages], 1, 'the page fault inside the divide hook'
        VMMcall Get_VMM_Reenter_Count
        Check_Eq ecx, 0, 'the re-entry count after nested faults'

        mov     eax, 0
        mov     esi, OFFSET32 Divide_Hook
        VMMcall Unhook_VMM_Fault
        Check   nc, 'unhooking from the middle'
        mov     eax, [next_divide]
        Check_Eq [next_quiet], eax, 'the chain after unhooking'
        mov     eax, 0
        mov     esi, OFFSET32 Divide_Hook
        VMMcall Unhook_VMM_Fault
        Check   c, 'unhooking twice'
        mov     eax, 0Eh
        mov     esi, OFFSET32 Page_Hook
        VMMcall Unhook_VMM_Fault
        Check   nc, 'unhooking page faults'
        mov     eax, 2
        mov     esi, OFFSET32 Page_Hook
        VMMcall Hook_VMM_Fault
        Check   c, 'NMI is no fault'
        mov     eax, 50h
        VMMcall Hook_VMM_Fault
        Check   c, 'there is no fault 50h'

        mov     esi, OFFSET32 except
        VMMcall Install_Exception_Handler
        Check   nc, 'Install_Exception_Handler'
        call    Guarded
        Check_Eq [handled], 1, 'the exception handler'
        mov     esi, OFFSET32 except
        VMMcall Remove_Exception_Handler
        Check   nc, 'Remove_Exception_Handler'
        mov     esi, OFFSET32 except
        VMMcall Remove_Exception_Handler
        Check   c, 'removing it twice'
End_Tests
end

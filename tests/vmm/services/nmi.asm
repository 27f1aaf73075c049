; The non-maskable interrupt: raw handlers, last set first, then the event procedures in the order of installation. An
; `int 2` at ring 0 takes the same way as the pin.
;! synchronous-service
;! callback-contract
;! dead-handle
include check.inc
Test_Driver

VxD_LOCKED_DATA_SEG
first   dd 0                            ; what was there before
second  dd 0
order   dd 0                            ; one hexadecimal digit for each call
vm      dd 0
VxD_LOCKED_DATA_ENDS

Note macro digit
        pushfd
        shl     [order], 4
        or      [order], digit
        popfd
endm

VxD_LOCKED_CODE_SEG
BeginProc Handler1, NO_LOG
        Note    1
        jmp     [first]
EndProc Handler1

BeginProc Handler2, NO_LOG
        Note    2
        jmp     [second]
EndProc Handler2

BeginProc Bad_Service, NO_LOG           ; may call nothing
        push    ebx
        VMMcall Get_Cur_VM_Handle
        pop     ebx
        jmp     [first]
EndProc Bad_Service

BeginProc Bad_Return, NO_LOG            ; must jump
        iretd
EndProc Bad_Return

BeginProc Event3
        Note    3
        mov     [vm], ebx
        Check_Ne <dword ptr [ebp.Client_EFlags]>, 0, 'no client registers'
        VMMcall Get_VMM_Reenter_Count
        Check_Ne ecx, 0, 'not at interrupt time'
        mov     esi, OFFSET32 Later
        xor     edx, edx
        VMMcall Schedule_Global_Event
        ret
EndProc Event3

BeginProc Event4
        Note    4
        ret
EndProc Event4

BeginProc Later
        ret
EndProc Later
VxD_LOCKED_CODE_ENDS

Begin_Tests
        VMMcall Get_NMI_Handler_Addr
        Check_Ne esi, 0, 'no handler'
        mov     [first], esi
        mov     esi, OFFSET32 Handler1
        VMMcall Set_NMI_Handler_Addr
        VMMcall Get_NMI_Handler_Addr
        Check_Eq esi, <OFFSET32 Handler1>, 'the handler that was set'
        mov     [second], esi
        mov     esi, OFFSET32 Handler2
        VMMcall Set_NMI_Handler_Addr
        mov     esi, OFFSET32 Event3
        VMMcall Hook_NMI_Event
        mov     esi, OFFSET32 Event4
        VMMcall Hook_NMI_Event
        mov     eax, 12345678h
        mov     esi, 9ABCDEF0h
        stc
        int     2
        Check   c, 'the carry flag has changed'
        Check_Eq eax, 12345678h, 'EAX has changed'
        Check_Eq esi, 9ABCDEF0h, 'ESI has changed'
        Check_Eq [order], 2134h, 'the order'
        VMMcall Get_Cur_VM_Handle
        Check_Eq [vm], ebx, 'the VM of the event procedure'

        mov     [order], 0
        mov     esi, OFFSET32 Event3
        VMMcall Unhook_NMI_Event
        mov     esi, OFFSET32 Bad_Service
        VMMcall Set_NMI_Handler_Addr
        int     2                       ; reported
        Check_Eq [order], 4, 'after a handler that called a service'
        mov     esi, OFFSET32 Bad_Return
        VMMcall Set_NMI_Handler_Addr
        int     2                       ; reported
        Check_Eq [order], 44h, 'after a handler that executed IRET'
        mov     esi, OFFSET32 Event4
        VMMcall Unhook_NMI_Event
        VMMcall Unhook_NMI_Event        ; reported
        mov     esi, [first]
        VMMcall Set_NMI_Handler_Addr
        int     2
        Check_Eq [order], 44h, 'with nobody there'
End_Tests
end

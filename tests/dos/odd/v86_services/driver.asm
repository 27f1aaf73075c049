; Call_When_VM_Returns twice for one interrupt, with time-outs; a break point by two names; handlers of ports that remove
; themselves and each other (VDAG31 Call_When_VM_Returns, Install_V86_Break_Point; Win95 DDK S31F8).
        include odd.inc
Declare_Virtual_Device ODD, 1, 0, ODD_Control, 7F02h, Undefined_Init_Order, ODD_API
Begin_Control_Dispatch ODD
Control_Dispatch Device_Init, ODD_Device_Init
End_Control_Dispatch ODD

VxD_LOCKED_DATA_SEG
place   dd 0                            ; of the break point, as the program sees it
other   dd 0                            ; its other name
lates   dd 0                            ; time-outs, second calls, calls in time: 8 bits each
asked   dd 0
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
BeginProc ODD_Device_Init
        mov     eax, 61h
        mov     esi, OFFSET32 Hook_A
        VMMcall Hook_V86_Int_Chain
        mov     eax, 61h
        mov     esi, OFFSET32 Hook_B
        VMMcall Hook_V86_Int_Chain
        mov     eax, 62h
        mov     esi, OFFSET32 Hook_62
        VMMcall Hook_V86_Int_Chain
        mov     eax, 63h
        mov     esi, OFFSET32 Hook_63
        VMMcall Hook_V86_Int_Chain
        mov     eax, 64h
        mov     esi, OFFSET32 Hook_64
        VMMcall Hook_V86_Int_Chain
        mov     edx, 3A0h
        mov     esi, OFFSET32 First_Port
        VMMcall Install_IO_Handler
        mov     edx, 3A1h
        mov     esi, OFFSET32 Second_Port
        VMMcall Install_IO_Handler
        clc
        ret
EndProc ODD_Device_Init

; The newest hook comes first: what it waits for lies below what the older one does, so the older one's callback comes first.
BeginProc Hook_B
        xor     eax, eax
        mov     edx, 'B'
        mov     esi, OFFSET32 Back_B
        VMMcall Call_When_VM_Returns
        stc
        ret
EndProc Hook_B
BeginProc Hook_A
        xor     eax, eax
        mov     edx, 'A'
        mov     esi, OFFSET32 Back_A
        VMMcall Call_When_VM_Returns
        stc
        ret
EndProc Hook_A
BeginProc Back_A
        Check   nc, 'carry without a time-out'
        Check   nz, 'zero without a second call'
        Check_Eq edx, 'A', 'reference A'
        Check_Eq [ebp.Client_BX], 1, 'A is not the first'
        or      [ebp.Client_BX], 20h
        ret
EndProc Back_A
BeginProc Back_B
        Check_Eq edx, 'B', 'reference B'
        Check_Eq [ebp.Client_BX], 21h, 'B is not the second'
        or      [ebp.Client_BX], 300h
        ret
EndProc Back_B

BeginProc Hook_62
        mov     eax, -50
        mov     edx, 62h
        mov     esi, OFFSET32 Late
        VMMcall Call_When_VM_Returns
        stc
        ret
EndProc Hook_62
BeginProc Hook_63
        mov     eax, 50
        mov     edx, 63h
        mov     esi, OFFSET32 Late
        VMMcall Call_When_VM_Returns
        stc
        ret
EndProc Hook_63
BeginProc Hook_64
        mov     eax, 50
        mov     edx, 64h
        mov     esi, OFFSET32 Late
        VMMcall Call_When_VM_Returns
        stc
        ret
EndProc Hook_64
BeginProc Late
        jc      timed_out
        jz      second
        Check_Eq edx, 64h, 'in time: #EDX'
        add     [lates], 100h
        ret
timed_out:
        Check   nz, 'time-out and second call in one'
        cmp     edx, 64h
        Check   ne, 'a time-out of what has returned'
        add     [lates], 10h
        ret
second: Check_Eq edx, 62h, 'a second call that was not asked for: #EDX'
        inc     [lates]
        ret
EndProc Late

BeginProc Break_1
        Check_Eq eax, [place], 'EAX of the break point'
        mov     ecx, [place]
        movzx   edx, cx
        shr     ecx, 16
        shl     ecx, 4
        add     ecx, edx
        Check_Eq esi, ecx, 'ESI of the break point'
        add     [ebp.Client_AX], 11h    ; INC AX is skipped
        inc     [ebp.Client_IP]
        ret
EndProc Break_1
BeginProc Break_2
        Check_Eq eax, [other], 'EAX of the other break point'
        add     [ebp.Client_AX], 22h
        VMMcall Simulate_Far_Ret        ; CS of the program, behind it the offset
        ret
EndProc Break_2

; AX = what to do.
BeginProc ODD_API
        movzx   eax, [ebp.Client_AX]
        cmp     eax, 1
        je      install
        cmp     eax, 2
        je      remove
        cmp     eax, 3
        je      remove_last
        mov     eax, [lates]
        mov     [ebp.Client_AX], ax
        ret
install:
        mov     ax, [ebp.Client_CX]
        shl     eax, 16
        mov     ax, [ebp.Client_DX]
        mov     [place], eax
        mov     edx, 1
        mov     esi, OFFSET32 Break_1
        VMMcall Install_V86_Break_Point
        Check   nc, 'Install_V86_Break_Point'
        mov     eax, [place]
        sub     eax, 0FFF0h             ; segment - 1, offset + 16
        mov     [other], eax
        mov     esi, OFFSET32 Break_2
        VMMcall Install_V86_Break_Point
        Check   nc, 'Install_V86_Break_Point by another name'
        mov     eax, [place]
        mov     esi, OFFSET32 Break_2
        VMMcall Install_V86_Break_Point
        Check   c, 'two break points at one address'
        mov     eax, 0F0001000h
        VMMcall Install_V86_Break_Point
        Check   c, 'a break point in the ROM'
        ret
remove: mov     eax, [place]
        VMMcall Remove_V86_Break_Point
        Check   nc, 'Remove_V86_Break_Point'
        VMMcall Remove_V86_Break_Point
        Check   c, 'Remove_V86_Break_Point twice'
        ret
remove_last:
        mov     eax, [other]
        VMMcall Remove_V86_Break_Point
        Check   nc, 'Remove_V86_Break_Point by the other name'
        ret
EndProc ODD_API

BeginProc First_Port
        cmp     ecx, Byte_Input
        je      first_in
        cmp     ecx, Byte_Output
        jne     split
        Check_Eq al, 34h, 'the low byte: #AL'
        mov     edx, 3A1h
        VMMcall Remove_IO_Handler
        Check   nc, 'Remove_IO_Handler of another port'
        ret
first_in:
        inc     [asked]
        cmp     [asked], 2
        je      @F
        mov     al, 5Ah
        ret
@@:     VMMcall Remove_IO_Handler       ; itself
        Check   nc, 'Remove_IO_Handler of itself'
        VMMcall Remove_IO_Handler
        Check   c, 'Remove_IO_Handler twice'
        mov     al, 0FFh
        ret
split:  VMMJmp  Simulate_IO
EndProc First_Port
BeginProc Second_Port
        Say     'the second port is asked after it was removed'
        ret
EndProc Second_Port
VxD_LOCKED_CODE_ENDS
        end

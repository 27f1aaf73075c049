; Strings of I/O as V86 code does them: long ones, backwards, with 32-bit addresses, across the end of the segment, into
; a page that a hook has to bring in first: every element reaches the handler once, in order (Win95 DDK S31F9).
include check.inc
Test_Driver

PORT    equ 3E8h
HOOKED  equ 0A8h

VxD_LOCKED_DATA_SEG
code    dd 0
calls   dd 0
sum     dd 0
hooks   dd 0
high_   dd 0
next    dd 0
V86_CODE segment para use16 public 'LCODE'
assume ds:nothing
Begin_16:
Long_16 proc far                                ; 6,000 bytes in words
        cld
        xor     di, di
        mov     cx, 3000
        rep insw
        mov     ds:[200h], di
        mov     ds:[202h], cx
        xor     si, si
        mov     cx, 3000
        push    ds
        push    es
        pop     ds
        rep outsw
        pop     ds
        mov     ds:[204h], si
        retf
Long_16 endp
Back_16 proc far                                ; backwards, doublewords, from ES with an override
        std
        mov     di, 10Ch
        mov     cx, 4
        rep insd
        mov     ds:[206h], di
        mov     si, 10Ch
        mov     cx, 4
        db      0F3h, 26h, 66h, 6Fh             ; rep outsd es:
        mov     ds:[208h], si
        cld
        retf
Back_16 endp
Wide_16 proc far                                ; 32-bit addresses and count
        mov     edi, 300h
        mov     ecx, 3
        db      67h, 0F3h, 6Ch                  ; rep insb [edi]
        mov     ds:[20Ch], edi
        mov     ds:[210h], ecx
        retf
Wide_16 endp
Wrap_16 proc far                                ; DI goes from FFFFh to 0
        mov     di, 0FFFEh
        mov     cx, 4
        rep insb
        mov     ds:[214h], di
        xor     cx, cx
        rep insb                                ; nothing
        insb                                    ; one, CX does not count
        mov     ds:[216h], di
        mov     ds:[218h], cx
        retf
Wrap_16 endp
Hook_16 proc far                                ; ends in the page that is not there
        mov     di, 8
        mov     cx, 16
        rep insw
        mov     ds:[21Ah], di
        retf
Hook_16 endp
Mixed_16 proc far                               ; the first port is nobody's, the second is ours, and the other way round
        dec     dx
        in      ax, dx
        mov     ds:[21Ch], ax
        add     dx, 4
        in      ax, dx
        mov     ds:[21Eh], ax
        sub     dx, 4
        in      eax, dx
        mov     ds:[220h], eax
        retf
Mixed_16 endp
End_16:
V86_CODE ends
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
BeginProc Handler
        Emulate_Non_Byte_IO
        inc     [calls]
        test    ecx, Output
        jz      Reads
        rol     [sum], 1
        movzx   eax, al
        add     [sum], eax
        ret
Reads:  mov     eax, [next]
        inc     [next]
        ret
EndProc Handler

; Brings the page in as RAM; EBP is not the client's.
BeginProc Page_Hook
        inc     [hooks]
        push    eax
        VMMcall _PhysIntoV86, <9Eh, ebx, eax, 1, 0>
        pop     eax
        ret
EndProc Page_Hook

; EDX = procedure, ECX = ES.
BeginProc Call_16
        mov     [calls], 0
        VMMcall Get_Cur_VM_Handle
        mov     ebp, [ebx].CB_Client_Pointer
        Push_Client_State
        VMMcall Begin_Nest_V86_Exec
        mov     [ebp].Client_ES, cx
        mov     ecx, [code]
        shr     ecx, 4
        mov     [ebp].Client_DS, cx
        sub     edx, OFFSET32 Begin_16 - 400h
        mov     [ebp].Client_EDX, PORT
        VMMcall Simulate_Far_Call
        VMMcall Resume_Exec
        VMMcall End_Nest_Exec
        Pop_Client_State
        ret
EndProc Call_16
VxD_LOCKED_CODE_ENDS

Begin_Tests
        VMMcall Get_Cur_VM_Handle
        mov     eax, [ebx].CB_High_Linear
        mov     [high_], eax
        mov     edx, PORT
        mov     esi, OFFSET32 Handler
Install:VMMcall Install_IO_Handler
        Check   nc, 'cannot install'
        inc     edx
        cmp     edx, PORT+4
        jb      Install
        VMMcall _Allocate_Global_V86_Data_Area, <800h, GVDAParaAlign+GVDAZeroInit>
        mov     [code], eax
        add     eax, 400h
        VMMcall _lmemcpy, <eax, <OFFSET32 Begin_16>, <OFFSET32 End_16 - OFFSET32 Begin_16>>
        mov     esi, [code]

        mov     ecx, 7000h
        mov     edx, OFFSET32 Long_16
        call    Call_16
        Check_Eq [calls], 12000, 'calls for long strings'
        Check_Eq <word ptr [esi+200h]>, 6000, 'DI after rep insw'
        Check_Eq <word ptr [esi+202h]>, 0, 'CX after rep insw'
        Check_Eq <word ptr [esi+204h]>, 6000, 'SI after rep outsw'
        Check_Eq <dword ptr ds:[70000h]>, 03020100h, 'first bytes of the string'
        Check_Eq <dword ptr ds:[70000h+5996]>, 6F6E6D6Ch, 'last bytes of the string'

        mov     [next], 0
        mov     [sum], 0
        mov     ecx, 7000h
        mov     edx, OFFSET32 Back_16
        call    Call_16
        Check_Eq [calls], 32, 'calls for strings of doublewords'
        Check_Eq <word ptr [esi+206h]>, 0FCh, 'DI after std'
        Check_Eq <word ptr [esi+208h]>, 0FCh, 'SI after std'
        Check_Eq <dword ptr ds:[7010Ch]>, 03020100h, 'the first doubleword backwards'
        Check_Eq <dword ptr ds:[70100h]>, 0F0E0D0Ch, 'the last doubleword backwards'

        mov     [next], 50h
        mov     ecx, 7000h
        mov     edx, OFFSET32 Wide_16
        call    Call_16
        Check_Eq [calls], 3, 'calls with 32-bit addresses'
        Check_Eq <dword ptr [esi+20Ch]>, 303h, 'EDI'
        Check_Eq <dword ptr [esi+210h]>, 0, 'ECX'
        Check_Eq <word ptr ds:[70301h]>, 5251h, 'bytes with 32-bit addresses'

        mov     [next], 60h
        mov     ecx, 7000h
        mov     edx, OFFSET32 Wrap_16
        call    Call_16
        Check_Eq [calls], 5, 'calls across the end of the segment'
        Check_Eq <word ptr [esi+214h]>, 2, 'DI across the end'
        Check_Eq <word ptr [esi+216h]>, 3, 'DI after one more'
        Check_Eq <word ptr [esi+218h]>, 0, 'CX without REP'
        Check_Eq <word ptr ds:[7FFFEh]>, 6160h, 'bytes before the end'
        Check_Eq <word ptr ds:[70000h]>, 6362h, 'bytes behind the end'

        mov     eax, HOOKED
        mov     esi, OFFSET32 Page_Hook
        VMMcall Hook_V86_Page
        Check   nc, 'cannot hook the page'
        VMMcall Get_Cur_VM_Handle
        VMMcall _PhysIntoV86, <9Fh, ebx, HOOKED-1, 1, 0>
        VMMcall _ModifyPageBits, <ebx, HOOKED, 1, <NOT P_PRES>, 0, PG_HOOKED, 0>
        Check_Ne eax, 0, 'cannot take the page away'
        mov     [next], 0
        mov     ecx, HOOKED*100h - 1            ; ES:8 is 8 bytes before the page
        mov     edx, OFFSET32 Hook_16
        call    Call_16
        mov     esi, [code]
        Check_Eq [hooks], 1, 'calls of the page hook'
        Check_Eq [calls], 32, 'calls of the I/O handler with a page fault between'
        Check_Eq <word ptr [esi+21Ah]>, 40, 'DI'
        Check_Eq <word ptr ds:[HOOKED*1000h-2]>, 0706h, 'bytes before the page'
        Check_Eq <dword ptr ds:[HOOKED*1000h]>, 0B0A0908h, 'bytes in the page'

        mov     [next], 70h
        mov     edx, OFFSET32 Mixed_16
        call    Call_16
        Check_Eq [calls], 5, 'calls for mixed ports'
        Check_Eq <byte ptr [esi+21Dh]>, 70h, 'the second byte from our port'
        Check_Eq <byte ptr [esi+21Eh]>, 71h, 'the first byte from our port'
        Check_Eq <word ptr [esi+221h]>, 7372h, 'the middle from our ports'
End_Tests
end

; INT 21h of a protected-mode application, translated: texts, buffers longer than the copy, the disk transfer area, vectors,
; the PSP, functions that are not there (docs/devices.md). The driver is the DOS that sees the V86 side.
CLIENT32 equ 1
MORE_DOS equ <Files>
include check.inc
include dpmi_run.inc

Declare_Virtual_Device TEST, 1, 0, TEST_Control, 7F01h, Undefined_Init_Order
Begin_Control_Dispatch TEST
Control_Dispatch Device_Init, TEST_Run
End_Control_Dispatch TEST

LONG_   equ 3000                        ; bytes read and written: two pieces

Int21 macro function
        mov     ax, function
        int     21h
endm

CLIENT_SEG segment para use16 public 'LCODE'
client_start:
        Enter_PM
        Off_    dx, message
        Int21   900h
        Off_    dx, name_
        Int21   3D02h
        Must    nc
        Must_Be ax, 7
        movzx   ecx, ax
        mov     bx, ax
        mov     ecx, LONG_
        xor     edx, edx
        Off_    dx, buffer
        mov     byte ptr ds:[buffer - client_start + 100h], 'a'
        mov     byte ptr ds:[buffer - client_start + 100h + LONG_ - 1], 'z'
        Int21   4000h
        Must    nc
        Must_Be eax, LONG_
        Must_Be ecx, LONG_
        Must_Be bx, 7
        Int21   3F00h
        Must    nc
        Must_Be eax, LONG_ - 1          ; the end of the file
        Must_Be <byte ptr ds:[buffer - client_start + 100h]>, 'r'
        Must_Be <byte ptr ds:[buffer - client_start + 100h + LONG_ - 2]>, 'r'
        Must_Be <byte ptr ds:[buffer - client_start + 100h + LONG_ - 1]>, 'z'
        xor     esi, esi
        Off_    si, buffer
        mov     dl, 0
        Int21   4700h
        Must    nc
        Must_Be <dword ptr ds:[buffer - client_start + 100h]>, 'RID'
        xor     edi, edi
        Off_    di, other
        xor     edx, edx
        Off_    dx, name_
        Int21   5600h
        Must    nc
        Must_Be dx, (name_ - client_start) + 100h
        Off_    dx, dta
        Int21   1A00h
        Off_    dx, name_
        Int21   4E00h
        Must    nc
        Must_Be <dword ptr ds:[dta - client_start + 100h + 30]>, 'DNUF'
        push    es
        Int21   2F00h
        mov     ax, es
        pop     es
        mov     si, ds
        Must_Be ax, si
        Must_Be bx, (dta - client_start) + 100h
        Off_    dx, name_
        Int21   4300h
        Must    c                       ; an error of DOS
        Must_Be ax, 2
        Int21   6200h
        lsl     eax, ebx
        Must_Be eax, 0FFh
        push    ds
        mov     ax, 3571h
        push    cs
        pop     ds
        xor     edx, edx
        Off_    dx, handler
        mov     ax, 2571h
        int     21h
        pop     ds
        xor     si, si
        int     71h
        Must_Be si, 71h
        push    es
        Int21   3571h
        mov     ax, es
        pop     es
        mov     si, cs
        Must_Be ax, si
        Int21   4B03h                   ; not translated
        Must    c
        Must_Be ax, 1
        Int21   3000h                   ; no pointers
        Must_Be ax, 0A07h
        push    es
        Int21   3400h
        mov     ax, es
        pop     es
        verr    ax                      ; a selector
        Must    z
        mov     bx, 0
        mov     cx, cs
        xor     edx, edx
        Off_    dx, beyond
        mov     bl, 0Dh
        Dpmi    203h
        mov     si, 0
        mov     edx, 10000000h          ; out of reach
        Int21   3D00h
        Must_Be si, 1
        Int21   4C00h

handler:
        mov     si, 71h
        Int_Return
beyond:
        inc     si
        Far_Return

message db      'hello$'
name_   db      'NAME.TXT', 0
other   db      'OTHER.TXT', 0
dta     db      80h dup (0)
buffer  db      LONG_ dup ('.')
client_end label byte
CLIENT_SEG ends

VxD_LOCKED_DATA_SEG
asked   dd 0                            ; bit n: function 30h + n
messages dd 0
pieces  dd 0
wanted  db 'NAME.TXT', 0
another db 'OTHER.TXT', 0
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
; ESI = linear address of Client_DS:DX.
BeginProc Ds_Dx
        movzx   esi, [ebp.Client_DS]
        shl     esi, 4
        movzx   eax, [ebp.Client_DX]
        add     esi, eax
        ret
EndProc Ds_Dx

; Functions of the test; others go to the DOS of dpmi_run.inc.
BeginProc Files
        movzx   eax, [ebp.Client_AH]
        and     [ebp.Client_EFlags], NOT CF_Mask
        cld
        cmp     al, 9
        jne     @F
        call    Ds_Dx
        Check_Eq <dword ptr [esi]>, 'lleh', 'a text that ends with $'
        Check_Eq <word ptr [esi+4]>, '$o', 'the end of a text that ends with $'
        inc     [messages]
        jmp     served
@@:     cmp     al, 30h
        jne     @F
        mov     [ebp.Client_AX], 0A07h
        jmp     served
@@:     cmp     al, 34h
        jne     @F
        mov     [ebp.Client_ES], 40h
        jmp     served
@@:     cmp     al, 3Dh
        jne     @F
        call    name_there
        mov     [ebp.Client_AX], 7
        jmp     served
@@:     cmp     al, 40h
        je      write
        cmp     al, 3Fh
        je      read
        cmp     al, 47h
        jne     @F
        movzx   esi, [ebp.Client_DS]
        shl     esi, 4
        movzx   eax, [ebp.Client_SI]
        mov     dword ptr [esi+eax], 'RID'
        jmp     served
@@:     cmp     al, 56h
        jne     @F
        call    name_there
        movzx   edi, [ebp.Client_ES]
        shl     edi, 4
        movzx   eax, [ebp.Client_DI]
        add     edi, eax
        mov     esi, OFFSET32 another
        mov     ecx, 10
        repe cmpsb
        Check   e, 'the second name of a function'
        jmp     served
@@:     cmp     al, 1Ah
        jne     @F
        call    Ds_Dx
        mov     [dta_at], esi
        jmp     served
@@:     cmp     al, 4Eh
        jne     @F
        mov     esi, [dta_at]
        mov     dword ptr [esi+30], 'DNUF'
        jmp     served
@@:     cmp     al, 43h
        jne     @F
        mov     [ebp.Client_AX], 2
        or      [ebp.Client_EFlags], CF_Mask
        jmp     served
@@:     stc
        ret
write:
        call    Ds_Dx
        inc     [pieces]
        cmp     [pieces], 1
        jne     @F
        Check_Eq <byte ptr [esi]>, 'a', 'the beginning of what is written'
@@:     movzx   ecx, [ebp.Client_CX]
        mov     [ebp.Client_AX], cx
        cmp     [pieces], 2
        jne     served
        Check_Eq <byte ptr [esi+ecx-1]>, 'z', 'the end of what is written'
        jmp     served
read:
        call    Ds_Dx
        mov     edi, esi
        movzx   ecx, [ebp.Client_CX]
        inc     [pieces]
        cmp     [pieces], 4
        jne     @F
        dec     ecx                     ; the end of the file
@@:     mov     [ebp.Client_AX], cx
        mov     al, 'r'
        rep stosb
served:
        clc
        ret
name_there:
        call    Ds_Dx
        mov     edi, OFFSET32 wanted
        mov     ecx, 9
        repe cmpsb
        Check   e, 'the name of a function'
        ret
EndProc Files
VxD_LOCKED_CODE_ENDS

VxD_LOCKED_DATA_SEG
dta_at  dd 0
VxD_LOCKED_DATA_ENDS


Begin_Tests
        call    Run_DPMI_Client
        Check_Eq eax, 0, 'the client ended with #EAX'
        Check_Eq [messages], 1, 'texts written'
        Check_Eq [pieces], 4, 'pieces read and written'
End_Tests
end

; The same as a 32-bit application.
        .model  tiny
        .386
        .code
        org     100h
start:  mov     esp, 0F000h
        mov     ax, 1687h
        int     2Fh
        mov     WORD PTR entry, di
        mov     WORD PTR entry + 2, es
        mov     ax, cs
        add     ax, 1000h
        mov     es, ax
        mov     ax, 1
        call    entry
        push    es
        xor     edi, edi
        mov     es, di
        mov     bx, 7F02h
        mov     ax, 1684h
        int     2Fh
        mov     api, edi
        mov     WORD PTR api + 4, es
        pop     es
        mov     si, 5
        mov     bp, sp
        db      66h
        call    DWORD PTR api
        mov     dl, "b"
        cmp     si, 5
        jne     say
        mov     dl, "s"
        cmp     bp, sp
        jne     say
        mov     dl, "y"
say:    mov     ah, 2
        int     21h
        mov     ax, 4C00h
        int     21h
entry   DD      0
api     DD      0, 0
        END     start

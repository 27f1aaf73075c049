; Started by EXEC.COM: shows its arguments and its own name from the environment, ends with 42h.
        .model  tiny
        .code
        org     100h
start:  mov     si, 81h
show:   lodsb
        cmp     al, 13
        je      shown
        mov     dl, al
        mov     ah, 2
        int     21h
        jmp     show
shown:  mov     dl, '|'
        mov     ah, 2
        int     21h
        mov     es, ds:[2Ch]
        xor     di, di
        xor     al, al
        mov     cx, 8000h
strings: repne  scasb
        cmp     byte ptr es:[di], al
        jne     strings
        add     di, 3                   ; the second zero and the count
name_:  mov     dl, es:[di]
        inc     di
        or      dl, dl
        jz      named
        mov     ah, 2
        int     21h
        jmp     name_
named:  mov     dx, offset line
        mov     ah, 9
        int     21h
        mov     ah, 62h                 ; its parent is EXEC.COM
        int     21h
        mov     es, bx
        mov     ax, es:[16h]
        cmp     ax, bx
        je      wrong
        mov     ax, 4C42h
        int     21h
wrong:  mov     ax, 4CFFh
        int     21h
line    db      13, 10, "$"
        end     start

; What is typed is seen by INT 29h when it is hooked: a single character, a line with a correction, a line read from
; CON; registers and results are as without.
        include check.inc

        mov     ax, 3529h
        int     21h
        mov     WORD PTR old, bx
        mov     WORD PTR old + 2, es
        push    cs
        pop     es
        mov     ax, 2529h
        mov     dx, OFFSET hook
        int     21h
        mov     bx, 1111h
        dos     1
        equals  "the character", al, 'a'
        equals  "BX stays", bx, 1111h
        mov     dx, OFFSET line
        mov     si, 2222h
        mov     ax, 0A0Ah
        int     21h
        equals  "AX of 0Ah", ax, 0A0Ah
        equals  "SI stays", si, 2222h
        equals  "two characters", line + 1, 2
        equals  "which", WORD PTR line + 2, 'zx'
        mov     ah, 3Fh
        xor     bx, bx
        mov     cx, 10
        mov     dx, OFFSET buffer
        stc
        int     21h
        check   "CF of 3Fh", jnc
        equals  "bytes", ax, 3
        equals  "what", buffer, 'k'
        lds     dx, old
        mov     ax, 2529h
        int     21h
        push    cs
        pop     ds
        mov     bx, OFFSET shown        ; a x y BS blank BS z CR k CR LF
        equals  "how many", count, 11
        equals  "the first", DWORD PTR [bx], 08797861h
        equals  "the middle", DWORD PTR [bx + 4], 0D7A0820h
        equals  "the last", WORD PTR [bx + 8], 0D6Bh

; Raw: keys as they come, no echo, no line.
        mov     ax, 4400h
        xor     bx, bx
        int     21h
        mov     saved, dx
        or      dl, 20h
        mov     dh, 0
        mov     ax, 4401h
        int     21h
        check   "raw", jnc
        mov     ax, 4400h
        int     21h
        test    dl, 20h
        check   "is raw", jnz
        mov     ah, 3Fh
        mov     cx, 3
        mov     dx, OFFSET buffer
        int     21h
        equals  "raw bytes", ax, 3
        equals  "the first ones", WORD PTR buffer, 0D72h
        equals  "and Ctrl+C", buffer + 2, 3
        mov     dx, saved
        mov     dh, 0
        mov     ax, 4401h
        int     21h
        equals  "nothing was shown", count, 11
        finish  0

hook:   push    bx
        mov     bx, cs:count
        cmp     bx, 16
        jae     full
        mov     cs:shown[bx], al
        inc     cs:count
full:   pop     bx
        jmp     cs:old
old     dd      0
count   dw      0
saved   dw      0
shown   db      16 dup (0)
line    db      10, 0, 10 dup (0)
buffer  db      16 dup (0)
        end     start

; What DOS prints on CON goes through INT 29h and INT 10h when they are hooked; INT 28h while DOS waits; functions that
; no DOS knows; the table of double-byte characters; what a version question leaves alone.
        include check.inc

        mov     ax, 3529h
        int     21h
        mov     WORD PTR old29, bx
        mov     WORD PTR old29 + 2, es
        mov     dx, OFFSET hook29
        mov     ax, 2529h
        int     21h
        mov     dl, 'a'
        mov     ah, 2
        int     21h
        equals  "AL of 02h", al, 'a'
        mov     dl, 'b'
        dos     6
        equals  "AL of 06h", al, 'b'
        mov     dx, OFFSET text
        std
        stc
        dos     9
        check   "CF of 09h", jc
        cld
        equals  "AL of 09h", al, '$'
        mov     bx, 1
        mov     cx, 3
        mov     dx, OFFSET bytes
        mov     si, 1234h
        stc
        dos     40h
        check   "40h", jnc
        equals  "written", ax, 3
        equals  "CX stays", cx, 3
        equals  "SI stays", si, 1234h
        xor     cx, cx
        dos     40h
        equals  "nothing to write", ax, 0
        lds     dx, old29
        mov     ax, 2529h
        int     21h
        push    cs
        pop     ds
        equals  "INT 29h was called", count29, 10

        mov     ax, 3510h
        int     21h
        mov     WORD PTR old10, bx
        mov     WORD PTR old10 + 2, es
        mov     dx, OFFSET hook10
        mov     ax, 2510h
        int     21h
        mov     dx, OFFSET text
        dos     9
        lds     dx, old10
        mov     ax, 2510h
        int     21h
        push    cs
        pop     ds
        equals  "INT 10h was called", count10, 5
        mov     dx, OFFSET text
        dos     9
        equals  "and is no longer", count10, 5

        mov     ax, 3528h
        int     21h
        mov     WORD PTR old28, bx
        mov     WORD PTR old28 + 2, es
        mov     dx, OFFSET hook28
        mov     ax, 2528h
        int     21h
        dos     8                       ; a key that comes after some others
        equals  "the key", al, 'k'
        cmp     count28, 3
        check   "INT 28h while DOS waits", jae
        lds     dx, old28
        mov     ax, 2528h
        int     21h
        push    cs
        pop     ds

        mov     ax, 0A955h
        stc
        int     21h
        check   "CF stays", jc
        equals  "nobody's function", ax, 0A900h
        mov     ax, 6300h
        int     21h
        equals  "lead bytes", al, 0
        equals  "none", WORD PTR [si], 0
        push    cs
        pop     ds
        mov     cx, 4321h
        mov     ax, 3306h
        int     21h
        equals  "3306h keeps AX", ax, 3306h
        equals  "and CX", cx, 4321h
        equals  "the version", bl, 7
        finish  0

hook29: inc     cs:count29
        jmp     cs:old29
hook10: cmp     ah, 0Eh
        jne     other
        inc     cs:count10
other:  jmp     cs:old10
hook28: inc     cs:count28
        iret
text    db      "text", 10, "$"
bytes   db      "xyz"
old29   dd      0
old10   dd      0
old28   dd      0
count29 dw      0
count10 dw      0
count28 dw      0
        end     start

; Extended memory: the driver behind INT 2Fh, blocks, moves between them and conventional memory, the high memory area.
        include check.inc

        mov     ax, 4300h
        int     2Fh
        equals  "installed", al, 80h
        mov     ax, 4310h
        int     2Fh
        mov     WORD PTR xms, bx
        mov     WORD PTR xms + 2, es
        cmp     BYTE PTR es:[bx], 0EBh  ; a short jump that hooks replace
        check   "the first byte", je
        mov     ah, 0
        call    xms
        equals  "version", ax, 300h
        equals  "there is a high memory area", dx, 1
        mov     ah, 8
        call    xms
        equals  "no error", bl, 0
        mov     total, dx
        cmp     ax, 1000
        check   "a megabyte is free", jae

        mov     dx, 100
        mov     ah, 9
        call    xms
        equals  "allocate", ax, 1
        mov     first, dx
        mov     dx, 7                   ; not a whole number of pages
        mov     ah, 9
        call    xms
        equals  "another", ax, 1
        mov     second, dx
        mov     ah, 8
        call    xms
        mov     ax, total
        sub     ax, dx
        cmp     ax, 107
        check   "so much less is free", jae
        mov     dx, first
        mov     ah, 0Eh
        call    xms
        equals  "information", ax, 1
        equals  "KB", dx, 100
        equals  "locks", bh, 0

; text -> first at 70000 -> second at 7160 -> back
        mov     length0, 8
        mov     source, 0
        mov     WORD PTR source_at, OFFSET text
        mov     WORD PTR source_at + 2, ds
        mov     ax, first
        mov     target, ax
        mov     target_at, 70000
        call    move
        equals  "in", ax, 1
        mov     ax, first
        mov     source, ax
        mov     source_at, 70000
        mov     ax, second
        mov     target, ax
        mov     target_at, 7160
        call    move
        equals  "across", ax, 1
        mov     ax, second
        mov     source, ax
        mov     source_at, 7160
        mov     target, 0
        mov     WORD PTR target_at, OFFSET back
        mov     WORD PTR target_at + 2, ds
        call    move
        equals  "out", ax, 1
        equals  "what comes back", DWORD PTR back, 'dcba'
        equals  "all of it", DWORD PTR back + 4, 'hgfe'
        mov     source_at, 7162         ; ends behind the block
        call    move
        equals  "too far", ax, 0
        equals  "length", bl, 0A7h
        mov     source_at, 8000
        call    move
        equals  "outside", bl, 0A4h
        mov     source, 77
        call    move
        equals  "no such block", bl, 0A3h
        mov     ax, second
        mov     source, ax
        mov     source_at, 0
        mov     length0, 3
        call    move
        equals  "odd", bl, 0A7h

        mov     dx, first
        mov     ah, 0Ch
        call    xms
        equals  "lock", ax, 1
        mov     WORD PTR gdt + 18h + 2, bx      ; INT 15h writes into a locked block
        mov     BYTE PTR gdt + 18h + 4, dl
        mov     BYTE PTR gdt + 18h + 7, dh
        xor     eax, eax
        mov     ax, ds
        shl     eax, 4
        add     eax, OFFSET text
        mov     WORD PTR gdt + 10h + 2, ax
        shr     eax, 16
        mov     BYTE PTR gdt + 10h + 4, al
        push    ds
        pop     es
        mov     si, OFFSET gdt
        mov     cx, 4
        mov     ah, 87h
        int     15h
        check   "INT 15h AH=87h", jnc
        equals  "AH of it", ah, 0
        mov     BYTE PTR gdt + 18h + 7, 0A0h    ; nobody's
        mov     ah, 87h
        int     15h
        check   "not into other memory", jc
        mov     length0, 8
        mov     ax, first
        mov     source, ax
        mov     source_at, 0
        mov     back, 0
        call    move
        equals  "what it has written", DWORD PTR back, 'dcba'
        mov     dx, first
        mov     ah, 0Ah
        call    xms
        equals  "a locked block stays", ax, 0
        equals  "because it is locked", bl, 0ABh
        mov     dx, first
        mov     ah, 0Dh
        call    xms
        equals  "unlock", ax, 1
        mov     dx, first
        mov     ah, 0Dh
        call    xms
        equals  "not locked", bl, 0AAh
        mov     dx, first
        mov     bx, 200
        mov     ah, 0Fh
        call    xms
        equals  "larger", ax, 1
        mov     length0, 8
        mov     ax, first
        mov     source, ax
        mov     source_at, 70000
        mov     back, 0
        call    move
        equals  "contents are kept", DWORD PTR back, 'dcba'
        mov     dx, first
        mov     ah, 0Ah
        call    xms
        equals  "free", ax, 1
        mov     dx, first
        mov     ah, 0Ah
        call    xms
        equals  "gone", bl, 0A2h
        mov     dx, 0FFFFh
        mov     ah, 9
        call    xms
        equals  "more than there is", bl, 0A0h

        mov     ah, 7
        call    xms
        equals  "A20 is on", ax, 1
        mov     ah, 4
        call    xms
        equals  "and stays so", bl, 94h
        mov     dx, 0FFF0h
        mov     ah, 1
        call    xms
        equals  "the high memory area", ax, 1
        push    0FFFFh
        pop     es
        mov     WORD PTR es:[100h], 1234h
        equals  "is memory", WORD PTR es:[100h], 1234h
        mov     dx, 0FFF0h
        mov     ah, 1
        call    xms
        equals  "once", bl, 91h
        mov     ah, 2
        call    xms
        equals  "given back", ax, 1
        mov     ah, 2
        call    xms
        equals  "not again", bl, 93h
        mov     dx, 10h
        mov     ah, 10h
        call    xms
        equals  "no upper memory", bl, 0B1h
        mov     ah, 55h
        call    xms
        equals  "no such function", bl, 80h
        finish  0                       ; the second block goes with the virtual machine

move:   mov     si, OFFSET length0
        mov     ah, 0Bh
        call    xms
        ret
xms     dd      0
total   dw      0
first   dw      0
second  dw      0
length0 dd      0
source  dw      0
source_at dd    0
target  dw      0
target_at dd    0
text    db      "abcdefgh"
back    db      8 dup (0)
gdt     dw      0, 0, 0, 0, 0, 0, 0, 0
        dw      0FFFFh, 0, 9300h, 0, 0FFFFh, 0, 9300h, 0, 0, 0, 0, 0, 0, 0, 0, 0
        end     start

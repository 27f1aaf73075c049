; INT 21h of a 16-bit protected-mode application with DOS of our own: memory by selector, file control blocks, tables.
        include check.inc

        mov     bx, 1300h               ; the rest is for the application
        dos     4Ah
        mov     ax, 1687h
        int     2Fh
        or      ax, ax
        check   "a DPMI host", jz
        mov     WORD PTR entry, di
        mov     WORD PTR entry + 2, es
        mov     ax, cs                  ; the host's data behind the program
        add     ax, 1000h
        mov     es, ax
        xor     ax, ax
        call    entry
        check   "in protected mode", jnc
        mov     psp, es

        mov     bx, 12h                 ; AH=48h-4Ah
        dos     48h
        check   "48h", jnc
        mov     es, ax
        movzx   eax, ax
        lsl     ecx, eax
        equals  "limit", ecx, 11Fh
        mov     BYTE PTR es:[11Fh], 5Ah
        mov     bx, 20h
        dos     4Ah
        check   "4Ah", jnc
        mov     ax, es
        movzx   eax, ax
        lsl     ecx, eax
        equals  "limit after 4Ah", ecx, 1FFh
        cmp     BYTE PTR es:[11Fh], 5Ah
        check   "contents after 4Ah", je
        dos     49h
        check   "49h", jnc
        mov     ax, es
        equals  "ES after 49h", ax, 0
        dos     49h
        check   "49h of nothing", jc
        equals  "error of 49h", ax, 9
        mov     bx, 0FFFFh
        dos     48h
        check   "48h of everything", jc
        equals  "error of 48h", ax, 8
        cmp     bx, 100h
        check   "the largest block", ja
        mov     es, psp
        mov     bx, 1310h
        dos     4Ah
        check   "4Ah of the program", jnc

        push    ds
        pop     es
        mov     si, OFFSET line         ; AH=29h
        mov     di, OFFSET fcb
        mov     ax, 2901h
        int     21h
        equals  "29h", al, 0
        equals  "SI behind the name", si, <OFFSET line + 8>
        cmp     DWORD PTR fcb + 1, "ATAD"
        check   "name of 29h", je
        cmp     DWORD PTR fcb + 9, "  TX"
        mov     eax, DWORD PTR fcb + 9
        and     eax, 0FFFFFFh
        equals  "extension of 29h", eax, "TXT"

        mov     dx, OFFSET buffer
        dos     1Ah
        mov     dx, OFFSET fcb
        dos     16h
        equals  "16h", al, 0
        mov     buffer, "A"
        mov     buffer + 127, "Z"
        mov     cx, 3
more:   dos     15h
        equals  "15h", al, 0
        inc     buffer
        loop    more
        dos     10h
        equals  "10h", al, 0
        mov     WORD PTR fcb + 12, 0
        dos     0Fh
        equals  "0Fh", al, 0
        equals  "size", <WORD PTR fcb + 16>, 384
        mov     BYTE PTR fcb + 32, 1
        mov     buffer + 127, 0
        dos     14h
        equals  "14h", al, 0
        equals  "the second record", buffer, "B"
        equals  "its end", buffer + 127, "Z"
        equals  "the next record", <BYTE PTR fcb + 32>, 2
        mov     WORD PTR fcb + 33, 0    ; random
        mov     WORD PTR fcb + 35, 0
        dos     21h
        equals  "21h", al, 0
        equals  "the first record", buffer, "A"
        mov     cx, 3
        dos     27h
        equals  "27h", al, 0
        equals  "records of 27h", cx, 3
        equals  "the third of 27h", buffer + 256, "C"
        mov     WORD PTR fcb + 14, 1000 ; more than the copy
        mov     WORD PTR fcb + 33, 0
        dos     21h
        equals  "a record too long", al, 2
        mov     WORD PTR fcb + 14, 128
        dos     10h
        dos     23h
        equals  "23h", al, 0
        equals  "records of 23h", <WORD PTR fcb + 33>, 3
        dos     11h
        equals  "11h", al, 0
        cmp     DWORD PTR buffer + 1, "ATAD"
        check   "name of 11h", je
        dos     13h
        equals  "13h", al, 0
        dos     11h
        equals  "11h after 13h", al, 0FFh

        mov     di, OFFSET buffer
        mov     cx, 5
        mov     ax, 6502h
        mov     bx, -1
        mov     dx, -1
        int     21h
        check   "65h", jnc
        equals  "number of 65h", buffer, 2
        mov     ax, WORD PTR buffer + 3
        verr    ax
        check   "a selector from 65h", jz
        les     di, DWORD PTR buffer + 1
        cmp     WORD PTR es:[di], 80h
        check   "the upper-case table", je
        push    ds
        dos     1Bh
        mov     ax, ds
        pop     ds
        verr    ax
        check   "a selector from 1Bh", jz
        finish  0

entry   DD      0
psp     DW      0
line    DB      "data.txt rest", 13
fcb     DB      37 DUP (0)
buffer DB      600 DUP (0)
        END     start

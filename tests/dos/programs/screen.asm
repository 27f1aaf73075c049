; The screen in 50 rows, palette and colours, what the video BIOS tells of itself; keyboard functions that tell; vectors
; that nobody serves.
        include check.inc

        mov     ax, 1112h               ; characters of 8 lines
        xor     bx, bx
        int     10h
        push    40h
        pop     es
        equals  "rows less one", BYTE PTR es:[84h], 49
        equals  "height", WORD PTR es:[85h], 8
        equals  "page", WORD PTR es:[4Ch], 2000h
        mov     ax, 1130h
        mov     bh, 6
        int     10h
        equals  "1130h: height", cx, 8
        equals  "1130h: rows less one", dl, 49
        mov     dx, 3100h               ; the last row
        xor     bx, bx
        mov     ah, 2
        int     10h
        mov     ax, 0E00h + 'x'
        int     10h
        mov     ax, 0E00h + 13
        int     10h
        mov     ax, 0E00h + 10          ; scrolls
        int     10h
        mov     ah, 3
        int     10h
        equals  "still the last row", dx, 3100h
        push    0B800h
        pop     es
        equals  "scrolled", BYTE PTR es:[48 * 160], 'x'
        equals  "and empty", BYTE PTR es:[49 * 160], ' '
        mov     ax, 1111h
        int     10h
        push    40h
        pop     es
        equals  "28 rows", BYTE PTR es:[84h], 27
        mov     ax, 3                   ; a new mode has 25
        int     10h
        equals  "25 rows", BYTE PTR es:[84h], 24
        equals  "height of 16", WORD PTR es:[85h], 16

        mov     ax, 1007h
        mov     bl, 6
        int     10h
        equals  "brown", bh, 14h
        mov     ax, 1000h
        mov     bx, 2A06h
        int     10h
        mov     ax, 1007h
        mov     bl, 6
        int     10h
        equals  "changed", bh, 2Ah
        mov     ax, 1015h
        mov     bx, 14h
        int     10h
        equals  "red of brown", dh, 2Ah
        equals  "green and blue", cx, 1500h
        mov     ax, 1010h
        mov     bx, 200
        mov     dh, 63
        mov     cx, 0102h
        int     10h
        push    ds
        pop     es
        mov     ax, 1017h
        mov     bx, 200
        mov     cx, 1
        mov     dx, OFFSET buffer
        int     10h
        equals  "a colour", WORD PTR buffer, 013Fh
        equals  "and its blue", buffer + 2, 2
        mov     ax, 1009h
        mov     dx, OFFSET buffer
        int     10h
        equals  "all registers", WORD PTR buffer + 6, 072Ah

        mov     ax, 1B00h
        xor     bx, bx
        mov     di, OFFSET buffer
        int     10h
        equals  "state", al, 1Bh
        equals  "mode", buffer + 4, 3
        equals  "columns", WORD PTR buffer + 5, 80
        equals  "rows", buffer + 22h, 25
        les     di, DWORD PTR buffer
        equals  "modes 0 to 3", BYTE PTR es:[di], 0Fh
        mov     ax, 4F00h
        int     10h
        equals  "no VESA", ax, 4F00h
        mov     ah, 4
        int     10h
        equals  "no light pen", ah, 0

        mov     ah, 0Ah
        int     16h
        equals  "keyboard", bx, 41ABh
        mov     ax, 5500h
        int     16h
        equals  "nobody's function", ax, 5500h
        mov     ax, 0B101h
        int     1Ah
        check   "no PCI BIOS", jc
        mov     ax, 1234h
        int     2Dh                     ; comes back
        equals  "nobody's interrupt", ax, 1234h
        finish  0

buffer  db      64 dup (0)
        end     start

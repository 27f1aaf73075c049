; Standard input of the host: lines and characters, then the bytes as they are, then its end.
        include check.inc

        mov     dx, OFFSET line         ; "first"
        dos     0Ah
        equals  "length", BYTE PTR line + 1, 5
        print   "!"
        dos     1                       ; "A" of "AB"
        equals  "A", al, 'A'
        mov     ah, 0
        int     16h
        equals  "B", al, 'B'
        dos     0Bh
        equals  "more is there", al, 0FFh
        dos     7
        equals  "the line's end", al, 13
        mov     ax, 4400h
        mov     bx, 0
        int     21h
        test    dl, 80h
        check   "redirected", jz
        mov     cx, 100
        mov     dx, OFFSET line
        dos     3Fh
        equals  "rest", ax, 11
        mov     cx, ax
        mov     bx, 1
        dos     40h
        mov     bx, 0
        dos     3Fh
        equals  "the end", ax, 0
        dos     8
        equals  "Ctrl+Z", al, 1Ah
        finish  0
line    db      20, 0, 100 dup (0)
        end     start

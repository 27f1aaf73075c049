; Keys a, F1, Shift+b, Enter, Up, x, Backspace, y, Enter, Ctrl+z, Enter, q: INT 16h, then lines and characters of DOS.
        include check.inc

        mov     ah, 1
        int     16h
        check   "nothing yet", jz
        mov     ah, 0
        int     16h
        equals  "a", ax, 1E61h
        mov     ah, 0
        int     16h
        equals  "F1", ax, 3B00h
        mov     ah, 10h
        int     16h
        equals  "B", ax, 3042h
again:  mov     ah, 11h                 ; polls
        int     16h
        jz      again
        equals  "Enter waits", ax, 1C0Dh
        mov     ah, 0
        int     16h
        mov     ah, 10h
        int     16h
        equals  "gray Up", ax, 48E0h
        mov     ah, 5
        mov     cx, 2C7Ah
        int     16h
        mov     ah, 0
        int     16h
        equals  "a key put there", ax, 2C7Ah
        mov     dx, OFFSET line
        dos     0Ah
        equals  "length", BYTE PTR line + 1, 1
        equals  "y and CR", WORD PTR line + 2, 0D79h
        print   " line"
        mov     bx, 0                   ; Ctrl+Z ends a file
        mov     cx, 10
        mov     dx, OFFSET line
        dos     3Fh
        equals  "end of CON", ax, 0
        dos     0Bh
        mov     ah, 2
        int     16h
        test    al, 0Fh
        check   "no shift key is down", jz
        dos     8
        equals  "q", al, 'q'
        mov     ah, 6
        mov     dl, 0FFh
        int     21h
        check   "no more", jz
        finish  0
line    db      20, 0, 20 dup (0)
        end     start

; Date and time by DOS and BIOS, waiting, ticks.
        include check.inc

        dos     2Ah
        equals  "year", cx, 1998
        equals  "month and day", dx, 0619h
        equals  "a Thursday", al, 4
        dos     2Ch
        equals  "12:00", cx, 0C00h
        mov     ah, 4
        int     1Ah
        equals  "BCD year", cx, 1998h
        equals  "BCD month and day", dx, 0625h
        mov     ah, 2
        int     1Ah
        equals  "BCD time", cx, 1200h
        mov     ah, 0
        int     1Ah
        equals  "ticks since midnight", cx, 0Ch
        mov     si, dx
        mov     ah, 86h                 ; waits 1.5 s
        mov     cx, 16h
        mov     dx, 0E360h
        int     15h
        check   "wait", jnc
        mov     ah, 0
        int     1Ah
        sub     dx, si
        sub     dx, 27
        equals  "27 or 28 ticks later", dx, 0
        dos     2Ch
        equals  "one second later", dh, 1
        mov     cx, 2024
        mov     dx, 021Dh
        dos     2Bh
        equals  "a leap day", al, 0
        mov     dx, 021Eh
        dos     2Bh
        equals  "no such day", al, 0FFh
        mov     cx, 172Bh               ; 23:43:59
        mov     dx, 3B00h
        dos     2Dh
        equals  "set the time", al, 0
        dos     2Ah
        equals  "it is that day", dx, 021Dh
        equals  "a Thursday again", al, 4
        mov     cx, 1900h
        dos     2Dh
        equals  "no such time", al, 0FFh
        mov     ax, 3508h               ; a timer of its own, which goes on to the old one
        int     21h
        mov     WORD PTR old, bx
        mov     WORD PTR old + 2, es
        mov     dx, OFFSET tick
        mov     ax, 2508h
        int     21h
wait_:  hlt
        cmp     count, 5
        jb      wait_
        lds     dx, old
        mov     ax, 2508h
        int     21h
        push    cs
        pop     ds
        finish  0
tick:   inc     cs:count
        jmp     cs:old
old     dd      0
count   dw      0
        end     start

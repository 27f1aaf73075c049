; Ctrl+C: a handler of INT 23h that returns has the call made again; nobody's ends the program.
        include check.inc

        mov     ax, 3523h
        int     21h
        mov     WORD PTR old, bx
        mov     WORD PTR old + 2, es
        mov     ax, 2523h
        mov     dx, OFFSET handler
        int     21h
        dos     8                       ; Ctrl+C, then x
        equals  "x", al, 'x'
        equals  "the handler was called", hits, 1
        dos     7                       ; this function does not look for it
        equals  "Ctrl+C itself", al, 3
        lds     dx, old
        mov     ax, 2523h
        int     21h
        push    cs
        pop     ds
        print   "now for good"
        dos     1
        print   "FAILED: not reached"
        finish  0
handler: inc    cs:hits
        iret
old     dd      0
hits    db      0
        end     start

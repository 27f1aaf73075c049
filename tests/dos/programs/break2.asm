; Ctrl+C while a program prints, Ctrl+Break and INT 1Bh, BREAK=ON, and a handler of INT 23h that returns with RETF.
        include check.inc

        mov     ax, 351Bh
        int     21h
        mov     WORD PTR old1b, bx
        mov     WORD PTR old1b + 2, es
        mov     ax, 251Bh
        mov     dx, OFFSET hook1b
        int     21h
        mov     ax, 2523h
        mov     dx, OFFSET handler
        int     21h

        mov     cx, 1                   ; Ctrl+C is typed while AH=0Bh looks
        call    wait_hits
        equals  "AH=0Bh", al, 0
        mov     cx, 2                   ; Ctrl+Break
        call    wait_hits
        equals  "INT 1Bh", breaks, 1
        push    40h
        pop     es
        equals  "noted", BYTE PTR es:[71h], 80h
        mov     ax, 3301h               ; BREAK=OFF: other functions do not look
        mov     dl, 0
        int     21h
        mov     ah, 1
poll:   int     16h                     ; until Ctrl+C is there
        mov     ah, 1
        jz      poll
        dos     30h
        equals  "not seen", hits, 2
        mov     ax, 3301h
        mov     dl, 1
        int     21h
        dos     30h
        equals  "BREAK=ON", hits, 3
        mov     ax, 3300h
        int     21h
        equals  "is on", dl, 1
        mov     ax, 2523h
        mov     dx, OFFSET goes_on
        int     21h
        dos     8                       ; Ctrl+C, then y
        equals  "RETF without carry goes on", al, 'y'
        equals  "called", hits, 4
        mov     ax, 2523h
        mov     dx, OFFSET aborts
        int     21h
        print   "last"
        dos     8
        print   "FAILED: not reached"
        finish  0

wait_hits:
        dos     0Bh
        cmp     hits, cl
        jb      wait_hits
        ret
hook1b: inc     cs:breaks
        jmp     cs:old1b
handler: inc    cs:hits
        iret
goes_on:
        inc     cs:hits
        clc
        retf
aborts: stc
        retf
old1b   dd      0
hits    db      0
breaks  db      0
        end     start

; VPICD's API (INT 2Fh AX=1684h BX=3): its version, a function that it does not have.
        include check.inc

        mov     ax, 1684h
        mov     bx, 3
        xor     di, di
        mov     es, di
        int     2Fh
        mov     WORD PTR api, di
        mov     WORD PTR api + 2, es
        mov     ax, es
        or      ax, di
        check   "an API", jnz
        xor     ax, ax
        stc
        call    api
        check   "version: CF", jnc
        equals  "version", ax, 0400h
        mov     ax, 77h
        call    api
        check   "another function: CF", jc
        equals  "AX of another function", ax, 77h
        finish  0
api     dd      0
        end     start

; Interrupts that the driver serves in odd ways; what each leaves is printed as a letter.
        .model  tiny
        .386
        include pm.inc
        .code
        org     100h
put     MACRO   letter
        push    ax
        push    dx
        mov     dl, letter
        mov     ah, 2
        int     21h
        pop     dx
        pop     ax
        ENDM
start:  mov     ax, 0
        mov     es, ax
        mov     WORD PTR es:[4 * 61h], OFFSET int61
        mov     WORD PTR es:[4 * 61h + 2], cs
        find_api 7F02h, api

;       two hooks of INT 61h wait for its return
        xor     bx, bx
        int     61h
        cmp     bx, 0321h               ; handler, then the newest waiter, then the older
        je      @F
        put     "1"
@@:
;       a break point by two names
        mov     ax, 1
        mov     cx, cs
        mov     dx, OFFSET broken
        call    DWORD PTR api           ; installed as CS:dx and as (CS-1):(dx+16)
        mov     ax, 0
broken: inc     ax
        inc     ax
        cmp     ax, 12h                 ; the break point added 10h
        je      @F
        put     "2"
@@:     mov     ax, 2                   ; CS:dx is removed: the other name is left
        call    DWORD PTR api
        mov     ax, cs
        dec     ax
        push    cs
        push    OFFSET after
        push    ax
        push    OFFSET broken + 16
        mov     ax, 0
        retf
after:  cmp     ax, 22h                 ; the break point added 20h and returned
        je      @F
        put     "3"
@@:     mov     ax, 3                   ; the last one is removed
        call    DWORD PTR api
        cmp     BYTE PTR broken, 40h
        je      @F
        put     "4"
@@:
;       a word across two ports: the first handler removes the second
        mov     dx, 3A0h
        mov     ax, 1234h
        out     dx, ax
        in      ax, dx
        cmp     ax, 0FF5Ah              ; nobody is behind the second one any more
        je      @F
        put     "5"
@@:     in      al, dx
        cmp     al, 0FFh                ; the first removes itself while it is asked the second time
        je      @F
        put     "6"
@@:
;       INT 62h sets a time-out and returns late
        mov     ax, 0
        mov     es, ax
        mov     WORD PTR es:[4 * 62h], OFFSET int62
        mov     WORD PTR es:[4 * 62h + 2], cs
        mov     WORD PTR es:[4 * 63h], OFFSET int62
        mov     WORD PTR es:[4 * 63h + 2], cs
        mov     WORD PTR es:[4 * 64h], OFFSET int64
        mov     WORD PTR es:[4 * 64h + 2], cs
        sti
        int     62h                     ; a time-out and a second call
        int     63h                     ; a time-out only
        int     64h                     ; back in time
        mov     ax, 4
        call    DWORD PTR api
        cmp     ax, 0121h
        je      @F
        put     "7"
@@:     put     "y"
        mov     ax, 4C00h
        int     21h

int61:  mov     bl, 1
        iret
int62:  sti
        push    cx
        push    es
        push    ax
        push    40h
        pop     es
        mov     cx, es:[6Ch]
        add     cx, 4                   ; more than 200 ms
wait_:  mov     ax, es:[6Ch]
        cmp     ax, cx
        jb      wait_
        pop     ax
        pop     es
        pop     cx
        iret
int64:  iret
api     DD      0
        END     start

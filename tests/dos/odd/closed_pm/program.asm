; A protected-mode application that holds what an application can hold, and is closed from outside.
        .model  tiny
        .386
        include pm.inc
        .code
        org     100h
start:  mov     sp, 0F000h
        enter_pm
        mov     bx, 10h
        mov     ax, 100h
        int     31h
        mov     bx, 0
        mov     cx, 8000h
        mov     ax, 501h
        int     31h
        mov     ax, 0205h               ; the timer's interrupts come to protected mode
        mov     bl, 8
        mov     cx, cs
        mov     dx, OFFSET tick
        push    bx
        mov     ax, 0204h
        int     31h
        mov     WORD PTR previous, dx
        mov     WORD PTR previous + 2, cx
        pop     bx
        mov     ax, 0205h
        mov     cx, cs
        mov     dx, OFFSET tick
        int     31h
        push    ds
        pop     es
        push    ds                      ; a real-mode call-back
        push    cs
        pop     ds
        mov     si, OFFSET back
        mov     di, OFFSET structure
        mov     ax, 0303h
        int     31h
        pop     ds
        find_api 7F02h, api
        sti
        call    DWORD PTR api
        mov     ax, 0300h               ; INT 60h is the driver's: it never comes back
        mov     bx, 60h
        xor     cx, cx
        mov     di, OFFSET structure
        int     31h
        mov     dl, "n"
        mov     ah, 2
        int     21h
hang:   jmp     hang

tick:
        jmp     DWORD PTR cs:previous
back:   iret
previous DD     0
api     DD      0
structure DB    50 DUP (0)
        END     start

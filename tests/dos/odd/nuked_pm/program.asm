; Into protected mode, and from there once more: the second one stays until somebody ends it.
        .model  tiny
        .386
        include pm.inc
        .code
        org     100h
start:  mov     sp, 0F000h
        cmp     BYTE PTR ds:[80h], 0
        jne     inner
        mov     bx, 1300h               ; the rest is for the inner one
        mov     ah, 4Ah
        int     21h
        enter_pm
        mov     WORD PTR parameters + 4, ds
        mov     ax, ds
        mov     es, ax
        mov     dx, OFFSET name_
        mov     bx, OFFSET parameters
        mov     ax, 4B00h
        int     21h                     ; never returns
        mov     ax, 4C01h
        int     21h

inner:  enter_pm
        find_api 7F02h, api
        call    DWORD PTR api
hang:   jmp     hang

parameters DW   0
        DW      OFFSET tail, 0, -1, -1, -1, -1
tail    DB      1, "x", 13
name_   DB      "C:\NUKED_PM.COM", 0
api     DD      0
        END     start

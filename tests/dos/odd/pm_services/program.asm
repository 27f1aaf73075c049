; Calls the driver's API from 16-bit protected mode and looks whether it has come back as it went.
        .model  tiny
        .386
        include pm.inc
        .code
        org     100h
start:  mov     sp, 0F000h
        enter_pm
        find_api 7F02h, api
        mov     si, 5
        mov     bp, sp
        call    DWORD PTR api
        mov     dl, "b"
        cmp     si, 5
        jne     say
        mov     dl, "s"
        cmp     bp, sp
        jne     say
        mov     dl, "y"
say:    mov     ah, 2
        int     21h
        mov     ax, 4C00h
        int     21h
api     DD      0
        END     start

; A protected-mode application that reads a driver's memory and writes where the driver lets it.
        .model  tiny
        .386
        include pm.inc
        .code
        org     100h
start:  mov     sp, 0F000h
        enter_pm
        find_api 7F03h, api
        xor     ax, ax
        call    DWORD PTR api
        mov     es, bx
        mov     ecx, es:[edx+12]        ; CB_VMID
        mov     dl, '1'
        cmp     DWORD PTR es:[esi], 'morf'
        jne     say
        mov     dl, '2'
        cmp     DWORD PTR es:[edi], 'paeh'
        jne     say
        mov     ax, 1683h
        int     2Fh
        mov     dl, '3'
        cmp     bx, cx
        jne     say
        mov     ax, 1
        call    DWORD PTR api
        mov     es, bx
        mov     DWORD PTR es:[0], 12345678h
        mov     ax, 2
        call    DWORD PTR api
        mov     dl, '4'
        cmp     eax, 12345678h
        jne     say
        mov     dl, 'y'
say:    mov     ah, 2
        int     21h
        mov     ax, 4C00h
        int     21h
api     dd      0
        end     start

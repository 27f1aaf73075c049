; The DOS program of driver.asm: asks for the driver's API, uses its interrupt and its port, waits for its bell.
        .model  tiny
        .386
        .code
        org     100h
start:  mov     ax, 1684h               ; where is the API of device 3ABCh?
        mov     bx, 3ABCh
        xor     di, di
        mov     es, di
        int     2Fh
        mov     word ptr api, di
        mov     word ptr api + 2, es
        mov     ax, es
        or      ax, di
        mov     dx, offset no_driver
        mov     bl, 1
        jz      ending
        xor     ax, ax
        call    api
        add     ax, '0'*257
        mov     version, ah
        mov     version + 2, al
        mov     dx, offset says_version
        call    say

        mov     ah, 1                   ; in which virtual machine are we?
        int     60h
        add     al, '0'
        mov     vm, al
        mov     dx, offset says_vm
        call    say

        mov     dx, 300h                ; the trapped port
        mov     al, 0A5h
        out     dx, al
        in      al, dx
        cmp     al, 5Ah
        mov     dx, offset bad_port
        jne     failed
        mov     ax, 1
        call    api
        cmp     ax, 0A5h
        jne     failed
        mov     dx, offset says_port
        call    say

        mov     ax, 350Dh               ; the bell, IRQ 5 = INT 0Dh
        int     21h
        mov     ax, 250Dh
        mov     dx, offset bell
        int     21h
        in      al, 21h
        and     al, not 20h
        out     21h, al
wait_:  hlt
        cmp     rung, 0
        je      wait_
        mov     dx, offset says_bell
        mov     bl, 0
        jmp     ending
failed: mov     bl, 2
ending: call    say
        mov     al, bl
        mov     ah, 4Ch
        int     21h

say:    mov     ah, 9
        int     21h
        ret

bell:   mov     cs:rung, 1
        push    ax
        mov     al, 20h
        out     20h, al
        pop     ax
        iret

api     dd      0
rung    db      0
no_driver db    "the driver is not there", 13, 10, "$"
bad_port db     "the port does not answer", 13, 10, "$"
says_version db "API version "
version db      "0.0", 13, 10, "$"
says_vm db      "virtual machine "
vm      db      "0", 13, 10, "$"
says_port db    "the port turns bits round", 13, 10, "$"
says_bell db    "the bell has rung", 13, 10, "$"
        end     start

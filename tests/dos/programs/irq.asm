; The interrupt controllers as a program drives them: the clock chip's IRQ 8, which no driver has, at the slave's vector and
; at one that the program gives it; what the controllers tell in the handler; polling; a request that waits behind a mask.
        include check.inc

        cli
        mov     ax, 2570h
        mov     dx, OFFSET handler
        int     21h
        mov     ax, 2578h
        mov     dx, OFFSET handler
        int     21h
        call    periodic
        in      al, 0A1h
        equals  "the slave's masks", al, 0DFh
        and     al, 0FEh
        out     0A1h, al
        sti

        mov     cx, 5
        call    wait_for
        equals  "in service, slave", slave, 1
        equals  "in service, master", master, 4

        ; the slave moves to 78h
        cli
        mov     al, 11h
        out     0A0h, al
        mov     al, 78h
        out     0A1h, al
        mov     al, 2
        out     0A1h, al
        mov     al, 1
        out     0A1h, al
        mov     al, 0DEh
        out     0A1h, al
        mov     vector, 78h
        mov     ax, 2570h
        mov     dx, OFFSET wrong
        int     21h
        sti
        mov     cx, 3
        call    wait_for

        ; polled, with interrupts disabled
        cli
        mov     ticks, 0
        mov     ecx, 100000
poll:   mov     al, 0Ch
        out     0A0h, al
        in      al, 0A0h
        test    al, 80h
        jnz     polled
        loop    poll
polled: equals  "polled line", al, 80h
        mov     al, 0Bh
        out     0A0h, al
        in      al, 0A0h
        equals  "in service by the poll", al, 1
        mov     al, 0Bh
        out     70h, al
        mov     al, 2
        out     71h, al
        call    read_c
        mov     al, 20h
        out     0A0h, al
        in      al, 0A0h
        equals  "ended", al, 0
        mov     al, 0Ah
        out     0A0h, al
        in      al, 0A0h
        equals  "not requested any more", al, 0
        equals  "no handler ran", ticks, 0

        ; masked in the master: it waits at the slave, and comes as soon as the mask is lifted
        in      al, 21h
        or      al, 4
        out     21h, al
        call    periodic
        sti
        mov     ecx, 200000
spin:   dec     ecx
        jnz     spin
        equals  "nothing passes the master", ticks, 0
        mov     al, 0Ah
        out     0A0h, al
        in      al, 0A0h
        equals  "requested at the slave", al, 1
        in      al, 21h
        and     al, 0FBh
        out     21h, al
        nop
        cmp     ticks, 0
        check   "it comes when the mask is lifted", jne

        cli
        mov     al, 0Bh
        out     70h, al
        mov     al, 2
        out     71h, al
        mov     al, 0DFh
        out     0A1h, al
        sti
        finish  0

periodic:
        mov     al, 0Ah                 ; 1,024 a second
        out     70h, al
        mov     al, 26h
        out     71h, al
        mov     al, 0Bh
        out     70h, al
        mov     al, 42h
        out     71h, al
read_c: mov     al, 0Ch
        out     70h, al
        in      al, 71h
        ret

wait_for:
        mov     ticks, 0
@@:     hlt
        cmp     ticks, cx
        jb      @b
        ret

wrong:  print   "FAILED: the old vector"
        iret

handler:push    ax
        inc     cs:ticks
        mov     al, 0Bh
        out     0A0h, al
        in      al, 0A0h
        mov     cs:slave, al
        mov     al, 0Bh
        out     20h, al
        in      al, 20h
        mov     cs:master, al
        call    read_c
        mov     al, 60h                 ; line 0 of the slave, line 2 of the master
        out     0A0h, al
        mov     al, 62h
        out     20h, al
        pop     ax
        iret

ticks   dw      0
vector  db      70h
slave   db      0
master  db      0
        end     start

; An error of the coprocessor in protected mode (DPMI): the application's own INT 75h; without one, the BIOS's and INT 2.
        include check.inc

        mov     ax, 1687h
        int     2Fh
        or      ax, ax
        check   "a DPMI host", jz
        mov     WORD PTR entry, di
        mov     WORD PTR entry + 2, es
        xor     ax, ax
        mov     es, ax
        mov     WORD PTR es:[8], OFFSET int2 ; the real-mode INT 2
        mov     WORD PTR es:[10], cs
        mov     ax, cs                  ; the host's data behind the program
        add     ax, 1000h
        mov     es, ax
        xor     ax, ax
        call    entry
        check   "in protected mode", jnc
        mov     ax, ds
        mov     ds:data, ax
        mov     ax, 0901h               ; interrupts on
        int     31h

        call    divide                  ; nobody's here: the V86 side's
        fwait
        equals  "INT 2 of the V86 side", nmis, 1
        fnstsw  ax
        and     al, 80h
        check   "cleared", jz

        mov     ax, 0205h
        mov     bl, 75h
        mov     cx, cs
        mov     dx, OFFSET int75
        int     31h
        check   "vector 75h", jnc
        call    divide
        fldz
        equals  "INT 75h", errors, 1
        equals  "INT 2 not again", nmis, 1
        call    divide
        fwait
        equals  "INT 75h again", errors, 2
        fninit
        finish  0

divide: fninit
        fldcw   control
        fld1
        fldz
        fdivp   st(1), st
        ret

int2:   inc     cs:nmis
        fnclex
        iret

int75:  push    ax
        push    ds
        mov     ds, cs:data
        inc     ds:errors
        fnclex
        xor     al, al
        out     0F0h, al
        mov     al, 20h
        out     0A0h, al
        out     20h, al
        pop     ds
        pop     ax
        iret

entry   dd      0
control dw      037Bh                   ; all masked but zero divide
data    dw      0
errors  dw      0
nmis    dw      0
        end     start

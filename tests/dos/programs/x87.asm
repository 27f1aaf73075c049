; Errors of the coprocessor as a PC reports them: IRQ 13, INT 75h, port F0h, INT 2.
        include check.inc

INT_75H equ     75h * 4
INT_2   equ     2 * 4

        xor     ax, ax
        mov     es, ax
        mov     eax, es:[INT_75H]
        mov     old75, eax
        mov     eax, es:[INT_2]
        mov     old2, eax
        in      al, 0A1h
        test    al, 20h
        check   "IRQ 13 is not masked", jz

        ; Masked errors disturb nobody.
        fninit
        call    divide
        fwait
        equals  "no interrupt", nmis, 0
        fninit

        ; The BIOS's INT 75h calls INT 2, whose handler finds the erring instruction and clears the error.
        cli
        mov     WORD PTR es:[INT_2], OFFSET int2
        mov     WORD PTR es:[INT_2 + 2], cs
        sti
        call    unmask
        call    divide
        fwait
        equals  "INT 2 once", nmis, 1
        equals  "zero divide", WORD PTR status, 4
        fnstsw  ax
        and     al, 80h
        check   "cleared", jz

        ; A program's own INT 75h. It comes at the next waiting instruction, which then runs.
        cli
        mov     WORD PTR es:[INT_75H], OFFSET int75
        mov     WORD PTR es:[INT_75H + 2], cs
        sti
        call    divide
        fnstsw  ax                      ; does not wait
        equals  "not yet", errors, 0
        fldpi
        equals  "INT 75h once", errors, 1
        equals  "INT 2 not again", nmis, 1
        ftst                            ; the handler's FNCLEX is all that happened: ST holds pi
        fnstsw  ax
        and     ah, 45h
        equals  "pi is there", ah, 0

        ; With interrupts disabled FNCLEX comes in time.
        fninit
        call    unmask
        cli
        call    divide
        fnclex
        fwait
        sti
        nop
        equals  "no interrupt comes", errors, 1

        ; A handler that only writes port F0h: the error stays, and instructions pass it.
        mov     keep, 1
        call    divide
        fwait
        equals  "again", errors, 2
        fld1
        fwait
        equals  "ignored", errors, 2
        fnstsw  ax
        and     al, 84h
        equals  "still an error", al, 84h
        fnclex                          ; FERR# falls, IGNNE# with it
        mov     keep, 0
        fninit
        call    unmask
        call    divide
        fwait
        equals  "heard again", errors, 3

        ; Masked at the controller, it waits there. A program cannot wait for it with FWAIT then.
        fninit
        call    unmask
        in      al, 0A1h
        or      al, 20h
        out     0A1h, al
        call    divide
        fnclex
        in      al, 0A1h
        and     al, 0DFh
        out     0A1h, al
        fwait
        equals  "nothing was latched", errors, 3

        fninit
        cli
        mov     eax, old75
        mov     es:[INT_75H], eax
        mov     eax, old2
        mov     es:[INT_2], eax
        sti
        ; Nobody listens: the BIOS's handlers let the program go on.
        call    unmask
        call    divide
        fwait
        fld1
        fninit
        finish  0

divide: fld1
        fldz
        fdivp   st(1), st
        ret

unmask: fldcw   control
        ret

int2:   inc     cs:nmis
        push    ax
        fnstsw  ax
        and     ax, 3Fh
        mov     cs:status, ax
        fnclex
        pop     ax
        iret

int75:  push    ax
        inc     cs:errors
        xor     al, al
        out     0F0h, al
        mov     al, 20h
        out     0A0h, al
        out     20h, al
        cmp     cs:keep, 0
        jne     kept
        fnclex
kept:   pop     ax
        iret

control dw      037Bh                   ; all masked but zero divide
status  dw      0
errors  dw      0
nmis    dw      0
keep    db      0
old75   dd      0
old2    dd      0
        end     start

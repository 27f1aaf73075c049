; What Windows answers to programs by INT 2Fh AX=16xxh, each with what it leaves alone (Windows 3.1 DDK: Windows Interrupt
; 2Fh Functions).
        include check.inc

;       What the registers held that nobody answers in.
same    MACRO   what, first, second, third
        FOR     register, <first, second, third>
        IFNB    <register>
        equals  <what, ": ", "&register">, register, value_&register
        ENDIF
        ENDM
        ENDM

ask     MACRO   function
        mov     bx, value_bx
        mov     cx, value_cx
        mov     dx, value_dx
        mov     si, value_si
        mov     bp, value_bp
        mov     ax, function
        int     2Fh
        ENDM
value_bx        = 1234h
value_cx        = 2345h
value_dx        = 3456h
value_si        = 4567h
value_bp        = 5678h

        ask     1600h
        equals  "1600h: version", ax, 0004h
        same    "1600h", bx, cx, dx
        same    "1600h", si, bp
        ask     160Ah
        equals  "160Ah: AX", ax, 0
        equals  "160Ah: version", bx, 0400h
        equals  "160Ah: mode", cx, 3
        same    "160Ah", dx, si, bp
        stc
        ask     1680h
        equals  "1680h: AX", ax, 1600h
        same    "1680h", bx, cx, dx
        ask     1683h
        mov     number, bx
        or      bx, bx
        check   "1683h: no number", jnz
        equals  "1683h: AX", ax, 1683h
        same    "1683h", cx, dx, si

;       what asks in the way of Windows/386 2.x
        ask     1602h
        mov     WORD PTR entry, di
        mov     WORD PTR entry + 2, es
        mov     ax, es
        or      ax, di
        check   "1602h: no entry", jnz
        same    "1602h", bx, cx, dx
        ask     1602h
        equals  "1602h: another entry", di, <WORD PTR entry>
        mov     di, cs
        mov     es, di
        mov     di, OFFSET back
        mov     sp_then, sp
        mov     bx, value_bx
        xor     ax, ax
        jmp     entry
        print   "FAILED: goes on behind the jump"
back:   mov     ax, sp
        equals  "entry: SP", ax, sp_then
        equals  "entry: number", bx, number
        same    "entry", cx, dx, si
        mov     bx, value_bx
        mov     di, OFFSET again
        mov     ax, 7777h               ; no function: goes on all the same
        jmp     entry
        print   "FAILED: goes on behind the second jump"
again:  equals  "another function: AX", ax, 7777h
        same    "another function", bx, cx, dx

;       one in the other, and one too many
        ask     1681h
        same    "1681h", bx, cx, dx
        ask     1681h
        dos     19h                     ; DOS works within
        ask     1682h
        same    "1682h", bx, cx, dx
        ask     1682h
        ask     1682h
        same    "1682h too often", bx, cx, dx

;       devices: one that is not there, one without an API, one by a name that nobody has
        mov     di, 1
        mov     es, di
        mov     bx, 7ABCh
        mov     ax, 1684h
        int     2Fh
        mov     ax, es
        or      ax, di
        check   "1684h: an API of nobody", jz
        mov     di, 1
        mov     es, di
        mov     bx, 7                   ; PageSwap
        mov     ax, 1684h
        int     2Fh
        mov     ax, es
        or      ax, di
        check   "1684h: an API of PageSwap", jz
        equals  "1684h: BX", bx, 7
        push    cs
        pop     es
        mov     di, OFFSET nobody
        xor     bx, bx
        mov     ax, 1684h
        int     2Fh
        mov     ax, es
        or      ax, di
        check   "1684h: an API of a name", jz

;       the mouse's API: what tells of the mouse is not for this VM
        mov     bx, 0Ch
        mov     ax, 1684h
        int     2Fh
        mov     WORD PTR entry, di
        mov     WORD PTR entry + 2, es
        xor     ax, ax
        stc
        call    entry
        check   "VMD: CF of the version", jnc
        equals  "VMD: version", ax, 0400h
        mov     ax, 5
        clc
        call    entry
        check   "VMD: the mouse", jc
        equals  "VMD: AX", ax, 5

;       not in protected mode, no vendor here, nobody's
        ask     1686h
        or      ax, ax
        check   "1686h: protected mode", jnz
        ask     168Ah
        equals  "168Ah: AL", al, 8Ah
        ask     16FEh
        equals  "16FEh: AX", ax, 16FEh
        same    "16FEh", bx, cx, dx

;       a procedure in this VM
        push    cs
        pop     es
        mov     di, OFFSET procedure
        mov     bx, number
        xor     cx, cx
        xor     dx, dx
        xor     si, si
        mov     ax, 1685h
        stc
        int     2Fh
        check   "1685h: CF", jnc
        equals  "1685h: AX", ax, 0
        mov     cx, 1000
@@:     mov     ax, 1680h
        int     2Fh
        cmp     called, 0
        loope   @B
        equals  "1685h: calls", called, 1
        mov     bx, number
        mov     cx, 4                   ; no such condition
        mov     ax, 1685h
        int     2Fh
        check   "1685h with flags: CF", jc
        equals  "1685h with flags: AX", ax, 3
        xor     cx, cx
        mov     dx, 7FFFh               ; as urgent as nothing is
        mov     ax, 1685h
        int     2Fh
        check   "1685h with a boost: CF", jc
        equals  "1685h with a boost: AX", ax, 2
        xor     dx, dx
        xor     bx, bx
        mov     ax, 1685h
        int     2Fh
        check   "1685h without a VM: CF", jc
        equals  "1685h without a VM: AX", ax, 1
        finish  0

procedure:
        inc     cs:called
        iret

entry   dd      0
number  dw      0
sp_then dw      0
called  dw      0
nobody  db      "NOSUCHVM"
        end     start

; A 16-bit DPMI program that starts another one (CLIENT.COM) by EXEC, in protected mode, and ends in V86 mode with that one's
; exit code and one.
        .386
PRG     segment para use16 public 'CODE'
        assume  cs:PRG, ds:PRG, es:PRG, ss:PRG
        org     100h
start:
        mov     sp, 3FFEh
        mov     bx, 400h                ; the rest of memory is the child's
        mov     ah, 4Ah
        int     21h
        mov     ax, 1687h
        int     2Fh
        or      ax, ax
        jnz     failed
        mov     word ptr [entry_], di
        mov     word ptr [entry_+2], es
        mov     bx, si
        mov     ah, 48h
        int     21h
        jc      failed
        mov     es, ax
        xor     ax, ax
        call    [entry_]
        jc      failed
        mov     [block+4], ds
        mov     [block+8], ds
        mov     [block+12], ds
        push    ds
        pop     es
        mov     bx, offset block
        mov     dx, offset child
        mov     ax, 4B00h
        int     21h
        jc      failed
        mov     ah, 4Dh
        int     21h
        mov     ah, 4Ch
        inc     al
        mov     word ptr [regs+1Ch], ax
        mov     di, offset regs
        mov     bx, 21h
        xor     cx, cx
        mov     ax, 300h
        int     31h
failed:
        mov     ax, 4C01h
        int     21h

entry_  dd      0
child   db      'CLIENT.COM', 0
block   dw      0, offset tail, 0, offset fcb, 0, offset fcb, 0
tail    db      0, 13
fcb     db      16 dup (0)
regs    db      32h dup (0)
PRG     ends
        end     start

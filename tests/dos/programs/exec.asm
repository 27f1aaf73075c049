; EXEC: a child with arguments, its return code, its environment; load without execution; overlays; errors.
        include check.inc

        mov     sp, OFFSET stack_end    ; gives memory back for the child
        mov     bx, OFFSET stack_end
        shr     bx, 4
        inc     bx
        dos     4Ah
        mov     block_seg, cs
        mov     block_seg2, cs
        mov     block_seg3, cs
        push    ds
        pop     es
        mov     bx, OFFSET block
        mov     dx, OFFSET child
        mov     bp, 1234h
        mov     si, 5678h
        mov     ax, 4B00h
        int     21h
        check   "execute", jnc
        equals  "BP comes back", bp, 1234h
        equals  "SI comes back", si, 5678h
        mov     ax, cs
        mov     dx, ss
        equals  "the stack comes back", ax, dx
        mov     ax, sp
        equals  "and its pointer", ax, OFFSET stack_end
        push    cs
        pop     ds
        dos     4Dh
        equals  "return code", ax, 0042h
        dos     4Dh
        equals  "is told once", ax, 0
        dos     62h
        mov     ax, cs
        equals  "this process is current again", ax, bx

        push    ds
        pop     es
        mov     dx, OFFSET missing
        mov     bx, OFFSET block
        mov     ax, 4B00h
        int     21h
        equals  "no such program", ax, 2
        mov     ax, 4B02h
        int     21h
        equals  "no such function", ax, 1

        mov     dx, OFFSET child        ; as an overlay behind this program
        mov     bx, OFFSET overlay
        mov     ax, cs
        add     ax, 300h
        mov     overlay, ax
        mov     ax, 4B03h
        int     21h
        check   "overlay", jnc
        mov     ax, overlay
        mov     es, ax
        equals  "the child's first byte", BYTE PTR es:[0], 0BEh
        mov     bx, 3000h
        push    cs
        pop     es
        finish  3

child   db      "c:\child.com", 0
missing db      "missing.com", 0
tail    db      9, " one two ", 13
block   dw      0, OFFSET tail
block_seg dw    0
        dw      5Ch
block_seg2 dw   0
        dw      6Ch
block_seg3 dw   0
        dw      0, 0, 0, 0
overlay dw      0, 0
        even
        db      512 dup (0)
stack_end LABEL BYTE
        end     start

; Interrupts: hooks that chain, vectors, what is not installed, CALL 5, the far call of the PSP.
        include check.inc

        mov     ax, 3521h               ; every INT 21h is counted
        int     21h
        mov     WORD PTR old, bx
        mov     WORD PTR old + 2, es
        mov     dx, OFFSET hook
        mov     ax, 2521h
        int     21h
        dos     30h
        equals  "version 7", al, 7
        dos     19h
        dos     19h
        mov     ax, count
        equals  "counted", ax, 3
        lds     dx, old
        mov     ax, 2521h
        int     21h
        push    cs
        pop     ds
        mov     ax, 3521h
        int     21h
        mov     ax, WORD PTR old
        equals  "the old one again", bx, ax

        mov     cl, 2                   ; CALL 5 as CP/M programs do
        mov     dl, '5'
        mov     ax, 5
        call    ax
        push    cs                      ; the far call at PSP:50h
        mov     ax, OFFSET behind
        push    ax
        mov     dl, 'f'
        mov     ah, 2
        push    cs
        push    50h
        retf
behind: pushf                           ; INT 21h without an INT
        cli
        mov     dl, 'p'
        mov     ah, 2
        call    old
        print   " "

        mov     ax, 0D7F3h              ; nobody's
        mov     bx, 1111h
        int     2Fh
        equals  "unchanged", ax, 0D7F3h
        mov     ax, 1200h
        int     2Fh
        equals  "DOS answers", al, 0FFh
        xor     ax, ax
        int     33h
        equals  "no mouse", ax, 0
        mov     ax, 7147h
        stc
        int     21h
        check   "no long names", jc
        equals  "as it has to be said", ax, 7100h
        mov     dl, 80h
        mov     ah, 8
        int     13h
        check   "no disk", jc
        mov     ax, 0E801h
        int     15h
        check   "not in this BIOS", jc
        equals  "86h", ah, 86h
        mov     ah, 0C0h
        int     15h
        equals  "an AT", BYTE PTR es:[bx+2], 0FCh
        mov     ax, 0F000h
        mov     es, ax
        equals  "by its model byte", BYTE PTR es:[0FFFEh], 0FCh
        dos     34h
        equals  "not in DOS", BYTE PTR es:[bx], 0
        dos     52h
        les     bx, es:[bx+22h]         ; the chain of devices behind NUL
        equals  "CON", WORD PTR es:[bx+10], "OC"
        mov     bx, 0
        div     bl                      ; ends the program
        print   "not reached"
        finish  0

hook:   inc     cs:count
        jmp     cs:old
old     dd      0
count   dw      0
        end     start

; A DOS program that asks for VESA and for the chip's register 30h (chip.asm).
        .386
MODES   SEGMENT USE16 'CODE'
        ASSUME  CS:MODES, DS:MODES
        ORG     100h
start:  mov     ax, 4F00h
        mov     di, OFFSET answer
        int     10h
        mov     dx, OFFSET no_vesa
        cmp     ax, 4Fh
        jne     over
        mov     dx, OFFSET vesa
        mov     ah, 9
        int     21h

        mov     dx, 3D4h                ; index and data in one word
        mov     ax, 5A30h
        out     dx, ax
        inc     dx
        in      al, dx
        mov     dx, OFFSET wrong
        cmp     al, 5Ah
        jne     over
        mov     dx, OFFSET right
over:   mov     ah, 9
        int     21h
        mov     ax, 4C00h
        int     21h

vesa    DB      "there is a VESA BIOS", 13, 10, "$"
no_vesa DB      "there is no VESA BIOS", 13, 10, "$"
right   DB      "register 30h holds what was written", 13, 10, "$"
wrong   DB      "there is no register 30h", 13, 10, "$"
answer  DB      256 DUP (0)
MODES   ENDS
        END     start

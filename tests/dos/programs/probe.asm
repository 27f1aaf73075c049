; Tries every line of its standard input as a path: opens and reads it, creates it, makes and removes a directory,
; renames its own file to it, searches it, deletes it. Used by test_escape.c.
        include check.inc

try     MACRO   function, letter
        LOCAL   failed
        mov     dx, OFFSET line + 2
        xor     cx, cx
        mov     ax, function
        int     21h
        jc      failed
        mov     bx, ax
        mov     dl, letter
        dos     2
failed:
        ENDM

next:   mov     dx, OFFSET line
        dos     0Ah
        mov     bl, line + 1
        or      bl, bl
        jz      over
        xor     bh, bh
        mov     line[bx+2], 0
        mov     dl, 10
        dos     2
        try     3D00h, 'o'
        cmp     ax, 5
        jne     closed
        mov     cx, 6
        mov     dx, OFFSET bytes
        dos     3Fh
        mov     cx, ax
        mov     bx, 1
        dos     40h
        mov     bx, 5
        dos     3Eh
closed: try     4E00h, 'f'
        try     3C00h, 'c'
        mov     bx, 5
        mov     cx, 3
        mov     dx, OFFSET bytes
        dos     40h
        dos     3Eh
        mov     bx, 5
        dos     3Eh
        try     3900h, 'm'
        mov     di, OFFSET line + 2
        push    ds
        pop     es
        mov     dx, OFFSET mine
        dos     56h
        jc      stays
        mov     dl, 'r'
        dos     2
stays:  try     3B00h, 'd'
        mov     dx, OFFSET root
        dos     3Bh
        try     3A00h, 'x'
        try     4100h, 'k'
        mov     dx, OFFSET mine
        xor     cx, cx
        dos     3Ch
        mov     bx, ax
        dos     3Eh
        mov     dl, 13
        dos     2
        jmp     next
over:   finish  0
mine    db      "\MINE", 0
root    db      "\", 0
bytes   db      "xyzxyz"
line    db      255, 0, 260 dup (0)
        end     start

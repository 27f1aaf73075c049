; INT 10h and the text memory at B8000h.
        include check.inc

        mov     ax, 3
        int     10h
        mov     ah, 0Fh
        int     10h
        equals  "mode 3, 80 columns", ax, 5003h
        mov     ah, 2
        mov     bh, 0
        mov     dx, 0A14h               ; row 10, column 20
        int     10h
        mov     ah, 3
        int     10h
        equals  "cursor", dx, 0A14h
        mov     ax, 0941h               ; 3 times A in white on blue
        mov     bx, 001Fh
        mov     cx, 3
        int     10h
        mov     ax, 0B800h
        mov     es, ax
        equals  "first", WORD PTR es:[(10*80+20)*2], 1F41h
        equals  "third", WORD PTR es:[(10*80+22)*2], 1F41h
        equals  "no fourth", BYTE PTR es:[(10*80+23)*2], 20h
        mov     ax, 0A42h
        mov     cx, 1
        int     10h
        mov     ah, 8
        int     10h
        equals  "character and attribute", ax, 1F42h
        mov     ah, 3
        int     10h
        equals  "the cursor stays", dx, 0A14h
        mov     ax, 0601h               ; rows 9 to 11 up by one
        mov     bh, 07h
        mov     cx, 0900h
        mov     dx, 0B4Fh
        int     10h
        equals  "scrolled up", WORD PTR es:[(9*80+20)*2], 1F42h
        equals  "cleared", WORD PTR es:[(11*80+20)*2], 0720h
        mov     ax, 0700h               ; clears a window
        mov     bh, 70h
        mov     cx, 0914h
        mov     dx, 0914h
        int     10h
        equals  "window", WORD PTR es:[(9*80+20)*2], 7020h
        mov     ah, 2
        mov     bh, 0
        mov     dx, 184Fh               ; the last cell
        int     10h
        mov     ax, 0E58h
        int     10h
        equals  "scrolled by the last cell", BYTE PTR es:[(23*80+79)*2], 'X'
        mov     ah, 3
        int     10h
        equals  "next line", dx, 1800h
        push    cs
        pop     es
        mov     ax, 1301h
        mov     bx, 004Fh
        mov     cx, 5
        mov     dx, 0000h
        mov     bp, OFFSET text
        int     10h
        mov     ax, 0B800h
        mov     es, ax
        equals  "string", WORD PTR es:[8], 4F6Fh
        mov     ax, 1A00h
        int     10h
        equals  "VGA", bl, 8
        mov     ax, 40h
        mov     es, ax
        equals  "mode in the BIOS data", BYTE PTR es:[49h], 3
        equals  "cursor in the BIOS data", WORD PTR es:[50h], 0005h
        int     11h
        and     al, 30h
        equals  "colour screen", al, 20h
        int     12h
        equals  "640 KB", ax, 640
        mov     dl, 9                   ; tabs are blanks on the screen
        dos     2
        mov     ah, 3
        mov     bh, 0
        int     10h
        equals  "tab stop", dl, 8
        print   " "
        finish  0
text    db      "Hello"
        end     start

; What DOS keeps in memory: file table, table of handles, current directories, device chain, drive parameters; the
; internal functions of INT 2Fh that lead there; what IOCTL says of the drive.
        include check.inc

        mov     dx, OFFSET name1
        xor     cx, cx
        dos     3Ch
        check   "create", jnc
        mov     handle, ax
        mov     bx, ax
        mov     cx, 5
        mov     dx, OFFSET name1
        dos     40h

        mov     ax, 1220h               ; handle -> table of handles
        mov     bx, handle
        int     2Fh
        check   "1220h", jnc
        mov     bl, es:[di]
        mov     bh, 0
        mov     entry, bx
        mov     ax, es
        mov     cx, ds
        equals  "in the PSP", ax, cx
        mov     ax, 1216h               ; -> file table
        int     2Fh
        check   "1216h", jnc
        equals  "handles", WORD PTR es:[di], 1
        equals  "mode", WORD PTR es:[di + 2], 2
        equals  "drive, written", WORD PTR es:[di + 5], 2
        equals  "size", DWORD PTR es:[di + 11h], 5
        equals  "position", DWORD PTR es:[di + 15h], 5
        equals  "name", DWORD PTR es:[di + 20h], ' BAT'
        equals  "and the rest", DWORD PTR es:[di + 27h], 'TXT '
        mov     ax, cs
        equals  "owner", es:[di + 31h], ax
        push    es
        push    di
        mov     bx, handle
        mov     ax, 4200h
        xor     cx, cx
        mov     dx, 3
        int     21h
        pop     di
        pop     es
        equals  "position after a seek", DWORD PTR es:[di + 15h], 3
        mov     bx, handle
        dos     45h
        equals  "handles after dup", WORD PTR es:[di], 2
        mov     bx, ax
        dos     3Eh
        equals  "handles after closing one", WORD PTR es:[di], 1
        mov     bx, handle
        dos     3Eh
        equals  "handles after closing both", WORD PTR es:[di], 0
        mov     ax, 1220h
        mov     bx, 300
        int     2Fh
        check   "no such handle", jc
        mov     ax, 1216h
        mov     bx, 1000
        int     2Fh
        check   "no such file", jc
        mov     bx, 1                   ; standard output
        mov     ax, 1220h
        int     2Fh
        mov     bl, es:[di]
        mov     bh, 0
        equals  "CON's number", bx, 1
        mov     ax, 1216h
        int     2Fh
        equals  "CON", WORD PTR es:[di + 20h], 'OC'
        les     di, es:[di + 7]
        equals  "its driver", WORD PTR es:[di + 10], 'OC'

        dos     52h
        push    bx
        les     di, es:[bx + 4]         ; the first table of files
        equals  "the only one", WORD PTR es:[di], 0FFFFh
        equals  "FILES", WORD PTR es:[di + 4], 40
        dos     52h
        pop     bx
        equals  "LASTDRIVE", BYTE PTR es:[bx + 21h], 3
        equals  "block devices", BYTE PTR es:[bx + 20h], 1
        push    es
        push    bx
        les     di, es:[bx]             ; the first drive parameter block
        equals  "DPB of C:", BYTE PTR es:[di], 2
        equals  "bytes of a sector", WORD PTR es:[di + 2], 512
        equals  "clusters", WORD PTR es:[di + 0Dh], 0FFF1h
        equals  "media", BYTE PTR es:[di + 17h], 0F8h
        les     di, es:[di + 13h]
        test    WORD PTR es:[di + 4], 8000h
        check   "a block device", jz
        equals  "one unit", BYTE PTR es:[di + 10], 1
        pop     bx
        pop     es
        push    es
        add     bx, 22h                 ; NUL
        xor     cx, cx
        xor     dx, dx
walk:   inc     cx
        cmp     DWORD PTR es:[bx + 10], '1TPL'
        jne     next
        inc     dx
next:   les     bx, es:[bx]
        cmp     bx, 0FFFFh
        jne     walk
        equals  "devices", cx, 14
        equals  "LPT1", dx, 1
        pop     es
        push    ds
        mov     dl, 0
        dos     32h
        mov     cx, ds
        pop     ds
        equals  "32h", al, 0
        mov     es, cx
        equals  "leads there", BYTE PTR es:[bx], 2
        mov     dl, 1
        dos     32h
        equals  "no drive A", al, 0FFh

        push    ds
        push    2
        mov     ax, 1217h
        int     2Fh
        pop     bx
        mov     cx, ds
        pop     ds
        check   "1217h", jnc
        equals  "the word stays", bx, 2
        mov     es, cx
        equals  "C:\", WORD PTR es:[si], ':C'
        equals  "its DPB", BYTE PTR es:[si + 43h + 1], 40h
        push    3
        mov     ax, 1217h
        int     2Fh
        pop     bx
        check   "no drive D", jc

        mov     si, OFFSET mixed
        push    ds
        pop     es
        mov     di, OFFSET buffer
        mov     ax, 1211h
        int     2Fh
        equals  "normal name", DWORD PTR buffer, '\B\A'
        mov     ax, 1225h
        int     2Fh
        equals  "length", cx, 6
        mov     ax, 121Eh
        int     2Fh
        check   "the same name", je
        push    'q'
        mov     ax, 1213h
        int     2Fh
        pop     bx
        equals  "upper case", al, 'Q'
        mov     ax, 122Ch
        int     2Fh
        mov     es, bx
        mov     bx, ax
        equals  "the second device", WORD PTR es:[bx + 10], 'OC'
        mov     ax, 1200h
        int     2Fh
        equals  "installed", al, 0FFh

        mov     ax, 440Dh
        mov     bl, 3
        mov     cx, 0860h
        mov     dx, OFFSET buffer
        mov     buffer, 0
        int     21h
        check   "parameters", jnc
        equals  "fixed", WORD PTR buffer + 1, 0105h
        equals  "sector", WORD PTR buffer + 7, 512
        mov     ax, 440Dh
        mov     bl, 1
        int     21h
        check   "not of A:", jc
        mov     ax, 6900h
        mov     bl, 0
        mov     dx, OFFSET buffer
        int     21h
        check   "serial number", jnc
        equals  "FAT16", DWORD PTR buffer + 17, '1TAF'
        mov     ax, 440Eh
        mov     bl, 3
        int     21h
        equals  "one letter", al, 0
        mov     ax, 4411h
        mov     bl, 3
        mov     cx, 0841h
        int     21h
        check   "no writing of tracks", jc
        mov     ax, 5D0Ah
        mov     dx, OFFSET errors
        int     21h
        xor     bx, bx
        dos     59h
        equals  "an error that was set", ax, 22h
        equals  "its class", bx, 0405h
        equals  "its locus", ch, 2
        finish  0

handle  dw      0
entry   dw      0
name1   db      "TAB.TXT", 0
mixed   db      "a/b\c", 0
buffer  db      40 dup (0)
errors  dw      22h, 0405h, 0200h, 8 dup (0)
        end     start

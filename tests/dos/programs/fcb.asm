; File control blocks: names, records, searching, renaming, deleting.
        include check.inc

        mov     si, OFFSET name_        ; "c:data.rec"
        mov     di, OFFSET fcb
        push    ds
        pop     es
        mov     ax, 2901h
        int     21h
        equals  "no wildcards", al, 0
        equals  "drive", BYTE PTR fcb, 3
        equals  "DA", WORD PTR fcb + 1, "AD"
        equals  "REC", WORD PTR fcb + 9, "ER"
        mov     dx, OFFSET fcb
        dos     16h
        equals  "create", al, 0
        mov     WORD PTR fcb + 0Eh, 32
        mov     dx, OFFSET bytes
        dos     1Ah
        mov     cx, 5
fill:   mov     al, cl
        add     al, '0'
        mov     BYTE PTR bytes, al
        mov     dx, OFFSET fcb
        dos     15h
        equals  "write", al, 0
        loop    fill
        dos     10h
        equals  "close", al, 0
        dos     0Fh
        equals  "open", al, 0
        equals  "size", WORD PTR fcb + 10h, 160
        mov     WORD PTR fcb + 0Eh, 32
        mov     WORD PTR fcb + 21h, 3
        mov     WORD PTR fcb + 23h, 0
        dos     21h
        equals  "random read", al, 0
        equals  "record 3", BYTE PTR bytes, '2'
        mov     WORD PTR fcb + 21h, 0
        mov     cx, 9
        mov     dx, OFFSET many
        dos     1Ah
        mov     dx, OFFSET fcb
        dos     27h
        equals  "block read", al, 1
        equals  "5 records", cx, 5
        equals  "the last", BYTE PTR many + 128, '1'
        dos     23h
        equals  "size in records", WORD PTR fcb + 21h, 5
        mov     si, OFFSET new_name
        mov     di, OFFSET fcb + 10h
        mov     ax, 2900h
        int     21h
        mov     dx, OFFSET fcb
        dos     17h
        equals  "rename", al, 0
        dos     0Fh
        equals  "the old name is gone", al, 0FFh
        mov     si, OFFSET wild
        mov     di, OFFSET fcb
        mov     ax, 2900h
        int     21h
        equals  "wildcards", al, 1
        mov     dx, OFFSET fcb
        dos     11h
        equals  "found", al, 0
        equals  "its name", WORD PTR many + 1, "EN"
        dos     12h
        equals  "only one", al, 0FFh
        dos     13h
        equals  "delete", al, 0
        dos     13h
        equals  "nothing left", al, 0FFh
        finish  0
name_   db      "  c:data.rec rest", 13
new_name db     "new.rec", 13
wild    db      "*.rec", 13
fcb     db      40 dup (0)
bytes   db      32 dup (' ')
many    db      300 dup (0)
        end     start

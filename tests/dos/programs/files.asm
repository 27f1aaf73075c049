; Handles: create, open, read, write, seek, time, duplicates, redirection, deletion, and what goes wrong.
        include check.inc

        mov     bx, 1000h               ; room for a longer table of handles
        dos     4Ah
        mov     dx, OFFSET name_1
        xor     cx, cx
        dos     3Ch
        check   "create", jnc
        mov     bx, ax
        equals  "first free handle", ax, 5
        mov     cx, 10
        mov     dx, OFFSET text
        dos     40h
        check   "write", jnc
        equals  "written", ax, 10
        mov     ax, 4201h               ; 2 back from here
        mov     cx, -1
        mov     dx, -2
        int     21h
        check   "seek", jnc
        equals  "position", ax, 8
        mov     cx, 100
        mov     dx, OFFSET buffer
        dos     3Fh
        equals  "to the end", ax, 2
        equals  "what was written", WORD PTR buffer, "98"
        mov     ax, 4200h
        xor     cx, cx
        mov     dx, 4
        int     21h
        xor     cx, cx                  ; cuts it
        dos     40h
        mov     ax, 4202h
        xor     dx, dx
        xor     cx, cx
        int     21h
        equals  "cut to 4", ax, 4
        mov     ax, 5701h
        mov     cx, 6000h               ; 12:00:00
        mov     dx, 2AA1h               ; 2001-05-01
        int     21h
        dos     3Eh
        check   "close", jnc
        dos     3Eh
        check   "close twice", jc
        equals  "error 6", ax, 6

        mov     dx, OFFSET name_1_lower
        mov     ax, 3D00h
        int     21h
        check   "open in any case", jnc
        mov     bx, ax
        mov     ax, 5700h
        int     21h
        equals  "time", cx, 6000h
        equals  "date", dx, 2AA1h
        mov     dx, OFFSET text
        mov     cx, 1
        dos     40h
        check   "write to a file opened for reading", jc
        equals  "error 5", ax, 5
        mov     ax, 4400h
        int     21h
        test    dl, 80h
        check   "a file is no device", jz
        mov     ax, 4406h
        int     21h
        equals  "ready", al, 0FFh
        dos     45h
        check   "duplicate", jnc
        mov     si, ax
        mov     cx, 2
        mov     dx, OFFSET buffer
        dos     3Fh
        xchg    bx, si
        mov     cx, 10
        dos     3Fh
        equals  "duplicates share the position", ax, 2
        dos     3Eh
        mov     bx, si
        dos     3Eh

        mov     dx, OFFSET name_2       ; standard output into a file and back
        xor     cx, cx
        dos     3Ch
        mov     si, ax
        mov     bx, 1
        dos     45h
        mov     di, ax
        mov     bx, si
        mov     cx, 1
        dos     46h
        check   "duplicate to handle 1", jnc
        print   "into the file"
        mov     bx, di
        mov     cx, 1
        dos     46h
        mov     bx, di
        dos     3Eh
        mov     bx, si
        dos     3Eh
        mov     dx, OFFSET name_2
        mov     ax, 3D02h
        int     21h
        mov     bx, ax
        mov     cx, 100
        mov     dx, OFFSET buffer
        dos     3Fh
        mov     cx, ax
        mov     bx, 1
        dos     40h                     ; shows what went there
        mov     bx, si
        dos     3Eh

        mov     dx, OFFSET name_1
        dos     5Bh
        check   "create new where there is one", jc
        equals  "error 80", ax, 80
        mov     bx, 2                   ; read and write
        xor     cx, cx
        mov     dx, 11h                 ; open, else create
        mov     si, OFFSET name_1
        mov     ax, 6C00h
        int     21h
        check   "extended open", jnc
        equals  "opened", cx, 1
        mov     bx, ax
        dos     68h
        check   "commit", jnc
        dos     3Eh
        mov     di, OFFSET name_3
        push    ds
        pop     es
        mov     dx, OFFSET name_1
        dos     56h
        check   "rename", jnc
        mov     dx, OFFSET name_1
        mov     ax, 3D00h
        int     21h
        check   "the old name is gone", jc
        equals  "error 2", ax, 2
        mov     ax, 4301h
        mov     cx, 1
        mov     dx, OFFSET name_3
        int     21h
        check   "make it read-only", jnc
        dos     41h
        check   "delete a read-only file", jc
        equals  "error 5 again", ax, 5
        mov     ax, 4300h
        int     21h
        equals  "attributes", cx, 21h
        mov     ax, 4301h
        xor     cx, cx
        int     21h
        dos     41h
        check   "delete", jnc
        mov     dx, OFFSET name_2
        dos     41h
        check   "delete the other", jnc
        dos     41h
        check   "delete twice", jc
        dos     59h
        equals  "extended error", ax, 2

        mov     dx, OFFSET nowhere
        mov     ax, 3D00h
        int     21h
        equals  "no such directory", ax, 3
        mov     dx, OFFSET drive_z
        mov     ax, 3D00h
        int     21h
        equals  "no such drive", ax, 15
        mov     dx, OFFSET nul
        mov     ax, 3D02h
        int     21h
        check   "open NUL", jnc
        mov     bx, ax
        mov     ax, 4400h
        int     21h
        test    dl, 4
        check   "it is NUL", jnz
        mov     cx, 10
        mov     dx, OFFSET buffer
        dos     3Fh
        equals  "nothing in it", ax, 0
        dos     3Eh
        mov     dx, OFFSET directory    ; a temporary file
        xor     cx, cx
        dos     5Ah
        check   "temporary file", jnc
        mov     bx, ax
        dos     3Eh
        dos     41h
        check   "its name came back", jnc
        mov     bx, 40
        dos     67h
        check   "more handles", jnc
        mov     cx, 34
many:   mov     dx, OFFSET nul
        mov     ax, 3D00h
        int     21h
        check   "many handles", jnc
        loop    many
        equals  "the last one", ax, 38
        finish  7

name_1  db      "C:\FIRST.DAT", 0
name_1_lower db "first.dat", 0
name_2  db      ".\second.txt", 0
name_3  db      "\THIRD", 0
nowhere db      "NODIR\FILE", 0
drive_z db      "Z:\FILE", 0
nul     db      "nul", 0
directory db    "C:\", 0, 13 dup (0)
text    db      "0123456789"
buffer  db      100 dup (0)
        end     start

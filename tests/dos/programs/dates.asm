; What a program makes or writes has the date of the machine's clock, whatever the host's says.
        include check.inc

TODAY   EQU     (1998 - 1980) SHL 9 OR 6 SHL 5 OR 25
NOON    EQU     12 SHL 11

found   MACRO   what, name              ; the entry of a file or directory
        mov     dx, OFFSET name
        mov     cx, 10h
        dos     4Eh
        check   <what, " is found">, jnc
        equals  <what, ": date">, WORD PTR ds:[80h + 18h], TODAY
        equals  <what, ": time">, WORD PTR ds:[80h + 16h], NOON
        ENDM

asked   MACRO   what                    ; the open file
        mov     ax, 5700h
        int     21h
        equals  <what, ": date of the open file">, dx, TODAY
        equals  <what, ": time of the open file">, cx, NOON
        ENDM

        mov     dx, OFFSET sub_
        dos     39h
        check   "make", jnc
        found   "a directory", sub_
        mov     dx, OFFSET file
        xor     cx, cx
        dos     3Ch
        check   "create", jnc
        mov     bx, ax
        asked   "created"
        mov     cx, 4
        mov     dx, OFFSET file
        dos     40h
        asked   "written"
        dos     3Eh
        found   "a file", file
        found   "a directory with a new file", sub_
        mov     dx, OFFSET file
        mov     di, OFFSET other
        dos     56h
        check   "rename", jnc
        found   "a renamed file", other
        mov     dx, OFFSET other
        dos     41h
        found   "a directory that lost a file", sub_
        mov     dx, OFFSET fcb
        dos     16h
        equals  "FCB created", al, 0
        equals  "FCB: date", WORD PTR fcb[14h], TODAY
        equals  "FCB: time", WORD PTR fcb[16h], NOON
        dos     15h
        equals  "FCB written", al, 0
        dos     10h
        found   "a file written by FCB", fcb_name
        finish  0

sub_    db      "sub", 0
file    db      "sub\file", 0
other   db      "sub\other", 0
fcb_name db     "fcb.new", 0
fcb     db      0, "FCB     NEW", 25 dup (0)
        end     start

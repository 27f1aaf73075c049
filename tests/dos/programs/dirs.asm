; Directories: made, entered, searched, removed.
        include check.inc

make    MACRO   name
        LOCAL   over, text
        jmp     over
text    db      name, 0
over:   mov     dx, OFFSET text
        xor     cx, cx
        dos     3Ch
        check   <"create ", name>, jnc
        mov     bx, ax
        dos     3Eh
        ENDM

        mov     ah, 4Ah                 ; room for nothing in particular
        mov     bx, 1000h
        int     21h
        mov     dx, OFFSET subdir
        dos     39h
        check   "make", jnc
        dos     39h
        check   "make twice", jc
        dos     3Bh
        check   "enter", jnc
        mov     dl, 0
        mov     si, OFFSET buffer
        dos     47h
        check   "where", jnc
        equals  "S", BYTE PTR buffer, 'S'
        equals  "three letters", BYTE PTR buffer + 3, 0
        make    "ONE.TXT"
        make    "two.txt"
        make    "THREE.DOC"
        make    "C:\sub\four"
        make    "..\OUTSIDE"
        mov     dx, OFFSET all
        mov     cx, 10h
        call    list
        mov     dx, OFFSET texts
        xor     cx, cx
        call    list
        mov     dx, OFFSET root_all
        xor     cx, cx
        call    list
        mov     dx, OFFSET root_all
        mov     cx, 8                   ; labels only
        dos     4Eh
        check   "no label", jc
        equals  "error 18", ax, 18

        mov     si, OFFSET here
        mov     di, OFFSET buffer
        push    ds
        pop     es
        dos     60h
        mov     bx, 11
        mov     BYTE PTR buffer[bx], '$'
        mov     dx, OFFSET buffer
        dos     9
        print   " is its true name"

        mov     dx, OFFSET all          ; deletes what it finds while it searches
        xor     cx, cx
        dos     4Eh
again:  jc      over
        mov     dx, 9Eh
        dos     41h
        check   "delete", jnc
        dos     4Fh
        jmp     again
over:   mov     dx, OFFSET all
        xor     cx, cx
        dos     4Eh
        check   "empty", jc
        mov     dx, OFFSET sub_full
        dos     3Ah
        equals  "cannot remove the current one", ax, 16
        mov     dx, OFFSET parent
        dos     3Bh
        mov     dx, OFFSET parent       ; above the root is the root
        dos     3Bh
        check   "the root's parent", jnc
        mov     dx, OFFSET subdir
        dos     3Ah
        check   "remove", jnc
        dos     3Bh
        equals  "it is gone", ax, 3
        mov     dx, OFFSET outside
        dos     41h
        check   "delete OUTSIDE", jnc
        dos     19h
        equals  "drive C:", al, 2
        mov     dl, 0
        dos     0Eh
        dos     19h
        equals  "there is no A:", al, 2
        mov     dl, 0
        dos     36h
        equals  "sectors of 512 bytes", cx, 512
        mov     dl, 1
        dos     36h
        equals  "no A: there either", ax, 0FFFFh
        finish  0

list:   dos     4Eh                     ; prints names, attributes and sizes of zero
        jnc     show
        ret
show:   mov     si, 9Eh
next:   lodsb
        or      al, al
        jz      tail
        mov     dl, al
        dos     2
        jmp     next
tail:   test    BYTE PTR ds:[95h], 10h
        jz      blank
        mov     dl, '\'
        dos     2
blank:  mov     dl, ' '
        dos     2
        dos     4Fh
        jnc     show
        print   " "
        ret

subdir  db      "sub", 0
sub_full db     "C:\SUB", 0
here    db      "c:.\x\..\ab.c", 0
parent  db      "..", 0
all     db      "*.*", 0
texts   db      "T*.T?T", 0
root_all db     "\*.", 0
outside db      "\outside", 0
buffer  db      100 dup (0)
        end     start

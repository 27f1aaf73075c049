; AH=48h, 49h, 4Ah, 58h, and the chain of control blocks in memory.
        include check.inc

        mov     bx, cs:[2]              ; everything belongs to a .COM program
        mov     ax, cs
        sub     bx, ax
        mov     dx, bx
        mov     bx, 10h
        dos     48h
        check   "nothing is free at the start", jc
        equals  "error 8", ax, 8

        mov     bx, 200h                ; keeps 8 KB
        dos     4Ah
        check   "shrink", jnc
        mov     bx, 100h
        dos     48h
        check   "allocate", jnc
        mov     si, ax
        mov     cx, cs
        add     cx, 201h
        equals  "behind the program", ax, cx
        mov     bx, 0FFFFh
        dos     48h
        check   "too much", jc
        mov     di, bx                  ; the largest block
        mov     bx, 100h
        dos     48h
        check   "a second one", jnc
        mov     bp, ax
        mov     es, si
        dos     49h
        check   "free the first", jnc
        mov     bx, 80h
        dos     48h
        check   "first fit", jnc
        equals  "in the hole", ax, si
        mov     es, ax
        mov     bx, 100h
        dos     4Ah
        check   "grow into what is left of the hole", jnc
        mov     bx, 101h
        dos     4Ah
        check   "not into the next one", jc
        equals  "as much as there is", bx, 100h

        mov     ax, 5801h               ; last fit
        mov     bx, 2
        int     21h
        mov     ax, 5800h
        int     21h
        equals  "strategy", ax, 2
        mov     bx, 40h
        dos     48h
        check   "last fit", jnc
        add     ax, 40h
        equals  "at the end of memory", ax, 0A000h
        sub     ax, 40h
        mov     es, ax
        dos     49h
        mov     ax, 5801h
        xor     bx, bx
        int     21h

        mov     ax, 1234h               ; no block begins there
        mov     es, ax
        dos     49h
        check   "free nothing", jc
        equals  "error 9", ax, 9

        dos     52h                     ; walks the chain
        mov     ax, es:[bx-2]
        xor     cx, cx
walk:   mov     es, ax
        inc     cx
        mov     dl, es:[0]
        cmp     dl, 'Z'
        je      last
        cmp     dl, 'M'
        check   "a control block", je
        add     ax, es:[3]
        inc     ax
        cmp     cx, 20
        jb      walk
last:   mov     bx, es
        add     bx, es:[3]
        inc     bx
        equals  "the chain ends at 640 KB", bx, 0A000h
        mov     ax, cs                  ; the program's own block has its name
        dec     ax
        mov     es, ax
        equals  "name M", BYTE PTR es:[8], 'M'
        equals  "name E", BYTE PTR es:[9], 'E'
        finish  0
        end     start

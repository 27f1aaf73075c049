; INT 24h: a printer that is not there. The handler sees what it is asked about, the caller's registers on the stack,
; and each answer has its effect. What AH=59h tells in the handler and afterwards.
        include check.inc

        mov     ax, 3524h
        int     21h
        mov     WORD PTR old, bx
        mov     WORD PTR old + 2, es
        push    cs
        pop     es
        mov     ax, 2524h
        mov     dx, OFFSET handler
        int     21h

        mov     answer, 3               ; fail
        call    write
        check   "CF of failing", jc
        equals  "fail on INT 24h", ax, 53h
        equals  "asked once", asked, 1
        equals  "AH: a device, writing, all answers", about, 0B9h
        equals  "write fault", code, 0Ah
        equals  "AX of the caller", seen_ax, 4000h
        equals  "BX of the caller", seen_bx, 4
        equals  "CX of the caller", seen_cx, 3
        equals  "DS of the caller", seen_ds, ax
        equals  "function 59h in the handler", told, 1Dh
        equals  "a character device", locus, 4
        equals  "CX stays", cx, 3
        equals  "SI stays", si, 1234h
        push    bx
        xor     bx, bx
        dos     59h
        equals  "function 59h afterwards", ax, 53h
        equals  "class and action", bx, 0D04h
        pop     bx

        mov     answer, 0               ; ignore
        call    write
        check   "CF of ignoring", jnc
        equals  "all written", ax, 3
        mov     answer, 1               ; retry, then ignore
        call    write
        check   "CF of trying again", jnc
        equals  "asked for each", asked, 4
        mov     answer, 3
        mov     dl, 'x'
        mov     ah, 5
        int     21h
        equals  "AH=05h asks, too", asked, 5
        mov     answer, 9               ; nonsense fails
        call    write
        check   "CF of nonsense", jc

; A handler may leave DOS by itself: it throws its frame away and returns to the program.
        mov     ax, 2524h
        mov     dx, OFFSET leaver
        int     21h
        call    write
        equals  "left", left, 1
        equals  "registers of the program", si, 1234h
        dos     30h
        mov     ah, 34h
        int     21h
        push    ax
        mov     ax, es:[bx - 1]
        equals  "neither in DOS nor in a critical error", ax, 0
        pop     ax
        push    cs
        pop     es

        lds     dx, old                 ; the system's own fails
        mov     ax, 2524h
        int     21h
        push    cs
        pop     ds
        call    write
        check   "nobody answers", jc
        equals  "fail", ax, 53h

        mov     ax, 2524h
        mov     dx, OFFSET handler
        int     21h
        print   "aborted"
        mov     answer, 2
        call    write
        print   "FAILED: not reached"
        finish  0

write:  mov     ax, ds
        mov     seen_ds_wanted, ax
        mov     ax, 4000h
        mov     bx, 4
        mov     cx, 3
        mov     dx, OFFSET bytes
        mov     si, 1234h
        int     21h
        ret

handler:
        push    bp
        push    es
        push    ax
        mov     es, bp
        cmp     WORD PTR es:[si + 10], 'RP'
        je      named
        mov     cs:asked, 100
named:  test    BYTE PTR es:[si + 5], 80h
        jnz     character
        mov     cs:asked, 200
character:
        mov     bp, sp
        inc     cs:asked
        mov     cs:about, ah
        mov     ax, di
        mov     cs:code, al
        mov     ax, [bp + 12]           ; behind our three and IP, CS, flags
        mov     cs:seen_ax, ax
        mov     ax, [bp + 14]
        mov     cs:seen_bx, ax
        mov     ax, [bp + 16]
        mov     cs:seen_cx, ax
        mov     ax, [bp + 26]
        cmp     ax, cs:seen_ds_wanted
        jne     other
        mov     cs:seen_ds, 53h         ; what AX is when it is compared
other:  push    bx
        push    cx
        push    ds
        xor     bx, bx
        mov     ah, 59h
        int     21h
        mov     cs:told, ax
        mov     cs:locus, ch
        pop     ds
        pop     cx
        pop     bx
        pop     ax
        pop     es
        pop     bp
        mov     al, cs:answer
        cmp     al, 1
        jne     go
        mov     cs:answer, 0
go:     iret

leaver: inc     cs:left
        add     sp, 6
        pop     ax
        pop     bx
        pop     cx
        pop     dx
        pop     si
        pop     di
        pop     bp
        pop     ds
        pop     es
        iret

bytes   db      "abc"
old     dd      0
seen_ax dw      0
seen_bx dw      0
seen_cx dw      0
seen_ds dw      0
seen_ds_wanted dw 0
told    dw      0
asked   db      0
about   db      0
code    db      0
locus   db      0
answer  db      0
left    db      0
        end     start

; Records and plays by DMA as a program does that knows nothing of Windows: its own buffer, its own interrupt handler.
        .model  tiny
        .386
        .code
        org     100h
MOST    equ     6000
start:  mov     ax, cs                  ; the block the buffer needs ends with this segment
        add     ax, 1000h
        mov     bufseg, ax              ; a segment of its own, at a multiple of 4 KB so that no 64 KB end lies inside
        add     ax, 0FFh
        and     ax, 0FF00h
        mov     bufseg, ax
        mov     es, ax                  ; its second page is there before the first: hardly one behind the other
        mov     byte ptr es:[1000h], 0
        mov     byte ptr es:[0], 0
        mov     ax, 250Dh
        mov     dx, offset handler
        int     21h
        in      al, 21h
        and     al, not 20h
        out     21h, al

        mov     cx, MOST                ; bytes from the card, found when its interrupt comes
        call    take
        call    wait_interrupt
        mov     al, 1
        mov     cx, MOST
        call    ramp
        mov     dx, offset says_recorded
        call    say

        mov     cx, 100                 ; again, without masking the channel: its end has done that
        call    take
        call    wait_interrupt
        mov     al, low (1 + 7 * MOST)
        mov     cx, 100
        call    ramp
        mov     dx, offset says_again
        call    say

        mov     cx, 50                  ; a program that looks at the status register instead
        cli
        call    take
poll:   in      al, 8
        test    al, 2
        jz      poll
        sti
        call    wait_interrupt
        mov     al, low (1 + 7 * (MOST + 100))
        mov     cx, 50
        call    ramp
        call    count                   ; BX
        cmp     bx, 0FFFFh
        mov     dx, offset bad_count
        jne     failed
        mov     dx, offset says_polled
        call    say

        ; what is played arrives at the card
        mov     es, bufseg
        xor     di, di
        mov     cx, 300
fill:   mov     ax, di
        stosb
        loop    fill
        mov     irqs, 0
        out     0Ch, al
        mov     al, 4Bh                 ; channel 3, single, from memory
        out     0Bh, al
        call    address
        out     6, al
        mov     al, ah
        out     6, al
        mov     al, dl
        out     82h, al
        mov     ax, 299
        out     7, al
        mov     al, ah
        out     7, al
        mov     al, 3
        out     0Ah, al
        mov     dx, 221h
        mov     al, 2
        out     dx, al
        call    wait_interrupt
        mov     dx, 223h
        xor     bx, bx
heard:  in      al, dx
        cmp     al, bl
        mov     si, offset bad_sound
        jne     failed_si
        inc     bx
        cmp     bx, 300
        jb      heard
        mov     dx, offset says_played
        call    say

        ; words, with automatic initialisation: the position moves round and round
        out     0D8h, al
        mov     al, 55h                 ; channel 5, single, automatic, to memory
        out     0D6h, al
        mov     ax, bufseg              ; in words; the page register has no use for its lowest bit
        mov     dl, ah
        shr     dl, 4
        shl     ax, 3
        out     0C4h, al
        mov     al, ah
        out     0C4h, al
        mov     al, dl
        out     8Bh, al
        mov     al, 9                   ; ten words
        out     0C6h, al
        mov     al, 0
        out     0C6h, al
        mov     al, 1
        out     0D4h, al
        mov     irqs, 0
        mov     dx, 221h
        mov     al, 4
        out     dx, al
        call    wait_interrupt
        call    wait_interrupt          ; the end has come twice
        mov     dx, 221h
        xor     ax, ax
        out     dx, al
        mov     es, bufseg
        mov     ax, es:[2]
        sub     ax, es:[0]
        cmp     ax, 1
        mov     dx, offset bad_words
        jne     failed
        mov     al, 5                   ; the channel is closed
        out     0D4h, al
        mov     ax, es:[2]
        cmp     ax, 100Bh
        mov     dx, offset bad_words
        jb      failed
        mov     dx, offset says_words
        call    say
        mov     ax, 4C00h
        int     21h

failed_si:
        mov     dx, si
failed: call    say
        mov     ax, 4C01h
        int     21h

say:    mov     ah, 9
        int     21h
        ret

handler:push    ax
        push    dx
        inc     cs:irqs
        mov     dx, 222h                ; the card lets go
        in      al, dx
        out     dx, al
        mov     al, 20h
        out     20h, al
        pop     dx
        pop     ax
        iret

wait_interrupt:
        cmp     irqs, 0
        jne     @f
        hlt
        jmp     wait_interrupt
@@:     dec     irqs
        ret

; -> AX, DL = the buffer's address for a controller and its page register
address:mov     ax, bufseg
        mov     dl, ah
        shr     dl, 4
        shl     ax, 4
        ret

; CX bytes by channel 1
take:   mov     irqs, 0
        mov     al, 0
        out     0Ch, al
        mov     al, 45h                 ; channel 1, single, to memory
        out     0Bh, al
        call    address
        out     2, al
        mov     al, ah
        out     2, al
        mov     al, dl
        out     83h, al
        mov     ax, cx
        dec     ax
        out     3, al
        mov     al, ah
        out     3, al
        mov     al, 1
        out     0Ah, al
        mov     dx, 221h
        out     dx, al
        ret

; -> BX = what is left by channel 1, less one
count:  mov     al, 0
        out     0Ch, al
        in      al, 3
        mov     bl, al
        in      al, 3
        mov     bh, al
        ret

; The buffer has CX bytes from AL on, 7 apart.
ramp:   mov     es, bufseg
        xor     di, di
@@:     scasb
        mov     dx, offset bad_ramp
        jne     failed
        add     al, 7
        loop    @b
        ret

bufseg  dw      0
irqs    dw      0
says_recorded   db 'recorded', 13, 10, '$'
says_again      db 'recorded again', 13, 10, '$'
says_polled     db 'seen in the status register', 13, 10, '$'
says_played     db 'played', 13, 10, '$'
says_words      db 'words round and round', 13, 10, '$'
bad_ramp        db 'another sound', 13, 10, '$'
bad_count       db 'another count', 13, 10, '$'
bad_sound       db 'another sound was played', 13, 10, '$'
bad_words       db 'other words', 13, 10, '$'
        end     start

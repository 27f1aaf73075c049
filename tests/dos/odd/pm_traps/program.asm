; A protected-mode application whose interrupts, ports, faults and interrupt flag a driver looks after.
        .model  tiny
        .386
        include pm.inc
        .code
        org     100h
put     MACRO   letter
        push    ax
        push    dx
        mov     dl, letter
        mov     ah, 2
        int     21h
        pop     dx
        pop     ax
        ENDM
start:  mov     sp, 0F000h
        enter_pm
        find_api 7F02h, api
        push    ds
        pop     es

;       INT 6Ch is the driver's, INT 6Dh the driver's and then ours
        mov     ax, 1
        int     6Ch
        cmp     ax, 11h
        je      @F
        put     "1"
@@:     mov     ax, 0205h
        mov     bl, 6Dh
        mov     cx, cs
        mov     dx, OFFSET int6d
        push    bx
        mov     ax, 0204h
        int     31h
        mov     WORD PTR previous, dx
        mov     WORD PTR previous + 2, cx
        pop     bx
        mov     ax, 0205h
        mov     cx, cs
        mov     dx, OFFSET int6d
        int     31h
        mov     ax, 1
        int     6Dh
        cmp     ax, 13h                 ; ours adds 2, the driver's 10h
        je      @F
        put     "2"
@@:
;       ports
        mov     dx, 3B0h
        mov     eax, 0AABBCCDDh
        out     dx, eax
        xor     eax, eax
        in      eax, dx
        cmp     eax, 0AABBCCDDh xor 0FFFFFFFFh
        je      @F
        put     "3"
@@:     mov     si, OFFSET bytes
        mov     edi, OFFSET buffer      ; REP OUTSB and INSB with both sizes of addresses
        mov     cx, 4
        cld
        mov     dx, 3B4h
        rep outsb
        cmp     si, OFFSET bytes + 4
        jne     bad4
        mov     ecx, 4
        db      67h
        rep insb
        cmp     edi, OFFSET buffer + 4
        jne     bad4
        cmp     DWORD PTR buffer, "dcba"
        jne     bad4
        mov     si, OFFSET bytes + 3    ; backwards, through another segment
        push    ds
        pop     fs
        push    0
        pop     ds
        std
        mov     cx, 2
        db      64h
        rep outsb
        cld
        push    es
        pop     ds
        cmp     si, OFFSET bytes + 1
        jne     bad4
        mov     edi, OFFSET buffer
        insb
        insb
        cmp     WORD PTR buffer, "cd"
        je      @F
bad4:   put     "4"
@@:     mov     ax, 0203h               ; INSB through a null selector is the application's fault
        mov     bl, 0Dh
        mov     cx, cs
        mov     dx, OFFSET gp
        int     31h
        push    es
        push    0
        pop     es
        mov     di, 0
        mov     dx, 3B4h
        mov     resume_, OFFSET behind
        insb
behind: pop     es
        cmp     gps, 1
        je      @F
        put     "5"
@@:
;       an invalid opcode that the driver's hook skips, one that it passes on
        mov     ax, 5
        db      0Fh, 0Bh                ; AX = 5: skipped
        cmp     ax, 6
        je      @F
        put     "6"
@@:     mov     ax, 0203h
        mov     bl, 6
        mov     cx, cs
        mov     dx, OFFSET gp
        int     31h
        mov     resume_, OFFSET behind2
        mov     ax, 7
        db      0Fh, 0Bh
behind2: cmp    gps, 2
        je      @F
        put     "7"
@@:
;       a page that the driver brings in at the fault
        mov     ax, 1                   ; its linear address in BX:CX
        call    DWORD PTR api
        push    cx
        push    bx
        mov     cx, 1
        mov     ax, 0
        int     31h
        mov     bx, ax
        pop     cx
        pop     dx
        mov     ax, 7
        int     31h
        mov     cx, 0
        mov     dx, 0FFFh
        mov     ax, 8
        int     31h
        mov     gs, bx
        mov     BYTE PTR gs:[5], 77h
        cmp     BYTE PTR gs:[5], 77h
        je      @F
        put     "8"
@@:
;       events that wait for the interrupt flag
        cli
        mov     ax, 2
        call    DWORD PTR api
        nop
        mov     ax, 3
        call    DWORD PTR api
        cmp     ax, 0
        je      @F
        put     "9"
@@:     sti
        nop
        mov     ax, 3
        call    DWORD PTR api
        cmp     ax, 1
        je      @F
        put     "a"
@@:
;       a fault of the driver's, in the middle of our call
        mov     ax, 4
        call    DWORD PTR api
        cmp     ax, 4444h
        je      @F
        put     "b"
@@:     put     "y"
        mov     ax, 4C00h
        int     21h

int6d:  add     ax, 2
        jmp     DWORD PTR cs:previous

; The exception handler: goes on at resume_.
gp:     push    bp
        mov     bp, sp
        push    ax
        inc     gps
        mov     ax, resume_
        mov     [bp + 2 + 6], ax
        pop     ax
        pop     bp
        retf

previous DD     0
api     DD      0
bytes   DB      "abcd"
buffer  DB      8 DUP (0)
resume_ DW      0
gps     DW      0
        END     start

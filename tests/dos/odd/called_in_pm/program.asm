; A protected-mode application whose machine is made to run a V86 procedure by INT 2Fh AX=1685h of another one: that leaves
; no trace in the application's registers.
        .model  tiny
        .386
        include pm.inc
        .code
        org     100h
start:  mov     sp, 0F000h
        mov     dx, cs
        mov     segment_, dx
        enter_pm
        sti
        find_api 7F02h, api
        mov     cx, segment_
        mov     dx, OFFSET procedure
        call    DWORD PTR api
        mov     ebx, 12345678h
        mov     edi, 9ABCDEF0h
        mov     bp, ds
        mov     es, bp
        stc
wait_:  jnc     bad
        cmp     calls, 3
        je      good
        stc
        cmp     ebx, 12345678h
        jne     bad
        cmp     edi, 9ABCDEF0h
        jne     bad
        mov     ax, es
        cmp     ax, bp
        jne     bad
        stc
        jmp     wait_
bad:    mov     dl, 'n'
        jmp     say
good:   mov     dl, 'y'
say:    mov     ah, 2
        int     21h
        mov     ax, 4C00h
        int     21h

procedure:
        inc     cs:calls
        mov     ebx, 0FFFFFFFFh
        mov     edi, 0FFFFFFFFh
        mov     ds, bx
        mov     es, bx
        clc
        iret

segment_ DW     0
calls   DW      0
api     DD      0
        END     start

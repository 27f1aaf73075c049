; Its handlers of interrupts signal what the driver waits for in the middle of the program's call: first of the timer in V86 mode,
; then of IRQ 5, set in protected mode.
        .model  tiny
        .386
        include pm.inc
        .code
        org     100h
start:  mov     sp, 0F000h
        mov     segment_, cs
        xor     ax, ax
        mov     es, ax
        mov     ax, es:[4 * 8]
        mov     WORD PTR old8, ax
        mov     ax, es:[4 * 8 + 2]
        mov     WORD PTR old8 + 2, ax
        cli
        mov     WORD PTR es:[4 * 8], OFFSET tick
        mov     WORD PTR es:[4 * 8 + 2], cs
        sti
        find_api 7F02h, api
        mov     si, 1111h
        mov     di, 2222h
        xor     ax, ax                  ; waits
        call    DWORD PTR api
        mov     dl, "1"
        cmp     ax, 1
        jne     say
        cmp     si, 1111h
        jne     say
        cmp     di, 2222h
        jne     say
        mov     WORD PTR cs:armed, 0
        enter_pm
        find_api 7F02h, pm_api
        in      al, 21h
        and     al, 0DFh
        out     21h, al
        mov     ax, 0205h
        mov     bl, 0Dh
        mov     cx, cs
        mov     dx, OFFSET irq5
        int     31h
        sti
        xor     ax, ax
        call    DWORD PTR pm_api
        mov     dl, "2"
        cmp     ax, 1
        jne     say
        mov     dl, "y"
say:    mov     ah, 2
        int     21h
        mov     ax, 4C00h
        int     21h

tick:   pushf
        call    DWORD PTR cs:old8
        cmp     WORD PTR cs:armed, 0
        je      over
        push    ax
        mov     ax, 1                   ; signals
        call    DWORD PTR cs:api
        pop     ax
over:   iret

irq5:   push    ax
        mov     al, 20h
        out     20h, al
        mov     ax, 1
        call    DWORD PTR cs:pm_api
        pop     ax
        iret

segment_ DW     0
armed   DW      1
old8    DD      0
api     DD      0
pm_api  DD      0
        END     start

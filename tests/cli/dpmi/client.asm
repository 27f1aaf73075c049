; A 32-bit DPMI program as compilers of the time make them: a 16-bit start, selectors of its own for 32-bit code and data, a
; stack in DPMI memory. It calls a driver's API, prints through INT 21h in both ways, counts timer ticks, mends a page fault
; and ends with code 42.
        .386
STACK_BYTES equ 3000h

PRG     segment para use16 public 'CODE'
        assume  cs:PRG, ds:PRG, es:PRG, ss:PRG
        org     100h
start:
        mov     sp, 0FFFEh
        mov     bx, 1000h
        mov     ah, 4Ah
        int     21h
        mov     ax, 1687h
        int     2Fh
        or      ax, ax
        jnz     no_host
        test    bx, 1
        jz      no_host
        mov     word ptr [entry_], di
        mov     word ptr [entry_+2], es
        mov     bx, si
        mov     ah, 48h
        int     21h
        jc      no_host
        mov     es, ax
        mov     ax, 1
        call    [entry_]
        jc      no_host
;       selectors: 32-bit code, data over the same segment, the stack
        mov     bx, cs
        mov     ax, 6
        int     31h
        mov     si, cx
        mov     di, dx
        mov     cx, 3
        xor     ax, ax
        int     31h
        jc      failed
        mov     [code_sel], ax
        mov     bx, ax
        add     ax, 8
        mov     [data_sel], ax
        add     ax, 8
        mov     [stack_sel], ax
        mov     bp, 2
each:
        mov     cx, si
        mov     dx, di
        mov     ax, 7
        int     31h
        jc      failed
        xor     cx, cx
        mov     dx, 0FFFFh
        mov     ax, 8
        int     31h
        jc      failed
        add     bx, 8
        dec     bp
        jnz     each
        mov     bx, [code_sel]
        mov     cx, 40FAh               ; 32-bit code
        mov     ax, 9
        int     31h
        jc      failed
        xor     bx, bx
        mov     cx, STACK_BYTES
        mov     ax, 501h
        int     31h
        jc      failed
        mov     dx, cx
        mov     cx, bx
        mov     bx, [stack_sel]
        mov     ax, 7
        int     31h
        mov     dx, STACK_BYTES - 1
        xor     cx, cx
        mov     ax, 8
        int     31h
        mov     cx, 40F2h               ; addressed through ESP
        mov     ax, 9
        int     31h
        jc      failed
        mov     ax, [data_sel]
        mov     es, ax
        mov     ss, [stack_sel]
        mov     esp, STACK_BYTES
        movzx   eax, word ptr [code_sel]
        push    eax
        xor     eax, eax
        mov     ax, offset begin32
        push    eax
        mov     ds, [data_sel]
        db      66h
        retf
failed:
        mov     ax, 4C02h
        int     21h
no_host:
        mov     ax, 4C03h
        int     21h

entry_  dd      0
code_sel dw     0
data_sel dw     0
stack_sel dw    0
adder   dw      0, 0, 0
old_timer dw    0, 0, 0
ticks   dd      0
faults  dd      0
numbers dd      10000h, 20000h, 30000h
real_regs db    32h dup (0)
hello   db      'protected mode, $'
real_text db    'real mode$'
fine    db      ', fine', 13, 10, '$'
PRG     ends

WIDE    segment para use32 public 'CODE'
        assume  cs:WIDE, ds:PRG, es:PRG, ss:PRG
begin32:
        mov     edx, offset hello
        mov     ah, 9
        int     21h
;       the driver
        push    es
        mov     ax, 1684h
        mov     bx, 7F10h
        xor     edi, edi
        int     2Fh
        mov     dword ptr [adder], edi
        mov     word ptr [adder+4], es
        mov     eax, es
        pop     es
        or      ax, ax
        jz      wrong
        mov     ax, 1
        call    fword ptr [adder]
        jc      wrong
        cmp     ax, 201h
        jne     wrong
        mov     ax, 2
        mov     esi, offset numbers
        mov     ecx, 3
        call    fword ptr [adder]
        jc      wrong
        cmp     eax, 60000h
        jne     wrong
        mov     ax, 9
        call    fword ptr [adder]
        jnc     wrong
;       DOS memory and a real-mode interrupt with a pointer
        mov     bx, 10h
        mov     ax, 100h
        int     31h
        jc      wrong
        mov     word ptr [real_regs+24h], ax
        push    es
        mov     es, edx
        mov     esi, offset real_text
        xor     edi, edi
        mov     ecx, 16
        cld
        rep     movsb
        pop     es
        mov     word ptr [real_regs+1Ch], 900h
        mov     edi, offset real_regs
        mov     bx, 21h
        xor     ecx, ecx
        mov     ax, 300h
        int     31h
        jc      wrong
;       three ticks of the timer
        mov     bl, 8
        mov     ax, 204h
        int     31h
        mov     dword ptr [old_timer], edx
        mov     word ptr [old_timer+4], cx
        mov     ecx, cs
        mov     edx, offset timer
        mov     bl, 8
        mov     ax, 205h
        int     31h
        jc      wrong
        sti
wait_:  cmp     [ticks], 3
        jb      wait_
        mov     cx, word ptr [old_timer+4]
        mov     edx, dword ptr [old_timer]
        mov     bl, 8
        mov     ax, 205h
        int     31h
;       a page fault, mended by its handler
        mov     bl, 0Eh
        mov     ecx, cs
        mov     edx, offset page_fault
        mov     ax, 203h
        int     31h
        jc      wrong
        mov     cx, 1
        xor     eax, eax
        int     31h
        mov     ebx, eax
        mov     ecx, -1
        mov     edx, -1
        mov     ax, 8
        int     31h
        mov     fs, ebx
        mov     ebx, 0C0000000h         ; not for ring 3
        mov     eax, dword ptr fs:[ebx]
        cmp     [faults], 1
        jne     wrong
        mov     edx, offset fine
        mov     ah, 9
        int     21h
        mov     ax, 4C2Ah
        int     21h
wrong:
        mov     ax, 4C01h
        int     21h

; The BIOS's handler behind the default entry ends the interrupt.
timer:
        push    ds
        push    eax
        mov     eax, ss
        mov     ds, word ptr cs:[data_sel]
        inc     [ticks]
        pop     eax
        pop     ds
        jmp     fword ptr cs:[old_timer]

; Past the MOV, which has three bytes.
page_fault:
        push    ds
        mov     ds, word ptr cs:[data_sel]
        inc     [faults]
        pop     ds
        add     dword ptr [esp + 0Ch], 3
        retf
WIDE    ends
        end     start

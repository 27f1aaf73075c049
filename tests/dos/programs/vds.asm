; The virtual DMA services, INT 4Bh: where memory lies, the buffer, scattered regions, translation.
        include check.inc

vds     MACRO   function, flags
        mov     ax, 8100h + function
        mov     dx, flags
        mov     di, OFFSET dds
        int     4Bh
        ENDM

        xor     ax, ax
        mov     es, ax
        test    BYTE PTR es:[47Bh], 20h
        check   "the BIOS's flag", jnz
        push    ds
        pop     es
        stc
        vds     2, 0
        check   "version: CF", jnc
        equals  "version", ax, 100h
        equals  "Windows", bx, 3
        equals  "buffer, high", si, 0
        equals  "buffer, low", di, 4000h
        vds     2, 8000h
        check   "reserved flag: CF", jc
        equals  "reserved flag", al, 10h

        ; a region in one page
        mov     ax, cs
        add     ax, 1FFFh
        and     ax, 0FF00h
        mov     segment_, ax            ; at a multiple of 4 KB, behind the program
        mov     fs, ax
        mov     BYTE PTR fs:[2000h], 0  ; its pages come one by one: not in a row
        mov     BYTE PTR fs:[1000h], 0
        mov     BYTE PTR fs:[0], 0
        mov     dword ptr dds, 200h
        mov     offset_, 123h
        mov     id, 77
        vds     3, 10h
        check   "lock: CF", jnc
        equals  "no buffer", id, 0
        mov     eax, physical
        and     eax, 0FFFh
        equals  "offset in the page", eax, 123h
        vds     4, 0
        check   "unlock: CF", jnc

        ; one that does not lie in a row
        mov     dword ptr dds, 2000h
        vds     3, 4
        check   "three pages: CF", jc
        equals  "three pages", al, 1
        equals  "what could be locked", <dword ptr dds>, 0EDDh
        mov     dword ptr dds, 2000h
        mov     dword ptr fs:[123h], 'abcd'
        vds     3, 2
        check   "through the buffer: CF", jnc
        equals  "the buffer", id, 1
        equals  "the buffer begins a page", <byte ptr physical>, 0
        vds     3, 0
        check   "the buffer is taken: CF", jc
        equals  "the buffer is taken", al, 6
        mov     dword ptr dds, 4        ; "WXYZ" from elsewhere goes to its byte 2
        mov     offset_, 800h
        mov     dword ptr fs:[800h], 'ZYXW'
        mov     bx, 0
        mov     cx, 2
        vds     9, 0
        check   "copied in: CF", jnc
        mov     bx, 1
        vds     0Ah, 0
        check   "beyond the buffer: CF", jc
        equals  "beyond the buffer", al, 0Bh
        mov     offset_, 123h
        mov     dword ptr dds, 2000h
        vds     4, 2
        check   "unlocked, copied out: CF", jnc
        equals  "what came out, first", <dword ptr fs:[123h]>, 'XWcd'
        equals  "what came out, then", <word ptr fs:[127h]>, 'ZY'
        vds     4, 0
        check   "the buffer is not taken: CF", jc
        equals  "the buffer is not taken", al, 0Ah

        ; the buffer by itself
        mov     dword ptr dds, 10
        vds     7, 0
        check   "requested: CF", jnc
        equals  "its size", <dword ptr dds>, 4000h
        mov     dword ptr dds, 4
        mov     offset_, 900h
        xor     bx, bx
        xor     cx, cx
        vds     0Ah, 0
        check   "copied out: CF", jnc
        equals  "what was in it", <byte ptr fs:[900h]>, 'd'
        vds     8, 0
        check   "released: CF", jnc
        mov     dword ptr dds, 4001h
        vds     7, 0
        equals  "too large", al, 5

        ; scattered
        mov     offset_, 123h
        mov     dword ptr dds, 2000h
        mov     avail, 4
        vds     5, 0
        check   "scattered: CF", jnc
        equals  "regions", used, 3
        equals  "size of the first", <dword ptr table + 4>, 0EDDh
        equals  "size of the last", <dword ptr table + 20>, 123h
        equals  "the offset is the program's again", offset_, 123h
        vds     6, 0
        check   "given back: CF", jnc
        mov     avail, 2
        vds     5, 0
        check   "too short a table: CF", jc
        equals  "too short a table", al, 9
        equals  "what it could describe", <dword ptr dds>, 1EDDh
        mov     dword ptr dds, 2000h
        mov     avail, 4
        mov     bx, 0FFFFh
        vds     5, 40h
        check   "pages: CF", jnc
        equals  "pages", used, 3
        and     bx, 0FFFh
        equals  "offset in the first page", bx, 123h
        test    BYTE PTR table, 1
        check   "a present page", jnz
        vds     6, 40h
        check   "pages given back: CF", jnc

        ; memory that is not the program's
        push    segment_
        mov     segment_, 0
        mov     offset_, 0C0000000h
        vds     3, 0
        check   "the system's memory: CF", jc
        equals  "the system's memory", al, 7
        mov     offset_, 10F000h
        mov     dword ptr dds, 1001h
        vds     7, 2
        equals  "beyond the program's memory", al, 7
        pop     segment_

        ; translation
        mov     bx, 1
        vds     0Bh, 0
        check   "disabled: CF", jnc
        mov     bx, 1
        vds     0Bh, 0
        mov     bx, 1
        vds     0Ch, 0
        check   "still disabled", jnz
        mov     bx, 1
        vds     0Ch, 0
        check   "enabled: CF", jnc
        check   "enabled", jz
        mov     bx, 1
        vds     0Ch, 0
        check   "enabled too often: CF", jc
        equals  "enabled too often", al, 0Eh
        mov     bx, 4
        vds     0Bh, 0
        equals  "no such channel", al, 0Ch
        finish  0

        even
dds     dd      0
offset_ dd      0
segment_ dw     0
id      dw      0
physical LABEL  DWORD
avail   dw      0
used    dw      0
table   dd      8 dup (0)
        end     start

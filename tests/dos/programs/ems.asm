; Expanded memory: how programs find it, blocks, the page frame, saved maps, names, moves.
        include check.inc

        mov     dx, OFFSET device
        mov     ax, 3D00h
        int     21h
        check   "the device", jnc
        mov     bx, ax
        mov     ax, 4400h
        int     21h
        test    dl, 80h
        check   "is a device", jnz
        mov     ax, 4407h
        int     21h
        equals  "ready", al, 0FFh
        mov     ah, 3Eh
        int     21h
        mov     ax, 3567h
        int     21h
        equals  "the name behind the vector", DWORD PTR es:[10], 'XMME'

        mov     ah, 40h
        int     67h
        equals  "status", ah, 0
        mov     ah, 46h
        int     67h
        equals  "version", ax, 40h
        mov     ah, 41h
        int     67h
        equals  "frame", ah, 0
        mov     seg_frame, bx
        mov     ah, 42h
        int     67h
        mov     unused, bx
        equals  "all are free", bx, dx
        mov     ah, 43h
        mov     bx, 5
        int     67h
        equals  "allocate", ah, 0
        mov     one, dx
        mov     ah, 43h
        mov     bx, 2
        int     67h
        mov     two, dx
        mov     ah, 42h
        int     67h
        add     bx, 7
        equals  "fewer are free", bx, unused
        mov     ah, 43h
        xor     bx, bx
        int     67h
        equals  "none", ah, 89h
        mov     ah, 43h
        mov     bx, 60000
        int     67h
        equals  "too many", ah, 87h
        mov     ah, 4Bh
        int     67h
        equals  "handles", bx, 3
        mov     ah, 4Ch
        mov     dx, one
        int     67h
        equals  "pages", bx, 5

        mov     cx, 5                   ; each page of the first gets its number
fill:   mov     bx, cx
        dec     bx
        mov     ax, 4400h
        mov     dx, one
        int     67h
        equals  "map", ah, 0
        mov     es, seg_frame
        mov     es:[100h], cx
        mov     es:[3FFEh], cx
        loop    fill
        mov     ax, 4401h               ; 4 at the second place, 0 is at the first
        mov     bx, 4
        mov     dx, one
        int     67h
        equals  "the first place", WORD PTR es:[100h], 1
        equals  "the second place", WORD PTR es:[4100h], 5
        equals  "its end", WORD PTR es:[7FFEh], 5
        mov     ax, 4402h               ; the same page twice
        mov     bx, 4
        mov     dx, one
        int     67h
        mov     WORD PTR es:[8100h], 77
        equals  "is the same", WORD PTR es:[4100h], 77
        mov     ax, 4400h
        mov     bx, 5
        mov     dx, one
        int     67h
        equals  "no such page", ah, 8Ah
        mov     ax, 4404h
        xor     bx, bx
        mov     dx, one
        int     67h
        equals  "no such place", ah, 8Bh
        mov     ax, 4400h
        mov     dx, 99
        int     67h
        equals  "no such handle", ah, 83h

        mov     ah, 47h                 ; saved and restored
        mov     dx, two
        int     67h
        equals  "save", ah, 0
        mov     ah, 47h
        mov     dx, two
        int     67h
        equals  "save twice", ah, 8Dh
        mov     ax, 4400h
        mov     bx, 0FFFFh
        mov     dx, one
        int     67h
        equals  "unmap", ah, 0
        cmp     WORD PTR es:[100h], 1
        check   "nothing there", jne
        mov     ah, 45h
        mov     dx, two
        int     67h
        equals  "a saved map keeps its handle", ah, 86h
        mov     ah, 48h
        mov     dx, two
        int     67h
        equals  "restore", ah, 0
        equals  "as before", WORD PTR es:[100h], 1
        mov     ah, 48h
        mov     dx, two
        int     67h
        equals  "nothing saved", ah, 8Eh
        push    cs
        pop     es
        mov     ax, 4E00h
        mov     di, OFFSET buffer
        int     67h
        equals  "the map", ah, 0
        mov     ax, 4E03h
        int     67h
        equals  "its size", ax, 16
        mov     ax, 5000h               ; two at once
        mov     dx, one
        mov     cx, 2
        mov     si, OFFSET pairs
        int     67h
        equals  "map some", ah, 0
        mov     es, seg_frame
        equals  "page 2", WORD PTR es:[100h], 3
        equals  "page 3", WORD PTR es:[0C100h], 4
        mov     ax, 4E01h
        mov     si, OFFSET buffer
        int     67h
        equals  "the map again", WORD PTR es:[100h], 1

        mov     ax, 5301h
        mov     dx, one
        mov     si, OFFSET name1
        int     67h
        equals  "name", ah, 0
        mov     ax, 5301h
        mov     dx, two
        int     67h
        equals  "taken", ah, 0A1h
        xor     dx, dx
        mov     ax, 5401h
        int     67h
        equals  "whose it is", dx, one

        mov     mv_from, 0              ; conventional memory to page 1 of the second block
        mov     WORD PTR mv_from_at, OFFSET name1
        mov     ax, cs
        mov     mv_from_seg, ax
        mov     mv_to, 1
        mov     ax, two
        mov     mv_to_handle, ax
        mov     mv_to_at, 3FF8h
        mov     mv_to_page, 1
        mov     ax, 5700h
        mov     si, OFFSET mv
        int     67h
        equals  "move", ah, 0
        mov     mv_to_at, 3FFCh
        mov     ax, 5700h
        int     67h
        equals  "behind the block", ah, 93h
        mov     ax, 4403h
        mov     bx, 1
        mov     dx, two
        int     67h
        equals  "what was moved", DWORD PTR es:[0FFF8h], 'EMAN'
        mov     ah, 51h
        mov     dx, two
        mov     bx, 1
        int     67h
        equals  "smaller", ah, 0
        mov     ah, 4Ch
        mov     dx, two
        int     67h
        equals  "one page", bx, 1
        mov     ax, 5800h
        push    cs
        pop     es
        mov     di, OFFSET buffer
        int     67h
        equals  "four places", cx, 4
        mov     ax, seg_frame
        equals  "the first", WORD PTR buffer, ax
        mov     ah, 45h
        mov     dx, one
        int     67h
        equals  "release", ah, 0
        mov     ah, 45h
        mov     dx, one
        int     67h
        equals  "gone", ah, 83h
        mov     es, seg_frame
        cmp     WORD PTR es:[100h], 1
        check   "and not mapped", jne
        mov     ax, 0DE00h
        int     67h
        equals  "no VCPI", ah, 84h
        finish  0

device  db      "EMMXXXX0", 0
name1   db      "NAME0001"
pairs   dw      2, 0, 3, 3
seg_frame dw    0
unused  dw      0
one     dw      0
two     dw      0
mv      dd      8
mv_from db      0
        dw      0
mv_from_at dw   0
mv_from_seg dw  0
mv_to   db      0
mv_to_handle dw 0
mv_to_at dw     0
mv_to_page dw   0
buffer  db      64 dup (0)
        end     start

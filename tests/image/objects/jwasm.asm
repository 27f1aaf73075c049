; jwasm -q -coff -Zi -Fo jwasm.obj jwasm.asm
.386p
.model flat
extern helper:near
public TEST_DDB
_LTEXT segment dword public use32 'LCODE'
assume cs:flat, ds:flat
TEST_Control proc near
        cmp     eax, 1
        je      TEST_Init
        clc
        ret
TEST_Control endp
service:
        call    helper
        mov     eax, offset buffer+4
        ret
_LTEXT ends
_LDATA segment dword public use32 'LCODE'
TEST_DDB dd     0
        dw      400h, 1234h
        db      1, 0
        dw      0
        db      'TEST    '
        dd      80000000h, offset TEST_Control, 0, 0, 0, 0, 0, offset services, 1
        dd      0, 'Prev', 50h, 'Rsv1', 'Rsv2', 'Rsv3'
services dd     offset service
buffer  dd      20 dup (?)
_LDATA ends
_ITEXT segment dword public use32 'ICODE'
TEST_Init:
        call    helper
        clc
        ret
_ITEXT ends
_RCODE segment word public use16 'RCODE'
real:   mov     ax, offset message
        call    nearby
        ret
nearby: ret
message db      '$'
_RCODE ends
        end

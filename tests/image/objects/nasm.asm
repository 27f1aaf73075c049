; nasm -f win32 -o nasm.obj nasm.asm
bits 32
section _LTEXT code align=4
global helper, _helper
extern _c_procedure
_helper:
helper: mov     eax, [counter]
        call    _c_procedure
        ret
section .data
counter dd      helper
section .bss
room:   resb    100
common  shared_room 8

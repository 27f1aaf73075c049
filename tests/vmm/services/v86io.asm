; Ports that V86 code touches: byte, word, dword and string accesses reach the handlers as bytes (Win95 DDK S31F9), and
; untrapped ports the board.
include check.inc
Test_Driver

PORT    equ 3E8h

VxD_LOCKED_DATA_SEG
vm      dd 0
code    dd 0
calls   dd 0
written dd 0
types   dd 0
Routine db 0ECh                         ; in al, dx
        db 0A2h, 80h, 00h               ; mov [80h], al
        db 0EDh                         ; in ax, dx
        db 0A3h, 82h, 00h               ; mov [82h], ax
        db 66h, 0EDh                    ; in eax, dx
        db 66h, 0A3h, 84h, 00h          ; mov [84h], eax
        db 0B8h, 34h, 12h               ; mov ax, 1234h
        db 0EFh                         ; out dx, ax
        db 0FCh                         ; cld
        db 0BFh, 90h, 00h               ; mov di, 90h
        db 0B9h, 03h, 00h               ; mov cx, 3
        db 0F3h, 6Ch                    ; rep insb
        db 89h, 3Eh, 88h, 00h           ; mov [88h], di
        db 89h, 0Eh, 8Ah, 00h           ; mov [8Ah], cx
        db 0BEh, 90h, 00h               ; mov si, 90h
        db 0FDh                         ; std
        db 0BEh, 92h, 00h               ; mov si, 92h
        db 0B9h, 03h, 00h               ; mov cx, 3
        db 0F3h, 6Eh                    ; rep outsb
        db 0FCh                         ; cld
        db 0E4h, 21h                    ; in al, 21h: nobody's
        db 0CBh                         ; retf
ROUTINE_SIZE equ $ - Routine
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
BeginProc Handler
        Emulate_Non_Byte_IO
        inc     [calls]
        test    ecx, Output
        jz      Input_
        shl     [written], 8
        mov     byte ptr [written], al
        ret
Input_: mov     al, byte ptr [calls]
        ret
EndProc Handler
VxD_LOCKED_CODE_ENDS

Begin_Tests
        mov     edx, PORT
        mov     esi, OFFSET32 Handler
Install:
        VMMcall Install_IO_Handler
        Check   nc, 'cannot install'
        inc     edx
        cmp     edx, PORT+4
        jb      Install
        VMMcall _Allocate_Global_V86_Data_Area, <100h, GVDAParaAlign+GVDAZeroInit>
        Check_Ne eax, 0, 'no V86 memory'
        mov     [code], eax
        VMMcall _lmemcpy, <[code], <OFFSET32 Routine>, ROUTINE_SIZE>

        VMMcall Get_Cur_VM_Handle
        mov     ebp, [ebx].CB_Client_Pointer
        Push_Client_State
        VMMcall Begin_Nest_V86_Exec
        mov     eax, [code]
        shr     eax, 4
        mov     [ebp].Client_DS, ax
        mov     [ebp].Client_ES, ax
        mov     [ebp].Client_EDX, PORT
        mov     ecx, eax
        xor     edx, edx
        VMMcall Simulate_Far_Call
        VMMcall Resume_Exec
        VMMcall End_Nest_Exec
        Pop_Client_State

        mov     esi, [code]
        Check_Eq <byte ptr [esi+80h]>, 1, 'byte input'
        Check_Eq <word ptr [esi+82h]>, 0302h, 'word input'
        Check_Eq <dword ptr [esi+84h]>, 07060504h, 'dword input'
        Check_Eq <dword ptr [esi+90h]>, 000C0B0Ah, 'string input'
        Check_Eq <word ptr [esi+88h]>, 93h, 'DI after rep insb'
        Check_Eq <word ptr [esi+8Ah]>, 0, 'CX after rep insb'
        Check_Eq [written], 120C0B0Ah, 'what was written'
        Check_Eq [calls], 15, 'calls of the handler'
End_Tests
end

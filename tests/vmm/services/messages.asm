; Messages that can be translated (Win95 DDK S233D-S2355): the declarations and their texts in one source here.
include check.inc
include msgmacro.inc
CREATE_MESSAGES EQU TRUE
VxD_MESSAGE_SEG
DECLARE_MESSAGE MSG_First, <"first">
DECLARE_MESSAGE <MSG_Open>, <"file %0s on drive %1s, %0s: %2u of %3x, 100%">
LONG_MESSAGE_START <MSG_Long>
LONG_MESSAGE <"one, ">
LONG_MESSAGE <"two", 13, 10>
LONG_MESSAGE_END <MSG_Long>
VxD_MESSAGE_ENDS
VxD_IMESSAGE_SEG
DECLARE_MESSAGE MSG_Init, <"initialisation">
VxD_IMESSAGE_ENDS
VxD_PMESSAGE_SEG
DECLARE_MESSAGE MSG_Pageable, <"pageable">
VxD_PMESSAGE_ENDS
Test_Driver

VxD_LOCKED_DATA_SEG
file    db 'A.TXT', 0
drive   db 'C:', 0
want    db 'file A.TXT on drive C:, A.TXT: 999 of FF0, 100%', 0
WANTED  equ $ - want
buffer  db 64 dup (0)
stack   dd 0
VxD_LOCKED_DATA_ENDS

; The text at EDI must be `want`.
Check_Text macro text
        local fine
        push    esi
        push    edi
        push    ecx
        cld
        mov     esi, OFFSET32 want
        mov     ecx, WANTED
        repe cmpsb
        je      fine
        Say     text
fine:   pop     ecx
        pop     edi
        pop     esi
endm

Begin_Tests
        mov     [stack], esp
        GET_MESSAGE_PTR MSG_First, ebx
        Check_Eq <dword ptr [ebx]>, 'srif', 'first message'
        GET_MESSAGE_PTR MSG_Init, ebx
        Check_Eq <dword ptr [ebx]>, 'tini', 'a message of initialisation'
        GET_MESSAGE_PTR MSG_Pageable, ebx
        Check_Eq <dword ptr [ebx]>, 'egap', 'a pageable message'
        mov     esi, 2
        GET_MESSAGE_PTR MSG_First, eax, esi
        Check_Eq <dword ptr [eax]>, ',eno', 'a message by its distance'
        Check_Eq <dword ptr [eax+5]>, 0D6F7774h, 'the second part of a long message'
        mov     ecx, MSG_Init
        GET_MESSAGE_PTR ecx, edx
        Check_Eq <dword ptr [edx]>, 'tini', 'a number in a register'
        mov     ecx, MSG_Pageable
        GET_MESSAGE_PTR ecx, edx
        Check_Eq <dword ptr [edx]>, 'egap', 'a pageable message''s number in a register'
        mov     ecx, MSG_Long
        GET_MESSAGE_PTR ecx, ecx
        Check_Eq <dword ptr [ecx]>, ',eno', 'a number in the register of the answer'

        mov     eax, 0FFF003E7h         ; 16 bits of it count
        mov     ecx, 1111h
        mov     edx, 2222h
        LOCALIZED_SPRINTF <OFFSET32 buffer>, MSG_Open, <OFFSET32 file>, <OFFSET32 drive>, eax, 0FF0h
        Check_Eq ecx, 1111h, 'LOCALIZED_SPRINTF changes ECX'
        Check_Eq edx, 2222h, 'LOCALIZED_SPRINTF changes EDX'
        Check_Eq eax, WANTED-1, 'length: #EAX'
        mov     edi, OFFSET32 buffer
        Check_Text 'a message in a buffer'

        PUSH_SPRINTF MSG_Open, <OFFSET32 file>, <OFFSET32 drive>, 999, 0FF0h
        PUSHED_SPRINTF_LENGTH ebx
        mov     edi, eax
        Check_Eq ebx, WANTED-1, 'length of a message on the stack: #EBX'
        Check_Text 'a message on the stack'
        POP_SPRINTF
        PUSH_SPRINTF MSG_First
        Check_Eq <dword ptr [eax]>, 'srif', 'a message without parameters'
        POP_SPRINTF
        mov     eax, esp
        Check_Eq eax, [stack], 'the stack afterwards'
End_Tests
end

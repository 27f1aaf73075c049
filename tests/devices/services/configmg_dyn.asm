; CONFIGMG: the tree as the registry shows it, HKEY_DYN_DATA\Config Manager\Enum (KB Q250568).
include check.inc
include vmmreg.inc
include configmg.inc
include cm.inc
Test_Driver

VxD_LOCKED_DATA_SEG
root    dd      0
node_a  dd      0
node_b  dd      0
key     dd      0
sub_    dd      0
found   dd      0
number  dd      0
type_   dd      0
value   dd      0
place   db      'Config Manager\Enum', 0
hard    db      'HardWareKey', 0
status  db      'Status', 0
problem db      'Problem', 0
parent  db      'Parent', 0
child   db      'Child', 0
sibling db      'Sibling', 0
id_a    db      'TEST\A\0', 0
id_b    db      'TEST\B\0', 0
name_   db      32 dup (0)
text    db      200 dup (0)
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
; How many keys there are; `sub_` is the one of the identifier in EBX (8 bytes) when `found` is 1.
BeginProc Look
        mov     [found], 0
        xor     edi, edi
Look_Next:
        VMMCall _RegEnumKey, <[key], edi, OFFSET32 name_, 32>
        cmp     eax, ERROR_NO_MORE_ITEMS
        je      Look_Done
        Check_Eq eax, ERROR_SUCCESS, 'cannot enumerate: #EAX'
        test    eax, eax
        jnz     Look_Done
        VMMCall _RegOpenKey, <[key], OFFSET32 name_, OFFSET32 value>
        Check_Eq eax, ERROR_SUCCESS, 'cannot open: #EAX'
        mov     [number], 200
        VMMCall _RegQueryValueEx, <[value], OFFSET32 hard, 0, OFFSET32 type_, OFFSET32 text, OFFSET32 number>
        Check_Eq eax, ERROR_SUCCESS, 'no identifier: #EAX'
        Check_Eq [type_], REG_SZ, 'identifier of another type'
        mov     eax, [ebx]
        mov     edx, [ebx+4]
        cmp     eax, dword ptr [text]
        jne     SHORT Look_Other
        cmp     edx, dword ptr [text+4]
        jne     SHORT Look_Other
        mov     eax, [value]
        mov     [sub_], eax
        inc     [found]
        jmp     SHORT Look_More
Look_Other:
        VMMCall _RegCloseKey, <[value]>
Look_More:
        inc     edi
        jmp     Look_Next
Look_Done:
        mov     eax, edi
        ret
EndProc Look
VxD_LOCKED_CODE_ENDS

; A binary value of four bytes of the key in `sub_`.
Is_Value macro name, expected, text
        mov     [number], 4
        mov     [value], -1
        VMMCall _RegQueryValueEx, <[sub_], OFFSET32 name, 0, OFFSET32 type_, OFFSET32 value, OFFSET32 number>
        Check_Eq eax, ERROR_SUCCESS, text
        Check_Eq [type_], REG_BINARY, text
        mov     eax, expected
        Check_Eq [value], eax, text
endm

Begin_Tests
        CM      _CONFIGMG_Locate_DevNode, <OFFSET32 root, 0, 0>, CR_SUCCESS
        CM      _CONFIGMG_Create_DevNode, <OFFSET32 node_a, OFFSET32 id_a, [root], 0>, CR_SUCCESS
        VMMCall _RegOpenKey, <HKEY_DYN_DATA, OFFSET32 place, OFFSET32 key>
        Check_Eq eax, ERROR_SUCCESS, 'the tree is not there'
        mov     ebx, OFFSET32 id_a
        call    Look
        Check_Eq eax, 2, 'nodes: #EAX'
        Check_Eq [found], 1, 'the first node'
        Is_Value parent, [root], 'parent'
        Is_Value child, 0, 'child'
        Is_Value sibling, 0, 'sibling'
        Is_Value status, DN_HAS_MARK, 'status'
        CM      _CONFIGMG_Create_DevNode, <OFFSET32 node_b, OFFSET32 id_b, [root], 0>, CR_SUCCESS
        CM      _CONFIGMG_Register_Device_Driver, <[node_a], 0, 0, 0>, CR_SUCCESS
        CM      _CONFIGMG_Set_Private_Problem, <[node_a], 33h, 0>, CR_SUCCESS
        Is_Value sibling, [node_b], 'new sibling'
        Is_Value problem, 33h, 'problem'
        Is_Value status, <DN_HAS_MARK + DN_DRIVER_LOADED + DN_HAS_PROBLEM + DN_PRIVATE_PROBLEM>, 'status with a problem'
        CM      _CONFIGMG_Remove_SubTree, <[node_a], 0>, CR_SUCCESS
        mov     [number], 4
        VMMCall _RegQueryValueEx, <[sub_], OFFSET32 status, 0, 0, OFFSET32 value, OFFSET32 number>
        Check_Eq eax, ERROR_KEY_DELETED, 'the key of a node that is gone: #EAX'
        mov     ebx, OFFSET32 id_b
        call    Look
        Check_Eq eax, 2, 'nodes left: #EAX'
        Check_Eq [found], 1, 'the second node'
End_Tests
END

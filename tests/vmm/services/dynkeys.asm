; Dynamic keys (Win95 DDK S24CC-S24CE, S25AC-S25B0, S3327): their values are what a driver says when it is asked. And
; where devices keep their settings (S3324).
include check.inc
include vmmreg.inc
Test_Driver

VxD_LOCKED_DATA_SEG
keeps   provider_info <OFFSET32 Handler, OFFSET32 Handler, 0, 0, PROVIDER_KEEPS_VALUE_LENGTH>
fixed   provider_info <OFFSET32 Handler, 0, 0, 0, 0>
nobody  provider_info <0, 0, 0, 0, 0>
values  pvalue <OFFSET32 first_name, 4, 11h, REG_BINARY>
        pvalue <OFFSET32 second_name, 0, 22h, REG_SZ>
lengths pvalue <OFFSET32 first_name, 4, 11h, REG_BINARY>
        pvalue <OFFSET32 second_name, 7, 22h, REG_SZ>
path    db 'Unit\Live', 0
path_2  db 'Unit\Still', 0
unit    db 'Unit', 0
live    db 'Live', 0
first_name db 'First', 0
second_name db 'Second', 0
other_name db 'Third', 0
text    db 'plenty', 0
key     dd 0
key_2   dd 0
opened  dd 0
calls   dd 0
asked   dd 0                            ; values in the last call
context dd 0
refuse  dd 0
kind    dd 0
count   dd 0
longest dd 0
room    dd 0
buffer  db 32 dup (0)
name    db 32 dup (0)
name_size dd 0
valents dd OFFSET32 second_name, 3 dup (0), OFFSET32 first_name, 3 dup (0)
bad_valent dd OFFSET32 other_name, 3 dup (0)
class_name db 'net', 0
vxd_name db 'TESTDEV', 0
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
; (context, val_contexts, count, buffer, pSize, 0)
BeginProc Handler
        push    ebp
        mov     ebp, esp
        push    ebx
        push    esi
        push    edi
        inc     [calls]
        mov     eax, [ebp+8]
        mov     [context], eax
        mov     ecx, [ebp+10h]
        mov     [asked], ecx
        Check_Eq <dword ptr [ebp+1Ch]>, 0, 'the reserved argument'
        xor     eax, eax
        cmp     [refuse], 0
        je      fill
        mov     eax, 1013
        jmp     done
fill:   mov     ebx, [ebp+0Ch]
        mov     edi, [ebp+14h]
        mov     eax, [ebp+18h]
        mov     edx, [eax]              ; room
        mov     dword ptr [eax], 0
        xor     eax, eax
next_value:
        push    ecx
        cmp     [ebx.value_context], 11h
        mov     esi, OFFSET32 calls
        mov     ecx, 4
        je      known
        Check_Eq [ebx.value_context], 22h, 'the value''s context'
        mov     esi, OFFSET32 text
        mov     ecx, 7
known:  mov     [ebx.valuelen], ecx
        cmp     edx, ecx
        jb      too_long
        sub     edx, ecx
        mov     [ebx.val_buff_ptr], edi
        push    eax
        mov     eax, [ebp+18h]
        add     [eax], ecx
        pop     eax
        cld
        rep movsb
        jmp     one_done
too_long:
        mov     [ebx.val_buff_ptr], 0
        mov     eax, ERROR_MORE_DATA
one_done:
        pop     ecx
        add     ebx, SIZE val_context
        dec     ecx
        jnz     next_value
done:   pop     edi
        pop     esi
        pop     ebx
        pop     ebp
        ret
EndProc Handler
VxD_LOCKED_CODE_ENDS

Begin_Tests
        VMMcall _RegCreateDynKey, <<OFFSET32 path>, 77h, <OFFSET32 keeps>, <OFFSET32 values>, 2, <OFFSET32 key>>
        Check_Eq eax, ERROR_SUCCESS, 'no key: #EAX'
        VMMcall _RegCreateDynKey, <<OFFSET32 path>, 77h, <OFFSET32 keeps>, <OFFSET32 values>, 2, <OFFSET32 opened>>
        Check_Ne eax, ERROR_SUCCESS, 'a key that exists'
        VMMcall _RegCreateDynKey, <<OFFSET32 path_2>, 0, <OFFSET32 nobody>, <OFFSET32 values>, 2, <OFFSET32 opened>>
        Check_Eq eax, ERROR_INVALID_PARAMETER, 'a key without a handler'
        mov     [keeps.pi_R0_1val], 0   ; the system has copies
        mov     [values.pv_type], 0
        VMMcall _RegOpenKey, <HKEY_DYN_DATA, <OFFSET32 path>, <OFFSET32 opened>>
        Check_Eq eax, ERROR_SUCCESS, 'the key cannot be opened: #EAX'

        ; one value
        mov     [room], 32
        VMMcall _RegQueryValueEx, <[opened], <OFFSET32 first_name>, 0, <OFFSET32 kind>, <OFFSET32 buffer>, <OFFSET32 room>>
        Check_Eq eax, ERROR_SUCCESS, 'first value: #EAX'
        Check_Eq [kind], REG_BINARY, 'type'
        Check_Eq [room], 4, 'size'
        Check_Eq <dword ptr [buffer]>, 1, 'contents'
        Check_Eq [context], 77h, 'the key''s context'
        Check_Eq [asked], 1, 'values asked for'
        mov     [room], 3
        VMMcall _RegQueryValueEx, <[opened], <OFFSET32 second_name>, 0, <OFFSET32 kind>, <OFFSET32 buffer>, <OFFSET32 room>>
        Check_Eq eax, ERROR_MORE_DATA, 'a small buffer: #EAX'
        Check_Eq [room], 7, 'size that it takes'
        mov     [room], 0
        VMMcall _RegQueryValueEx, <[opened], <OFFSET32 second_name>, 0, <OFFSET32 kind>, 0, <OFFSET32 room>>
        Check_Eq eax, ERROR_SUCCESS, 'only the size: #EAX'
        Check_Eq [room], 7, 'only the size'
        Check_Eq [kind], REG_SZ, 'type of a text'
        VMMcall _RegQueryValueEx, <[opened], <OFFSET32 other_name>, 0, 0, <OFFSET32 buffer>, <OFFSET32 room>>
        Check_Eq eax, ERROR_FILE_NOT_FOUND, 'a value that nobody provides'
        Check_Eq [calls], 3, 'calls: one for each value'
        mov     [refuse], 1
        mov     [room], 32
        VMMcall _RegQueryValueEx, <[opened], <OFFSET32 first_name>, 0, 0, <OFFSET32 buffer>, <OFFSET32 room>>
        Check_Eq eax, 1013, 'the handler''s error: #EAX'
        mov     [refuse], 0
        mov     [room], 32
        mov     [name_size], 32
        VMMcall _RegEnumValue, <[opened], 1, <OFFSET32 name>, <OFFSET32 name_size>, 0, <OFFSET32 kind>, <OFFSET32 buffer>, <OFFSET32 room>>
        Check_Eq eax, ERROR_SUCCESS, '_RegEnumValue: #EAX'
        Check_Eq [name_size], 6, 'length of the name'
        Check_Eq <dword ptr [buffer]>, 'nelp', 'enumerated contents'
        VMMcall _RegQueryInfoKey, <[opened], 0, 0, 0, 0, 0, 0, <OFFSET32 count>, 0, <OFFSET32 longest>, 0, 0>
        Check_Eq [count], 2, 'values of the key'

        ; several at once
        mov     [room], 32
        mov     [calls], 0
        VMMcall _RegQueryMultipleValues, <[opened], <OFFSET32 valents>, 2, <OFFSET32 buffer>, <OFFSET32 room>>
        Check_Eq eax, ERROR_SUCCESS, 'several values: #EAX'
        Check_Eq [calls], 1, 'one call for all values'
        Check_Eq [asked], 2, 'values asked for at once'
        Check_Eq [room], 11, 'size of all'
        Check_Eq [valents+4], 7, 'length of the first'
        Check_Eq [valents+8], <OFFSET32 buffer>, 'place of the first'
        Check_Eq [valents+12], REG_SZ, 'type of the first'
        Check_Eq [valents+24], <OFFSET32 buffer + 7>, 'place of the second'
        Check_Eq <dword ptr [buffer+7]>, 1, 'contents of the second'
        mov     [room], 5
        VMMcall _RegQueryMultipleValues, <[opened], <OFFSET32 valents>, 2, <OFFSET32 buffer>, <OFFSET32 room>>
        Check_Eq eax, ERROR_MORE_DATA, 'several values in a small buffer: #EAX'
        Check_Eq [room], 11, 'size of all, asked for in vain'
        VMMcall _RegQueryMultipleValues, <[opened], <OFFSET32 bad_valent>, 1, <OFFSET32 buffer>, <OFFSET32 room>>
        Check_Eq eax, ERROR_FILE_NOT_FOUND, 'a name that nobody provides'

        ; the registry keeps the lengths, and values are asked for one by one
        VMMcall _RegCreateDynKey, <<OFFSET32 path_2>, 88h, <OFFSET32 fixed>, <OFFSET32 lengths>, 2, <OFFSET32 key_2>>
        Check_Eq eax, ERROR_SUCCESS, 'no second key: #EAX'
        mov     [calls], 0
        mov     [room], 1
        VMMcall _RegQueryValueEx, <[key_2], <OFFSET32 second_name>, 0, 0, <OFFSET32 buffer>, <OFFSET32 room>>
        Check_Eq eax, ERROR_MORE_DATA, 'a buffer smaller than the registry knows'
        Check_Eq [room], 7, 'size that the registry knows'
        Check_Eq [calls], 0, 'the handler was called in vain'
        mov     [room], 32
        VMMcall _RegQueryMultipleValues, <[key_2], <OFFSET32 valents>, 2, <OFFSET32 buffer>, <OFFSET32 room>>
        Check_Eq eax, ERROR_SUCCESS, 'one by one: #EAX'
        Check_Eq [calls], 2, 'calls, one by one'
        Check_Eq [context], 88h, 'the second key''s context'
        Check_Eq [room], 11, 'size, one by one'
        Check_Eq [valents+24], <OFFSET32 buffer + 7>, 'place of the second, one by one'
        Check_Eq <dword ptr [buffer+7]>, 2, 'contents, one by one'

        ; nobody else writes, and the key goes as others do
        VMMcall _RegSetValueEx, <[opened], <OFFSET32 first_name>, 0, REG_BINARY, <OFFSET32 buffer>, 4>
        Check_Ne eax, ERROR_SUCCESS, 'somebody else''s value was set'
        VMMcall _RegDeleteValue, <[opened], <OFFSET32 first_name>>
        Check_Ne eax, ERROR_SUCCESS, 'somebody else''s value was deleted'
        VMMcall _RegDeleteKey, <HKEY_DYN_DATA, <OFFSET32 path>>
        Check_Eq eax, ERROR_SUCCESS, 'cannot delete: #EAX'
        VMMcall _RegQueryValueEx, <[opened], <OFFSET32 first_name>, 0, 0, <OFFSET32 buffer>, <OFFSET32 room>>
        Check_Eq eax, ERROR_KEY_DELETED, 'a deleted key answers: #EAX'
        VMMcall _RegDeleteKey, <HKEY_DYN_DATA, <OFFSET32 path_2>>

        ; settings of devices
        VMMcall _GetRegistryKey, <REGTYPE_CLASS, <OFFSET32 class_name>, REGKEY_OPEN, <OFFSET32 opened>>
        Check_Eq eax, ERROR_FILE_NOT_FOUND, 'a class that is not there: #EAX'
        VMMcall _GetRegistryKey, <REGTYPE_CLASS, <OFFSET32 class_name>, REGKEY_CREATE_IFNOTEXIST, <OFFSET32 opened>>
        Check_Eq eax, ERROR_SUCCESS, 'no class: #EAX'
        VMMcall _RegSetValueEx, <[opened], <OFFSET32 first_name>, 0, REG_BINARY, <OFFSET32 text>, 4>
        VMMcall _RegCloseKey, <[opened]>
        VMMcall _GetRegistryKey, <REGTYPE_CLASS, <OFFSET32 class_name>, REGKEY_OPEN, <OFFSET32 opened>>
        Check_Eq eax, ERROR_SUCCESS, 'the class was not kept: #EAX'
        mov     [room], 32
        VMMcall _RegQueryValueEx, <[opened], <OFFSET32 first_name>, 0, 0, <OFFSET32 buffer>, <OFFSET32 room>>
        Check_Eq [room], 4, 'its value'
        VMMcall _GetRegistryKey, <REGTYPE_VXD, <OFFSET32 vxd_name>, REGKEY_CREATE_IFNOTEXIST, <OFFSET32 opened>>
        Check_Eq eax, ERROR_SUCCESS, 'no key of a driver: #EAX'
        VMMcall _GetRegistryKey, <REGTYPE_ENUM, <OFFSET32 vxd_name>, REGKEY_OPEN, <OFFSET32 opened>>
        Check_Eq eax, ERROR_FILE_NOT_FOUND, 'another branch: #EAX'
        VMMcall _GetRegistryKey, <99, <OFFSET32 vxd_name>, REGKEY_OPEN, <OFFSET32 opened>>
        Check_Eq eax, ERROR_INVALID_PARAMETER, 'no such branch: #EAX'
End_Tests
end

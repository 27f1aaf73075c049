; Registry services (Win95 DDK S3323-S3337).
;reg REGEDIT4
;reg [HKEY_LOCAL_MACHINE\System\CurrentControlSet\Services\VxD\TEST]
;reg "Text"="abc"
;reg "Number"=dword:00000010
;reg "Raw"=hex:01,02,03
;reg [HKEY_LOCAL_MACHINE\System\CurrentControlSet\Services\VxD\TEST\Sub]
;reg @="default"
include check.inc
Test_Driver

VxD_LOCKED_DATA_SEG
path    db 'System\CurrentControlSet\Services\VxD\TEST', 0
nowhere db 'System\Nowhere', 0
text    db 'Text', 0
number  db 'number', 0
raw     db 'Raw', 0
fresh   db 'Fresh', 0
sub_    db 'sub', 0
deep    db 'New\Deep', 0
new     db 'New', 0
value   db 'value', 0
key     dd 0
key2    dd 0
type_   dd 0
size_   dd 0
data    db 32 dup (0)
nsize   dd 0
counts  dd 4 dup (0)
place   db 64 dup (0)
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_DATA_SEG
valents dd OFFSET32 text, 0, 0, 0
        dd OFFSET32 number, 0, 0, 0
        dd OFFSET32 raw, 0, 0, 0
absent  dd OFFSET32 fresh, 0, 0, 0
many    db 16 dup (0)
VxD_LOCKED_DATA_ENDS

Begin_Tests
        VMMcall _GetRegistryPath, <<OFFSET32 TEST_DDB>, <OFFSET32 place>, 64>
        Check_Eq eax, 42, 'length of the path: #EAX'
        VMMcall _lstrcmpi, <<OFFSET32 place>, <OFFSET32 path>>
        Check_Eq eax, 0, 'another path'
        VMMcall _GetRegistryPath, <<OFFSET32 TEST_DDB>, <OFFSET32 place>, 42>
        Check_Eq eax, 43, 'size that is needed: #EAX'
;! dead-handle
        VMMcall _GetRegistryPath, <<OFFSET32 place>, <OFFSET32 place>, 64>
        Check_Eq eax, 0, 'path of no device: #EAX'
        VMMcall _RegOpenKey, <HKEY_LOCAL_MACHINE, <OFFSET32 path>, <OFFSET32 key>>
        Check_Eq eax, ERROR_SUCCESS, 'cannot open: #EAX'
        VMMcall _RegOpenKey, <HKEY_LOCAL_MACHINE, <OFFSET32 nowhere>, <OFFSET32 key2>>
        Check_Eq eax, ERROR_FILE_NOT_FOUND, 'an absent key: #EAX'
        VMMcall _RegOpenKey, <HKEY_USERS, <OFFSET32 path>, <OFFSET32 key2>>
        Check_Eq eax, ERROR_BADKEY, 'HKEY_USERS during initialisation: #EAX'

        mov     [size_], 10
        VMMcall _RegQueryMultipleValues, <[key], <OFFSET32 valents>, 3, <OFFSET32 many>, <OFFSET32 size_>>
        Check_Eq eax, ERROR_MORE_DATA, 'a small buffer for many: #EAX'
        Check_Eq [size_], 11, 'size of many'
        VMMcall _RegQueryMultipleValues, <[key], <OFFSET32 valents>, 3, <OFFSET32 many>, <OFFSET32 size_>>
        Check_Eq eax, ERROR_SUCCESS, 'many values: #EAX'
        Check_Eq [valents+4], 4, 'length of the first'
        Check_Eq [valents+8], <OFFSET32 many>, 'place of the first'
        Check_Eq [valents+16+8], <OFFSET32 many+4>, 'place of the second'
        Check_Eq [valents+16+12], REG_DWORD, 'type of the second'
        Check_Eq <dword ptr [many+4]>, 10h, 'the second'
        Check_Eq [valents+32+4], 3, 'length of the third'
        Check_Eq <byte ptr [many+10]>, 3, 'the third'
        VMMcall _RegQueryMultipleValues, <[key], <OFFSET32 absent>, 1, <OFFSET32 many>, <OFFSET32 size_>>
        Check_Eq eax, ERROR_FILE_NOT_FOUND, 'an absent one: #EAX'

        mov     [size_], 32
        VMMcall _RegQueryValueEx, <[key], <OFFSET32 text>, 0, <OFFSET32 type_>, <OFFSET32 data>, <OFFSET32 size_>>
        Check_Eq eax, ERROR_SUCCESS, 'no value: #EAX'
        Check_Eq [type_], REG_SZ, 'type of a text'
        Check_Eq [size_], 4, 'size of a text'
        Check_Eq <dword ptr [data]>, 636261h, 'the text'
        mov     [size_], 2
        VMMcall _RegQueryValueEx, <[key], <OFFSET32 text>, 0, 0, <OFFSET32 data>, <OFFSET32 size_>>
        Check_Eq eax, ERROR_MORE_DATA, 'a small buffer: #EAX'
        Check_Eq [size_], 4, 'size wanted'
        VMMcall _RegQueryValueEx, <[key], <OFFSET32 number>, 0, <OFFSET32 type_>, 0, <OFFSET32 size_>>
        Check_Eq eax, ERROR_SUCCESS, 'only the size: #EAX'
        Check_Eq [size_], 4, 'size of a number'
        Check_Eq [type_], REG_DWORD, 'type of a number'
        VMMcall _RegQueryValueEx, <[key], <OFFSET32 fresh>, 0, 0, 0, 0>
        Check_Eq eax, ERROR_FILE_NOT_FOUND, 'an absent value: #EAX'

        mov     dword ptr [data], 12345678h
        VMMcall _RegSetValueEx, <[key], <OFFSET32 fresh>, 0, REG_BINARY, <OFFSET32 data>, 4>
        Check_Eq eax, ERROR_SUCCESS, 'cannot set: #EAX'
        mov     dword ptr [data], 0
        mov     [size_], 4
        VMMcall _RegQueryValueEx, <[key], <OFFSET32 fresh>, 0, 0, <OFFSET32 data>, <OFFSET32 size_>>
        Check_Eq <dword ptr [data]>, 12345678h, 'not what was set'
        VMMcall _RegQueryInfoKey, <[key], 0, 0, 0, <OFFSET32 counts>, <OFFSET32 counts+4>, 0, <OFFSET32 counts+8>, <OFFSET32 counts+12>, 0, 0, 0>
        Check_Eq [counts], 1, 'subkeys'
        Check_Eq [counts+4], 3, 'longest subkey'
        Check_Eq [counts+8], 4, 'values'
        Check_Eq [counts+12], 6, 'longest name'
        VMMcall _RegDeleteValue, <[key], <OFFSET32 fresh>>
        Check_Eq eax, ERROR_SUCCESS, 'cannot delete a value: #EAX'
        VMMcall _RegDeleteValue, <[key], <OFFSET32 fresh>>
        Check_Eq eax, ERROR_FILE_NOT_FOUND, 'deleted twice: #EAX'

        ; enumeration, default values
        VMMcall _RegEnumKey, <[key], 0, <OFFSET32 data>, 32>
        Check_Eq eax, ERROR_SUCCESS, 'no first subkey: #EAX'
        Check_Eq <dword ptr [data]>, 627553h, 'its name'
        VMMcall _RegEnumKey, <[key], 1, <OFFSET32 data>, 32>
        Check_Eq eax, ERROR_NO_MORE_ITEMS, 'a second subkey: #EAX'
        VMMcall _RegEnumKey, <[key], 0, <OFFSET32 data>, 3>
        Check_Eq eax, ERROR_MORE_DATA, 'a small buffer for a name: #EAX'
        mov     [nsize], 32
        mov     [size_], 32
        VMMcall _RegEnumValue, <[key], 2, <OFFSET32 data>, <OFFSET32 nsize>, 0, <OFFSET32 type_>, <OFFSET32 data+16>, <OFFSET32 size_>>
        Check_Eq eax, ERROR_SUCCESS, 'no third value: #EAX'
        Check_Eq [nsize], 3, 'length of its name'
        Check_Eq [size_], 3, 'size of its data'
        Check_Eq <dword ptr [data]>, 776152h, 'name of the value'
        Check_Eq <word ptr [data+16]>, 201h, 'data of the value'
        mov     [size_], 32
        VMMcall _RegQueryValue, <[key], <OFFSET32 sub_>, <OFFSET32 data>, <OFFSET32 size_>>
        Check_Eq eax, ERROR_SUCCESS, 'no default value: #EAX'
        Check_Eq <dword ptr [data]>, 'afed', 'the default value'
        mov     [size_], 32
        VMMcall _RegQueryValue, <[key], 0, <OFFSET32 data>, <OFFSET32 size_>>
        Check_Eq [size_], 1, 'a default value that is not set'

        ; making and deleting
        VMMcall _RegCreateKey, <[key], <OFFSET32 deep>, <OFFSET32 key2>>
        Check_Eq eax, ERROR_SUCCESS, 'cannot create: #EAX'
        VMMcall _RegSetValue, <[key], <OFFSET32 deep>, REG_SZ, <OFFSET32 value>, 5>
        Check_Eq eax, ERROR_SUCCESS, 'cannot set a default: #EAX'
;! input-range
        VMMcall _RegDeleteKey, <[key], <OFFSET32 new>>
        Check_Ne eax, ERROR_SUCCESS, 'a key with subkeys was deleted'
        VMMcall _RegDeleteKey, <[key], <OFFSET32 deep>>
        Check_Eq eax, ERROR_SUCCESS, 'cannot delete: #EAX'
        VMMcall _RegQueryValueEx, <[key2], <OFFSET32 text>, 0, 0, 0, 0>
        Check_Eq eax, ERROR_KEY_DELETED, 'a deleted key: #EAX'
        VMMcall _RegCloseKey, <[key2]>
        Check_Eq eax, ERROR_SUCCESS, 'a deleted key cannot be closed: #EAX'
        VMMcall _RegFlushKey, <[key]>
        Check_Eq eax, ERROR_SUCCESS, '_RegFlushKey: #EAX'
        VMMcall _RegCloseKey, <[key]>
        Check_Eq eax, ERROR_SUCCESS, 'cannot close: #EAX'
;! dead-handle
        VMMcall _RegCloseKey, <[key]>
        Check_Eq eax, ERROR_BADKEY, 'closed twice: #EAX'
;! dead-handle
        VMMcall _RegOpenKey, <[key], 0, <OFFSET32 key2>>
        Check_Eq eax, ERROR_BADKEY, 'a closed key opens: #EAX'
End_Tests
end

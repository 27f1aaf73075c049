; Strings and _Sprintf (Win95 DDK S32DA-S32E0).
include check.inc
Test_Driver

VxD_LOCKED_DATA_SEG
source  db 'Hello', 0
buffer  db 64 dup ('x')
empty   db 0
lower   db 'MixEd 1z', 0
other   db 'mixed 1Z', 0
less    db 'mixed 1', 0
form    db '%d|%5u|%-4x|%04X|%s|%c|%%|%.2s|%ld', 0
args    dd -5, 42, 0ABh, 0Fh, OFFSET32 source, 'Q', OFFSET32 source, 7
expect  db '-5|   42|ab  |000F|Hello|Q|%|He|7', 0
VxD_LOCKED_DATA_ENDS

Begin_Tests
        VMMcall _lstrlen, <<OFFSET32 source>>
        Check_Eq eax, 5, 'length: #EAX'
        VMMcall _lstrlen, <<OFFSET32 empty>>
        Check_Eq eax, 0, 'length of the empty text: #EAX'
        VMMcall _lstrcpyn, <<OFFSET32 buffer>, <OFFSET32 source>, 64>
        Check_Eq eax, <OFFSET32 buffer>, 'EAX is not the destination'
        Check_Eq <dword ptr [buffer]>, 'lleH', 'not copied'
        Check_Eq <byte ptr [buffer+5]>, 0, 'not terminated'
        Check_Eq <byte ptr [buffer+6]>, 'x', 'written past the terminator'
        VMMcall _lstrcpyn, <<OFFSET32 buffer>, <OFFSET32 source>, 3>
        Check_Eq <byte ptr [buffer+1]>, 'e', 'cut too early'
        Check_Eq <byte ptr [buffer+2]>, 0, 'not cut'
        VMMcall _lmemcpy, <<OFFSET32 buffer+8>, <OFFSET32 source>, 5>
        Check_Eq eax, <OFFSET32 buffer+8>, '_lmemcpy: EAX'
        Check_Eq edx, <OFFSET32 buffer+13>, '_lmemcpy: EDX'
        Check_Eq <dword ptr [buffer+9]>, 'olle', '_lmemcpy: bytes'
        VMMcall _lmemcpy, <<OFFSET32 buffer>, <OFFSET32 source>, 0>
        Check_Eq edx, <OFFSET32 buffer>, '_lmemcpy of nothing'
;! input-range
        VMMcall _lmemcpy, <<OFFSET32 buffer>, <OFFSET32 buffer+2>, 5>
        VMMcall _lstrcmpi, <<OFFSET32 lower>, <OFFSET32 other>>
        Check_Eq eax, 0, 'equal but for case: #EAX'
        VMMcall _lstrcmpi, <<OFFSET32 less>, <OFFSET32 lower>>
        cmp     eax, 0
        Check   l, 'a prefix is less: #EAX'
        VMMcall _lstrcmpi, <<OFFSET32 lower>, <OFFSET32 less>>
        cmp     eax, 0
        Check   g, 'longer is greater: #EAX'
        VMMcall _strupr, <<OFFSET32 lower>>
        Check_Eq eax, <OFFSET32 lower>, '_strupr: EAX'
        Check_Eq <dword ptr [lower]>, 'EXIM', '_strupr: bytes'
        Check_Eq <byte ptr [lower+7]>, 'Z', '_strupr: the end'

        VMMcall _Sprintf, <<OFFSET32 buffer>, <OFFSET32 form>, -5, 42, 0ABh, 0Fh, <OFFSET32 source>, 'Q', <OFFSET32 source>, 7>
        Check_Eq eax, 33, 'length of what _Sprintf wrote: #EAX'
        VMMcall _lstrcmpi, <<OFFSET32 buffer>, <OFFSET32 expect>>
        Check_Eq eax, 0, '_Sprintf wrote something else'
        mov     [buffer], 0
        VMMcall _Vsprintf, <<OFFSET32 buffer>, <OFFSET32 form>, <OFFSET32 args>>
        VMMcall _lstrcmpi, <<OFFSET32 buffer>, <OFFSET32 expect>>
        Check_Eq eax, 0, '_Vsprintf wrote something else'
End_Tests
end

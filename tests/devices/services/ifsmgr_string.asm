; IFSMgr: strings between Unicode and the code pages 437 and 1252 (Win95 DDK S3105, S3106, S3108, S3109).
include check.inc
include ifsmgr.inc
Test_Driver

VxD_LOCKED_DATA_SEG
oem     db      'aZ', 81h, 0E1h, 0C4h           ; u umlaut, sharp s, a line
ansi    db      0FCh, 93h, 99h, 'q'             ; u umlaut, a quote, trade mark
wide    dw      8 dup (5555h)
narrow  db      8 dup (55h)
mixed   dw      'a', 'Z', 0FCh, 0F7h, 0FFh, 3C0h, 161h, '1'
VxD_LOCKED_DATA_ENDS

; Results of a service: EAX, EDX; EBX, ESI, EDI and EBP stay.
Kept    macro   name, bytes, flags
        Check_Eq eax, bytes, 'bytes of &name: #EAX'
        Check_Eq edx, flags, 'flags of &name: #EDX'
        Check_Eq ebx, 0B0B0B0Bh, 'EBX of &name: #EBX'
        Check_Eq esi, 51515151h, 'ESI of &name: #ESI'
        Check_Eq edi, 0D1D1D1D1h, 'EDI of &name: #EDI'
endm

Begin_Tests
        mov     ebx, 0B0B0B0Bh
        mov     esi, 51515151h
        mov     edi, 0D1D1D1D1h
        VxDcall BCSToUni, <<OFFSET32 wide>, <OFFSET32 oem>, 5, BCS_OEM>
        Kept    BCSToUni, 10, 0
        Check_Eq <dword ptr [wide]>, 005A0061h, 'letters in Unicode'
        Check_Eq <dword ptr [wide + 4]>, 00DF00FCh, 'letters of code page 437 in Unicode'
        Check_Eq [wide + 8], 2500h, 'a line in Unicode'
        Check_Eq [wide + 10], 5555h, 'behind the Unicode string'
        VxDcall UniToBCS, <<OFFSET32 narrow>, <OFFSET32 wide>, 10, 8, BCS_OEM>
        Kept    UniToBCS, 5, 0
        Check_Eq <dword ptr [narrow]>, 0E1815A61h, 'back in code page 437'
        Check_Eq [narrow + 4], 0C4h, 'a line in code page 437'
        Check_Eq [narrow + 5], 55h, 'behind the string'

        ; 1252 has no lines; what has no room is cut
        VxDcall UniToBCS, <<OFFSET32 narrow>, <OFFSET32 wide>, 10, 8, BCS_WANSI>
        Kept    <UniToBCS with a loss>, 5, MAP_FLAG_LOSS
        Check_Eq <dword ptr [narrow]>, 0DFFC5A61h, 'in code page 1252'
        Check_Eq [narrow + 4], '_', 'a character that is not there'
        mov     [narrow + 3], 55h
        VxDcall UniToBCS, <<OFFSET32 narrow>, <OFFSET32 wide>, 10, 3, BCS_OEM>
        Kept    <UniToBCS without room>, 3, MAP_FLAG_TRUNCATE
        Check_Eq [narrow + 3], 55h, 'behind the room'
        VxDcall UniToBCS, <<OFFSET32 narrow>, <OFFSET32 wide>, 0, 3, BCS_OEM>
        Kept    <UniToBCS of nothing>, 0, 0

        VxDcall BCSToUni, <<OFFSET32 wide>, <OFFSET32 ansi>, 4, BCS_WANSI>
        Kept    <BCSToUni of 1252>, 8, 0
        Check_Eq <dword ptr [wide]>, 201C00FCh, 'letters of code page 1252 in Unicode'
        Check_Eq <dword ptr [wide + 4]>, 00712122h, 'a trade mark in Unicode'

        VxDcall UniToUpper, <<OFFSET32 wide>, <OFFSET32 mixed>, 16>
        Check_Eq eax, 16, 'bytes of UniToUpper: #EAX'
        Check_Eq ebx, 0B0B0B0Bh, 'EBX of UniToUpper: #EBX'
        Check_Eq esi, 51515151h, 'ESI of UniToUpper: #ESI'
        Check_Eq edi, 0D1D1D1D1h, 'EDI of UniToUpper: #EDI'
        Check_Eq <dword ptr [wide]>, 005A0041h, 'upper case letters'
        Check_Eq <dword ptr [wide + 4]>, 00F700DCh, 'upper case of an umlaut; a sign has none'
        Check_Eq <dword ptr [wide + 8]>, 03A00178h, 'upper case letters elsewhere'
        Check_Eq <dword ptr [wide + 12]>, 00310160h, 'upper case of a letter of 1252; a digit has none'
        VxDcall UniToUpper, <<OFFSET32 mixed>, <OFFSET32 mixed>, 2>
        Check_Eq eax, 2, 'bytes of UniToUpper in place: #EAX'
        Check_Eq <dword ptr [mixed]>, 005A0041h, 'upper case in place'

        VxDcall UniCharToOEM, <0FCh>
        Check_Eq al, 81h, 'an umlaut: #AL'
        VxDcall UniCharToOEM, <2122h>
        Check_Eq al, '_', 'a trade mark: #AL'
        VxDcall UniCharToOEM, <'A'>
        Check_Eq al, 'A', 'a letter: #AL'
        Check_Eq ebx, 0B0B0B0Bh, 'EBX of UniCharToOEM: #EBX'
        Check_Eq esi, 51515151h, 'ESI of UniCharToOEM: #ESI'
        Check_Eq edi, 0D1D1D1D1h, 'EDI of UniCharToOEM: #EDI'
End_Tests
end

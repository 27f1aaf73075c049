; SYSTEM.INI and its converters (VDAG31 Initialization_Information_Services).
;ini [386Enh]
;ini Count = 42
;ini Negative=-7
;ini Empty=
;ini Port=2F8h
;ini Rate=1.256
;ini Yes=TRUE
;ini No=off
;ini Bad=zebra
;ini Line=first
;ini Line=second
;ini [test]
;ini Count=9
;ini Line=third
;ini Name=Some text  
include check.inc
Test_Driver

VxD_LOCKED_DATA_SEG
section db 'TEST', 0
count   db 'count', 0
negative db 'negative', 0
none    db 'absent', 0
empty   db 'empty', 0
port    db 'port', 0
rate    db 'rate', 0
yes     db 'yes', 0
no      db 'no', 0
bad     db 'bad', 0
line    db 'LINE', 0
name_   db 'name', 0
text    db 'Some text', 0
number  db '123x', 0
hexa    db '1Fh,', 0
fixed   db '-2.5;', 0
word_   db 'on', 0
VxD_LOCKED_DATA_ENDS

Ask     macro service, key, default
        xor     esi, esi
        mov     edi, OFFSET32 key
        mov     eax, default
        VMMcall service
endm

Begin_Tests
        Ask     Get_Profile_Decimal_Int, count, 1
        Check   nc, 'not found'
        Check   nz, 'found without a value'
        Check_Eq eax, 42, 'decimal: #EAX'
        Check_Eq esi, 0, 'ESI changed'
        Check_Eq edi, <OFFSET32 count>, 'EDI changed'
        Ask     Get_Profile_Decimal_Int, negative, 1
        Check_Eq eax, -7, 'negative: #EAX'
        Ask     Get_Profile_Decimal_Int, none, 77
        Check   c, 'an absent key was found'
        Check_Eq eax, 77, 'default: #EAX'
        Ask     Get_Profile_Decimal_Int, empty, 78
        Check   nc, 'a key without value was not found'
        Check   z, 'ZF of a key without value'
        Check_Eq eax, 78, 'default of a key without value: #EAX'
        Ask     Get_Profile_Decimal_Int, bad, 79
        Check   c, 'a word is a number'
        Check_Eq eax, 79, 'default of a word: #EAX'
        Ask     Get_Profile_Hex_Int, port, 1
        Check_Eq eax, 2F8h, 'hexadecimal: #EAX'
        mov     ecx, 2
        Ask     Get_Profile_Fixed_Point, rate, 1
        Check_Eq eax, 125, 'fixed point: #EAX'
        Check_Eq ecx, 2, 'ECX changed'
        Ask     Get_Profile_Boolean, yes, 1
        Check_Eq eax, -1, 'true: #EAX'
        Ask     Get_Profile_Boolean, no, 1
        Check_Eq eax, 0, 'false: #EAX'
        Ask     Get_Profile_Boolean, bad, 5
        Check   c, 'a word that is no boolean'
        Check_Eq eax, 5, 'default boolean: #EAX'

        mov     esi, OFFSET32 section
        mov     edi, OFFSET32 count
        mov     eax, 1
        VMMcall Get_Profile_Decimal_Int
        Check_Eq eax, 9, 'in another section: #EAX'
        mov     edi, OFFSET32 name_
        xor     edx, edx
        VMMcall Get_Profile_String
        Check   nc, 'text not found'
        VMMcall _lstrcmpi, <edx, <OFFSET32 text>>
        Check_Eq eax, 0, 'another text'
        mov     edx, OFFSET32 text
        mov     edi, OFFSET32 none
        VMMcall Get_Profile_String
        Check   c, 'an absent text was found'
        Check_Eq edx, <OFFSET32 text>, 'default text'

        xor     esi, esi
        mov     edi, OFFSET32 line
        VMMcall Get_Profile_String
        Check_Eq <byte ptr [edx]>, 'f', 'first line'
        VMMcall Get_Next_Profile_String
        Check   nc, 'no second line'
        Check_Eq <byte ptr [edx]>, 's', 'second line'
        VMMcall Get_Next_Profile_String
        Check   c, 'a third line, of another section'

        mov     edx, OFFSET32 number
        VMMcall Convert_Decimal_String
        Check_Eq eax, 123, 'Convert_Decimal_String: #EAX'
        Check_Eq edx, <OFFSET32 number+3>, 'where the number ends'
        VMMcall Convert_Decimal_String
        Check_Eq eax, 0, 'no number: #EAX'
        Check_Eq edx, <OFFSET32 number+3>, 'EDX moved without a number'
        mov     edx, OFFSET32 hexa
        VMMcall Convert_Hex_String
        Check_Eq eax, 1Fh, 'Convert_Hex_String: #EAX'
        Check_Eq edx, <OFFSET32 hexa+3>, 'the H belongs to the number'
        mov     edx, OFFSET32 fixed
        mov     ecx, 1
        VMMcall Convert_Fixed_Point_String
        Check_Eq eax, -25, 'Convert_Fixed_Point_String: #EAX'
        Check_Eq edx, <OFFSET32 fixed+4>, 'end of the fixed point number'
        mov     edx, OFFSET32 word_
        VMMcall Convert_Boolean_String
        Check   nc, 'Convert_Boolean_String fails'
        Check_Eq eax, -1, 'Convert_Boolean_String: #EAX'
        mov     edx, OFFSET32 bad
        VMMcall Convert_Boolean_String
        Check   c, 'a word is a boolean'
End_Tests
end

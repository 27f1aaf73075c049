; Environment, machine, errors (VDAG31 Initialization_Information_Services, Information_Services, Error_Handling_Services).
include check.inc
Test_Driver

VxD_LOCKED_DATA_SEG
windir  db 'windir', 0
none    db 'NO_SUCH_VARIABLE', 0
value   db 'C:\WINDOWS', 0
file    db 'NONE.TXT', 0
buffer  db 128 dup (0)
VxD_LOCKED_DATA_ENDS

Begin_Tests
        mov     esi, OFFSET32 windir
        VMMcall Get_Environment_String
        Check   nc, 'no WINDIR'
        VMMcall _lstrcmpi, <edx, <OFFSET32 value>>
        Check_Eq eax, 0, 'another WINDIR'
        mov     esi, OFFSET32 none
        mov     edx, 5
        VMMcall Get_Environment_String
        Check   c, 'an absent variable was found'
        Check_Eq edx, 5, 'EDX of an absent variable'
        VMMcall Get_Exec_Path
        Check_Eq <byte ptr [edx+ecx-1]>, '\', 'the length does not end at a backslash'
        VMMcall Get_Config_Directory
        VMMcall _lstrlen, <edx>
        Check_Eq eax, 11, 'length of the configuration directory: #EAX'
        VMMcall Get_PSP_Segment
        Check_Ne eax, 0, 'no PSP'
        mov     edx, OFFSET32 file
        mov     edi, OFFSET32 buffer
        VMMcall OpenFile
        Check   c, 'a file was found'
        VMMcall Get_Machine_Info
        Check_Eq ax, 700h, 'DOS version: #EAX'
        Check_Eq bl, 0FCh, 'model byte: #EBX'
        test    ebx, GMIF_80486
        Check   nz, 'not a 486 or later'
        VMMcall Get_VMM_Version
        Check   nc, 'no VMM'
        Check_Eq ah, 4, 'major version: #EAX'

        VMMcall Get_Cur_VM_Handle
        xor     ecx, ecx
        VMMcall GetSetDetailedVMError
        Check   z, 'there is an error'
        mov     ecx, 1
        mov     eax, GSDVME_DevNuke
        mov     edx, 99
        VMMcall GetSetDetailedVMError
        xor     ecx, ecx
        xor     eax, eax
        VMMcall GetSetDetailedVMError
        Check   nz, 'the error is forgotten'
        Check_Eq eax, GSDVME_DevNuke, 'another error: #EAX'
        Check_Eq edx, 99, 'reference data: #EDX'
;! dead-handle
        mov     ebx, 12345h
        VMMcall GetSetDetailedVMError
        mov     al, 3
        VMMcall Set_System_Exit_Code
End_Tests
end

; IFSMgr in a machine without drive C:. Files: tests/devices/files.asm.
include check.inc
include ifsmgr.inc
include ifs.inc

Test_Driver

VxD_LOCKED_DATA_SEG
file    db      'C:\A.TXT', 0
bytes   db      16 dup (0)
VxD_LOCKED_DATA_ENDS

Begin_Tests
        mov     ebx, 11110001h
        VxDcall IFSMgr_Get_Version
        Check   nc, 'CF of the version'
        Check_Eq eax, 400h, 'version #EAX'
        Check_Eq ebx, 11110001h, 'EBX of the version: #EBX'

        mov     eax, R0_OPENCREATFILE
        xor     ebx, ebx
        xor     ecx, ecx
        mov     edx, 1
        mov     esi, OFFSET32 file
        VxDcall IFSMgr_Ring0_FileIO
        Check   c, 'a file without a drive'
        Check_Eq ax, 15, 'error of opening: #AX'
        Check_Eq esi, <OFFSET32 file>, 'ESI of opening: #ESI'

        mov     eax, R0_READFILE
        mov     ebx, 1234h
        mov     ecx, 16
        xor     edx, edx
        mov     esi, OFFSET32 bytes
        VxDcall IFSMgr_Ring0_FileIO
        Check   c, 'reading what is not open'
        Check_Eq ax, 6, 'error of reading: #AX'
        Check_Eq ebx, 1234h, 'EBX of reading: #EBX'
        mov     eax, R0_WRITEFILE
        VxDcall IFSMgr_Ring0_FileIO
        Check   c, 'writing what is not open'
        Check_Eq ax, 6, 'error of writing: #AX'
        mov     eax, R0_GETFILESIZE
        VxDcall IFSMgr_Ring0_FileIO
        Check   c, 'the size of what is not open'
        Check_Eq ax, 6, 'error of the size: #AX'
        mov     eax, R0_CLOSEFILE
        VxDcall IFSMgr_Ring0_FileIO
        Check   c, 'closing what is not open'
        Check_Eq ax, 6, 'error of closing: #AX'
End_Tests
end

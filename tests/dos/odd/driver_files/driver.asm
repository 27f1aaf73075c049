; A driver that calls DOS with flat pointers by VxDInt (Win95 DDK S3301), at Device_Init and in the middle of a program: files
; with long reads and writes, texts, names; nothing of the client changes.
        include odd.inc
Declare_Virtual_Device ODD, 1, 0, ODD_Control, 7F02h, Undefined_Init_Order, ODD_API
Begin_Control_Dispatch ODD
Control_Dispatch Device_Init, ODD_Device_Init
End_Control_Dispatch ODD

LONG_   equ 5000
VxD_LOCKED_DATA_SEG
path    db 'ODD.DAT', 0
path2   db 'ODD2.DAT', 0
hello   db 'hello$'
curdir     db 64 dup (0)
before  db SIZE Client_Reg_Struc dup (0)
data    db LONG_ dup (0)
back    db LONG_ + 4 dup (0)
handle  dd 0
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
BeginProc ODD_Device_Init
        call    Files
        clc
        ret
EndProc ODD_Device_Init

BeginProc ODD_API
        call    Files
        ret
EndProc ODD_API

BeginProc Files
        pushad
        VMMcall Get_Cur_VM_Handle
        mov     esi, [ebx.CB_Client_Pointer]
        mov     edi, OFFSET32 before
        mov     ecx, SIZE Client_Reg_Struc
        cld
        rep movsb
        mov     edi, OFFSET32 data
        mov     ecx, LONG_
        xor     eax, eax
fill:   imul    eax, 13
        add     eax, 7
        stosb
        loop    fill

        mov     edx, OFFSET32 path
        xor     ecx, ecx
        mov     eax, 3C00h
        VxDInt  21h
        Check   nc, 'create: #AX'
        Check_Eq edx, <OFFSET32 path>, 'EDX after a function'
        movzx   eax, ax
        mov     [handle], eax
        mov     ebx, eax
        mov     ecx, LONG_
        mov     edx, OFFSET32 data
        mov     eax, 4000h
        VxDInt  21h
        Check   nc, 'write: #AX'
        Check_Eq eax, LONG_, 'bytes written: #EAX'
        Check_Eq ecx, LONG_, 'ECX after writing'
        Check_Eq ebx, [handle], 'EBX after writing'
        mov     eax, 3E00h
        VxDInt  21h
        Check   nc, 'close'
        mov     edx, OFFSET32 path
        mov     eax, 3D00h
        VxDInt  21h
        Check   nc, 'open: #AX'
        movzx   ebx, ax
        mov     byte ptr [back+LONG_], 55h
        mov     edx, OFFSET32 back
        mov     ecx, LONG_ + 100
        mov     eax, 3F00h
        VxDInt  21h
        Check   nc, 'read: #AX'
        Check_Eq eax, LONG_, 'bytes read: #EAX'
        Check_Eq <byte ptr [back+LONG_]>, 55h, 'more was written than read'
        mov     eax, 3E00h
        VxDInt  21h
        mov     esi, OFFSET32 data
        mov     edi, OFFSET32 back
        mov     ecx, LONG_
        repe cmpsb
        Check   e, 'what was read'
        mov     edx, OFFSET32 path
        mov     edi, OFFSET32 path2
        mov     eax, 5600h
        VxDInt  21h
        Check   nc, 'rename'
        Check_Eq edi, <OFFSET32 path2>, 'EDI after a function'
        mov     edx, OFFSET32 path
        mov     eax, 3D00h
        VxDInt  21h
        Check   c, 'the old name is still there'
        Check_Eq ax, 2, 'error: #AX'
        mov     edx, OFFSET32 path2
        mov     eax, 4100h
        VxDInt  21h
        Check   nc, 'delete'
        mov     byte ptr [curdir], 'x'
        mov     esi, OFFSET32 curdir
        xor     edx, edx
        mov     eax, 4700h
        VxDInt  21h
        Check   nc, 'current directory'
        Check_Eq <byte ptr [curdir]>, 0, 'its name'
        mov     edx, OFFSET32 hello
        mov     eax, 900h
        VxDInt  21h
        VMMcall Get_Cur_VM_Handle
        mov     esi, [ebx.CB_Client_Pointer]
        mov     edi, OFFSET32 before
        mov     ecx, SIZE Client_Reg_Struc
        repe cmpsb
        Check   e, 'the client has changed'
        popad
        ret
EndProc Files
VxD_LOCKED_CODE_ENDS
        end

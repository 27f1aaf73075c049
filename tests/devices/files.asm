; A driver that works with files of drive C: as ring 0 does.
        .386p
        include vmm.inc
        include ifsmgr.inc
        include ifs.inc
        include print.inc

Declare_Virtual_Device FILES, 1, 0, FILES_Control, Undefined_Device_ID, Undefined_Init_Order

VxD_LOCKED_DATA_SEG
old     db      'C:\OLD.TXT', 0
new     db      'C:\NEW.TXT', 0
text    db      'abcdef'
buffer  db      32 dup (0)
all     db      'C:\*.TXT', 0
root    db      'C:\', 0
VxD_LOCKED_DATA_ENDS

; Open name, mode, action: EBX = handle.
Open    MACRO   name, mode, action
        mov     eax, R0_OPENCREATFILE
        mov     ebx, mode
        mov     ecx, 0
        mov     edx, action
        mov     esi, OFFSET32 name
        VxDCall IFSMgr_Ring0_FileIO
        mov     ebx, eax
        ENDM

; Move function, bytes, position, buffer
Move    MACRO   function, count, position, where
        mov     eax, function
        mov     ecx, count
        mov     edx, position
        mov     esi, OFFSET32 where
        VxDCall IFSMgr_Ring0_FileIO
        ENDM

File    MACRO   function
        mov     eax, function
        VxDCall IFSMgr_Ring0_FileIO
        ENDM

VxD_LOCKED_CODE_SEG
Begin_Control_Dispatch FILES
        Control_Dispatch Init_Complete, FILES_Init_Complete
End_Control_Dispatch FILES

BeginProc FILES_Init_Complete
        Open    new, 2, 1
        PrintCarry "absent: #AX"
        Open    all, 2, 12h
        PrintCarry "many: #AX"
        Open    root, 2, 12h
        PrintCarry "the root: #AX"
        Open    new, 3, 12h
        PrintCarry "bad mode: #AX"
        Open    new, 2, 12h
        PrintCarry "made: #ECX"
        Move    R0_WRITEFILE, 6, 0, text
        PrintCarry "written: #ECX"
        Move    R0_WRITEFILE, 2, 6, text
        PrintCarry "more: #ECX"
        Move    R0_READFILE, 32, 3, buffer
        PrintCarry "read: #ECX"
        PrintText buffer
        Move    R0_READFILE, 32, 100, buffer
        PrintCarry "behind the end: #ECX"
        File    R0_GETFILESIZE
        PrintCarry "size: #EAX"
        File    R0_CLOSEFILE
        PrintCarry "closed"
        File    R0_CLOSEFILE
        PrintCarry "closed again: #AX"
        Open    new, 0, 10h
        PrintCarry "there already: #AX"
        Open    new, 0, 1
        PrintCarry "opened: #ECX"
        Move    R0_WRITEFILE, 6, 0, text
        PrintCarry "write to read only: #AX"
        File    R0_CLOSEFILE
        mov     edx, OFFSET32 old
        mov     esi, OFFSET32 new
        File    R0_RENAMEFILE
        PrintCarry "renamed"
        mov     esi, OFFSET32 old
        mov     ecx, 1
        File    <R0_FILEATTRIBUTES + 1>
        PrintCarry "set"
        mov     esi, OFFSET32 old
        mov     ecx, 0
        File    R0_FILEATTRIBUTES
        PrintCarry "attributes: #CX"
        Open    old, 1, 2
        PrintCarry "not to be written: #AX"
        mov     esi, OFFSET32 old
        mov     ecx, 0
        File    <R0_FILEATTRIBUTES + 1>
        Open    old, 1, 2
        PrintCarry "emptied: #ECX"
        Move    R0_READFILE, 6, 0, buffer
        PrintCarry "read of write only: #AX"
        File    R0_GETFILESIZE
        PrintCarry "size: #EAX"
        File    R0_CLOSEFILE
        mov     esi, OFFSET32 old
        File    R0_DELETEFILE
        PrintCarry "deleted"
        mov     esi, OFFSET32 old
        File    R0_DELETEFILE
        PrintCarry "deleted again: #AX"
        clc
        ret
EndProc FILES_Init_Complete
VxD_LOCKED_CODE_ENDS
        END

; Calls services of a device known by its name, and of one that is not there.
        .386p
        include vmm.inc
        include debug.inc
        include named.inc
Declare_Virtual_Device CALLER, 1, 0, CALLER_Control, Undefined_Device_ID, Undefined_Init_Order
Begin_Control_Dispatch CALLER
        Control_Dispatch Init_Complete, CALLER_Start
End_Control_Dispatch CALLER
VxD_LOCKED_DATA_SEG
Format  db "version %x, difference %d, kept %x, absent %x", 13, 10, 0
VxD_LOCKED_DATA_ENDS
VxD_LOCKED_CODE_SEG
BeginProc CALLER_Start
        VxDCall NAMED_Get_Version
        push    eax
        VxDCall NAMED_Difference, <50, 8>
        push    eax
        mov     eax, 1
        mov     ecx, 2
        mov     edx, 4
        mov     esi, 8
        mov     edi, 10h
        call    Keep
        setc    ah
        add     eax, ecx
        add     eax, edx
        add     eax, esi
        add     eax, edi
        push    eax
        mov     eax, -1
        VxDCall NOBODY_Get_Version
        sbb     ecx, ecx
        lea     eax, [eax+ecx]
        push    eax
        mov     ecx, esp
        push    DWORD PTR [ecx]
        push    DWORD PTR [ecx+4]
        push    DWORD PTR [ecx+8]
        push    DWORD PTR [ecx+12]
        mov     ecx, esp
        VMMCall _Debug_Printf_Service, <OFFSET32 Format, ecx>
        add     esp, 32
        clc
        ret
EndProc CALLER_Start
BeginProc Keep, NO_LOG
        stc
        VxDJmp  NAMED_Keep
EndProc Keep
VxD_LOCKED_CODE_ENDS
        end

        page 58,132
        name PROVIDE
        title Services of every kind
        .386p
Create_PROVIDE_Service_Table = 1
        include vmm.inc
        include debug.inc
        include provide.inc

Declare_Virtual_Device PROVIDE, 2, 1, PROVIDE_Control, PROVIDE_Device_ID, Undefined_Init_Order,,,7

VxD_DATA_SEG
List    dd 0
VxD_DATA_ENDS
VxD_DATA_SEG NO_ALIGN
Count   db 0
VxD_DATA_ENDS

VxD_CODE_SEG
Begin_Control_Dispatch PROVIDE
    Control_Dispatch Device_Init, PROVIDE_Init
End_Control_Dispatch PROVIDE

BeginProc PROVIDE_Get_Version, SERVICE
        mov ax, 201h
        clc
        ret
EndProc PROVIDE_Get_Version

BeginProc PROVIDE_Register, SERVICE, HIGH_FREQ
        pushfd
        cli
        push ecx
        mov ecx, List
        mov [esi], ecx
        mov List, esi
        inc Count
        pop ecx
        popfd
        ret
EndProc PROVIDE_Register

BeginProc PROVIDE_Notify, ASYNC_SERVICE, NO_PROFILE
        mov esi, List
Next:   or esi, esi
        jz short Done
        push esi
        call dword ptr [esi+4]
        pop esi
        mov esi, [esi]
        jmp Next
Done:   ret
EndProc PROVIDE_Notify

BeginProc PROVIDE_Sum, SERVICE, SCALL, ESP
        ArgVar a1, DWORD
        ArgVar a2, DWORD
        ArgVar a3, 2
        LocalVar saved, DWORD
        EnterProc
        SaveReg <ebx, fd>
        mov eax, a1
        add eax, a2
        movzx ebx, a3
        add eax, ebx
        mov saved, eax
        RestoreReg <fd, ebx>
        LeaveProc PRESERVE_FLAGS
        Return
EndProc PROVIDE_Sum

BeginProc PROVIDE_Mix, FASTCALL, SERVICE
        ArgVar one, DWORD
        ArgVar two, DWORD
        ArgVar three, DWORD
        EnterProc
        mov eax, one
        sub eax, two
        add eax, three
        LeaveProc
        Return
EndProc PROVIDE_Mix

        ifdef DEBUG
BeginProc PROVIDE_Test, SERVICE, NO_TEST_CLD, TEST_BLOCK, NOT_SWAPPING
        ret
EndProc PROVIDE_Test
        endif
VxD_CODE_ENDS

VxD_ICODE_SEG
BeginProc PROVIDE_Init
        VxDCall PROVIDE_Get_Version
        VxDCall PROVIDE_Sum, <1, 2, 3>
        mov ecx, 10
        mov edx, 4
        VxDCall PROVIDE_Mix, <1>
        GetVxDServiceOrdinal eax, PROVIDE_Notify
        Debug_Printf "services %d\n", <eax>
        clc
        ret
EndProc PROVIDE_Init
VxD_ICODE_ENDS
        end

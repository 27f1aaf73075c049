; Calls the services of provider.asm, one through the address in the service table, too.
        .386p
        include vmm.inc
        include provider.inc
Declare_Virtual_Device USER, 1, 0, USER_Control, Undefined_Device_ID, Undefined_Init_Order
Begin_Control_Dispatch USER
        Control_Dispatch Device_Init, USER_Init
End_Control_Dispatch USER
VxD_LOCKED_DATA_SEG
Text db "version #AX double #EBX sum #ECX diff #EDX addr #ESI",13,10,0
VxD_LOCKED_DATA_ENDS
BeginProc USER_Init, INIT
        GetVxDServiceAddress esi, MYDEV_Double
        push esi
        mov eax, 21
        VxDCall MYDEV_Double
        mov ebx, eax
        VxDCall MYDEV_Sum, <40, 2>
        mov ecx, eax
        push ecx
        VxDCall _MYDEV_Diff, <50, 8>
        mov edx, eax
        pop ecx
        VxDCall MYDEV_Get_Version
        pushfd
        pushad
        mov esi, OFFSET32 Text
        VMMCall Out_Debug_String
        popad
        popfd
        pop esi
        call esi
        clc
        ret
EndProc USER_Init
        END

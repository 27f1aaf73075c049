; A hot key: Ctrl+F5 (scan code 3Fh), on press and release.
        .386p
        include vmm.inc
        include vkd.inc
        include print.inc

Declare_Virtual_Device HOTKEY, 1, 0, HOTKEY_Control, Undefined_Device_ID, Undefined_Init_Order

VxD_LOCKED_CODE_SEG

Begin_Control_Dispatch HOTKEY
        Control_Dispatch Init_Complete, HOTKEY_Init_Complete
End_Control_Dispatch HOTKEY

BeginProc Pressed
        pushad
        and     [esp.Pushad_EAX], 0FFFFh
        popad
        Print   "hot key #EAX ref #EDX"
        ret
EndProc Pressed

BeginProc HOTKEY_Init_Complete
        mov     eax, 3Fh
        ShiftState <NOT SS_Ctrl>, SS_Ctrl ; nothing else is looked at
        mov     cl, CallOnUpDwn
        mov     esi, OFFSET32 Pressed
        mov     edx, 11h
        xor     edi, edi
        VxDCall VKD_Define_Hot_Key
        PrintCarry "define"
        VxDCall VKD_Get_Kbd_Owner
        VMMCall Test_Sys_VM_Handle
        jz      ok
        Print   "wrong owner"
ok:
        clc
        ret
EndProc HOTKEY_Init_Complete

VxD_LOCKED_CODE_ENDS
        END

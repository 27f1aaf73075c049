; A dynamic driver that unloads itself from a time-out, by its name.
        .386p
        include vmm.inc
        include vxdldr.inc
        include print.inc

Declare_Virtual_Device LEAVER, 1, 0, LEAVER_Control, Undefined_Device_ID, Undefined_Init_Order

VxD_LOCKED_DATA_SEG
Module  db      "LEAVER", 0
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
Begin_Control_Dispatch LEAVER
        Control_Dispatch Sys_Dynamic_Device_Init, LEAVER_Init
        Control_Dispatch Sys_Dynamic_Device_Exit, LEAVER_Exit
End_Control_Dispatch LEAVER

BeginProc LEAVER_Init
        Print   "leaver comes"
        mov     eax, 50
        mov     esi, OFFSET32 Leave_Now
        VMMCall Set_Global_Time_Out
        clc
        ret
EndProc LEAVER_Init

BeginProc LEAVER_Exit
        Print   "leaver exits"
        clc
        ret
EndProc LEAVER_Exit

BeginProc Leave_Now
        xor     ebx, ebx
        mov     edx, OFFSET32 Module
        VxDCall VXDLDR_UnloadMe
        PrintCarry "leaver leaves"
        ret
EndProc Leave_Now
VxD_LOCKED_CODE_ENDS
        END

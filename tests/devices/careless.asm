; A dynamic driver that gives nothing back when it is unloaded.
        .386p
        include vmm.inc
        include vpicd.inc
        include vkd.inc
        include vmd.inc
        include minivdd.inc
        include print.inc

Declare_Virtual_Device CARELESS, 1, 0, CARELESS_Control, Undefined_Device_ID, Undefined_Init_Order

VxD_LOCKED_DATA_SEG
Cursor  CursorProcInfo <OFFSET32 Procedure>
Descriptor VPICD_IRQ_Descriptor <11, 0, OFFSET32 Procedure>
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG

Begin_Control_Dispatch CARELESS
        Control_Dispatch Sys_Dynamic_Device_Init, CARELESS_Init
        Control_Dispatch Sys_Dynamic_Device_Exit, CARELESS_Exit
End_Control_Dispatch CARELESS

BeginProc Procedure
        clc
        ret
EndProc Procedure

BeginProc CARELESS_Init
        mov     edi, OFFSET32 Descriptor
        VxDCall VPICD_Virtualize_IRQ
        mov     eax, 3Fh
        xor     ebx, ebx
        mov     cl, CallOnPress
        mov     esi, OFFSET32 Procedure
        VxDCall VKD_Define_Hot_Key
        VxDCall VDD_Get_Mini_Dispatch_Table
        mov     dword ptr [edi], OFFSET32 Procedure
        mov     edx, 3CCh
        mov     ecx, OFFSET32 Procedure
        VxDCall VDD_Takeover_VGA_Port
        mov     eax, OFFSET32 Cursor
        VxDCall VMD_Set_Cursor_Proc
        clc
        ret
EndProc CARELESS_Init

BeginProc CARELESS_Exit
        clc
        ret
EndProc CARELESS_Exit

VxD_LOCKED_CODE_ENDS
        END

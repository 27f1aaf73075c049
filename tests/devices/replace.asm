; A driver with the id of a virtual device that is there already: it takes its place.
        .386p
        include vmm.inc
        include vmd.inc
        include print.inc

Declare_Virtual_Device MYMOUSE, 5, 1, MYMOUSE_Control, VMD_Device_ID, VMD_Init_Order

VxD_LOCKED_DATA_SEG
Table   dd      OFFSET32 My_Version
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
Begin_Control_Dispatch MYMOUSE
        Control_Dispatch Device_Init, MYMOUSE_Device_Init
End_Control_Dispatch MYMOUSE

BeginProc My_Version
        mov     eax, 501h
        clc
        ret
EndProc My_Version

BeginProc MYMOUSE_Device_Init
        mov     eax, VMD_Device_ID
        xor     edi, edi
        VMMCall Get_DDB
        mov     [ecx.DDB_Service_Table_Ptr], OFFSET32 Table
        mov     [ecx.DDB_Service_Table_Size], 1
        VxDCall VMD_Get_Version
        Print   "version #AX"
        clc
        ret
EndProc MYMOUSE_Device_Init
VxD_LOCKED_CODE_ENDS
        END

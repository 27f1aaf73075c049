; Two block devices share the disks' interrupt, IRQ 14 (VDAG31 FastDisk_Device): the first declines, the second ends its
; command. Line 14 is raised from outside.
        .386p
        include vmm.inc
        include vpicd.inc
        include blockdev.inc
        include print.inc

Declare_Virtual_Device DISKIRQ, 1, 0, DISKIRQ_Control, Undefined_Device_ID, Undefined_Init_Order

VxD_LOCKED_DATA_SEG
First   BlockDev_Device_Descriptor <>
Quiet   BlockDev_Device_Descriptor <>   ; has no interrupt procedure
Second  BlockDev_Device_Descriptor <>
Bcb     BlockDev_Command_Block <>
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG

Begin_Control_Dispatch DISKIRQ
        Control_Dispatch Device_Init, DISKIRQ_Device_Init
End_Control_Dispatch DISKIRQ

BeginProc First_Int
        sub     edi, OFFSET32 First
        Print   "first EDI=#EDI"
        stc
        ret
EndProc First_Int

BeginProc Second_Int
        VxDCall VPICD_Phys_EOI
        sub     edi, OFFSET32 Second
        Print   "second EDI=#EDI"
        mov     edi, OFFSET32 Second
        mov     esi, OFFSET32 Bcb
        mov     [esi.BD_CB_Cmd_Status], BDS_Success
        VxDCall BlockDev_Command_Complete
        clc
        ret
EndProc Second_Int

BeginProc Complete
        movzx   eax, [esi.BD_CB_Cmd_Status]
        Print   "complete #EAX"
        ret
EndProc Complete

BeginProc Start
        Print   "to the device"
        ret
EndProc Start

BeginProc DISKIRQ_Device_Init
        mov     edi, OFFSET32 First
        mov     [edi.BDD_Hw_Int_Proc], OFFSET32 First_Int
        VxDCall BlockDev_Register_Device
        mov     edi, OFFSET32 Quiet
        VxDCall BlockDev_Register_Device
        mov     edi, OFFSET32 Second
        mov     [edi.BDD_Flags], BDF_Serial_Cmd
        mov     dword ptr [edi.BDD_Max_Sector], 9
        mov     [edi.BDD_Command_Proc], OFFSET32 Start
        mov     [edi.BDD_Hw_Int_Proc], OFFSET32 Second_Int
        VxDCall BlockDev_Register_Device
        mov     esi, OFFSET32 Bcb
        mov     [esi.BD_CB_Command], BDC_Read
        mov     [esi.BD_CB_Count], 1
        mov     [esi.BD_CB_Cmd_Cplt_Proc], OFFSET32 Complete
        VxDCall BlockDev_Send_Command
        clc
        ret
EndProc DISKIRQ_Device_Init

VxD_LOCKED_CODE_ENDS
        end

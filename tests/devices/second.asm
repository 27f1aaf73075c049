; An interrupt into a second virtual machine, which has controllers and masks of its own.
        .386p
        include vmm.inc
        include vpicd.inc
        include print.inc

Declare_Virtual_Device SECOND, 1, 0, SECOND_Control, Undefined_Device_ID, Undefined_Init_Order

VxD_LOCKED_DATA_SEG
Descriptor VPICD_IRQ_Descriptor <5, 0, OFFSET32 Hw_Int, OFFSET32 Virt_Int, OFFSET32 Eoi, OFFSET32 Mask_Change, OFFSET32 Iret_Proc, 500>
Irq_Handle dd   0
hVM     dd      0
; +0 unmask IRQ 5; +10h handler: EOI
V86_Code db     50h, 0E4h, 21h, 24h, 0DFh, 0E6h, 21h, 58h, 0CFh, 7 dup (90h)
         db     50h, 0B0h, 20h, 0E6h, 20h, 58h, 0CFh
VxD_LOCKED_DATA_ENDS

; Print text with " (second VM)" or " (system VM)" by EBX.
PrintVM MACRO text
        LOCAL system, done
        pushfd
        cmp     ebx, [hVM]
        jne     system
        Print   <text, " (second VM)">
        jmp     done
system:
        Print   <text, " (system VM)">
done:
        popfd
        ENDM

VxD_LOCKED_CODE_SEG

Begin_Control_Dispatch SECOND
        Control_Dispatch Device_Init, SECOND_Device_Init
        Control_Dispatch Sys_VM_Init, SECOND_Sys_VM_Init
End_Control_Dispatch SECOND

BeginProc Hw_Int
        stc
        ret
EndProc Hw_Int

BeginProc Virt_Int
        PrintVM "Virt_Int"
        ret
EndProc Virt_Int

BeginProc Eoi
        PrintVM "EOI"
        VxDCall VPICD_Clear_Int_Request
        ret
EndProc Eoi

BeginProc Mask_Change
        PrintVM "mask #ECX"
        ret
EndProc Mask_Change

BeginProc Iret_Proc
        PrintVM "IRET"
        ret
EndProc Iret_Proc

BeginProc SECOND_Device_Init
        mov     edi, OFFSET32 Descriptor
        VxDCall VPICD_Virtualize_IRQ
        mov     [Irq_Handle], eax
        clc
        ret
EndProc SECOND_Device_Init

BeginProc In_Second_VM
        Push_Client_State
        VMMCall Begin_Nest_Exec
        mov     eax, 60h
        VMMCall Exec_Int
        VMMCall End_Nest_Exec
        Pop_Client_State
        mov     eax, [Irq_Handle]
        mov     ebx, [hVM]
        VxDCall VPICD_Set_Int_Request
        VMMCall Get_Sys_VM_Handle
        VxDCall VPICD_Get_Complete_Status
        Print   "system VM's status #ECX"
        mov     ebx, [hVM]
        VMMCall Enable_VM_Ints
        ret
EndProc In_Second_VM

BeginProc Make_VM
        mov     eax, Create_VM
        VMMCall System_Control
        PrintCarry "create"
        jc      done
        mov     [hVM], ebx
        mov     edx, [ebx.CB_High_Linear]
        mov     esi, OFFSET32 V86_Code
        lea     edi, [edx + 700h]
        mov     ecx, 17h
        cld
        rep movsb
        mov     DWORD PTR [edx + 60h * 4], 00700000h
        mov     DWORD PTR [edx + 0Dh * 4], 00700010h
        mov     esi, OFFSET32 In_Second_VM
        VMMCall Schedule_VM_Event
done:
        ret
EndProc Make_VM

BeginProc SECOND_Sys_VM_Init
        mov     esi, OFFSET32 Make_VM
        VMMCall Schedule_Global_Event
        clc
        ret
EndProc SECOND_Sys_VM_Init

VxD_LOCKED_CODE_ENDS
        END

; A port driver of the devices in modems.hw: VCOMM loads it when one of them is opened.
        .386p
        include vmm.inc
        include vcomm.inc
        include print.inc

Declare_Virtual_Device COMPORT, 1, 0, COMPORT_Control, Undefined_Device_ID, Undefined_Init_Order

VxD_LOCKED_DATA_SEG
Port_Info _PortData <>
Modem_Info _PortData <>
Functions _PortFunctions <>
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG

Begin_Control_Dispatch COMPORT
        Control_Dispatch Sys_Dynamic_Device_Init, Dynamic_Init
        Control_Dispatch Sys_Dynamic_Device_Exit, Dynamic_Exit
End_Control_Dispatch COMPORT

BeginProc Dynamic_Init
        Print   "loaded"
        VxDCall _VCOMM_Register_Port_Driver, <<OFFSET32 Driver_Control>>
        Print   "registered: #AL"
        clc
        ret
EndProc Dynamic_Init

BeginProc Dynamic_Exit
        Print   "unloaded"
        clc
        ret
EndProc Dynamic_Exit

; (function, device node, reference data, name, I/O base, IRQ)
BeginProc Driver_Control
        push    ebx
        push    esi
        push    edi
        mov     ebx, [esp + 16 + 4 * 3]
        mov     ecx, [esp + 16 + 4 * 4]
        mov     edx, [esp + 16 + 4 * 5]
        mov     esi, ebx
        VMMCall Out_Debug_String
        Print   " at #CX, IRQ #DL"
        mov     eax, [esp + 16 + 4 * 2]
        VxDCall _VCOMM_Add_Port, <eax, <OFFSET32 Port_Open>, ebx>
        pop     edi
        pop     esi
        pop     ebx
        ret
EndProc Driver_Control

; (name, VM, address of an error)
BeginProc Port_Open
        push    ebx
        push    esi
        push    edi
        mov     ebx, [esp + 16]
        mov     esi, ebx
        VMMCall Out_Debug_String
        Print   " is opened"
        cmp     byte ptr [ebx + 3], '5' ; COM5 is not there
        jne     @f
        mov     ecx, [esp + 16 + 4 * 2]
        mov     dword ptr [ecx], IE_HARDWARE
        xor     eax, eax
        jmp     done
@@:     mov     eax, OFFSET32 Port_Info
        cmp     byte ptr [ebx], 'A'
        jne     @f
        mov     eax, OFFSET32 Modem_Info
@@:
        mov     [eax.PDLength], SIZE _PortData
        mov     [eax.PDfunctions], OFFSET32 Functions
        mov     [Functions.pPortClose], OFFSET32 Port_Close
done:   pop     edi
        pop     esi
        pop     ebx
        ret
EndProc Port_Open

BeginProc Port_Close
        mov     eax, 1
        ret
EndProc Port_Close

VxD_LOCKED_CODE_ENDS
        end

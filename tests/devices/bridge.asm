; The driver of the cards in bridge.hw: a PCI card with memory and an interrupt line that others may use too.
        .386p
        include vmm.inc
        include vpicd.inc
        include configmg.inc
        include print.inc

Declare_Virtual_Device BRIDGE, 1, 0, BRIDGE_Control, Undefined_Device_ID, Undefined_Init_Order

Card    STRUC
Card_Node       dd      ?               ; device node
Card_Base       dd      ?               ; linear address of its registers
Card_Irq        dd      ?               ; handle
Card_Count      dd      ?               ; interrupts
Card    ENDS

CARD_ID         EQU     0               ; registers
CARD_COMMAND    EQU     4
CARD_STATE      EQU     8

VxD_LOCKED_DATA_SEG
Config  CMCONFIG <>
Irqs    VPICD_IRQ_Descriptor <0, VPICD_OPT_CAN_SHARE OR VPICD_OPT_REF_DATA, OFFSET32 Hw_Int>
Cards   Card    <>, <>
Count   dd      0
Parent  dd      0
Bus     dd      0
Size_   dd      0
Info    dd      0, 0
Text    db      200 dup (0)
VxD_LOCKED_DATA_ENDS

; A dword of the configuration space at bus, device and function 0; in EAX.
Config_Read MACRO bus, device, register
        mov     eax, 80000000h OR (bus SHL 16) OR (device SHL 11) OR register
        mov     edx, 0CF8h
        out     dx, eax
        mov     edx, 0CFCh
        in      eax, dx
        ENDM

Config_Write MACRO bus, device, register, value
        mov     eax, 80000000h OR (bus SHL 16) OR (device SHL 11) OR register
        mov     edx, 0CF8h
        out     dx, eax
        mov     edx, 0CFCh
        mov     eax, value
        out     dx, eax
        ENDM

VxD_LOCKED_CODE_SEG

Begin_Control_Dispatch BRIDGE
        Control_Dispatch Sys_Dynamic_Device_Init, Dynamic_Init
        Control_Dispatch PNP_New_Devnode, New_Devnode
End_Control_Dispatch BRIDGE

BeginProc Dynamic_Init
        clc
        ret
EndProc Dynamic_Init

; EBX = device node, EDX = why
BeginProc New_Devnode
        cmp     edx, DLVXD_LOAD_DEVLOADER
        jne     SHORT not_mine
        mov     ecx, [Count]
        shl     ecx, 4
        add     ecx, OFFSET32 Cards
        mov     [ecx.Card_Node], ebx
        inc     [Count]
        VxDCall _CONFIGMG_Register_Device_Driver, <ebx, OFFSET32 Handler, ecx, CM_REGISTER_DEVICE_DRIVER_REMOVABLE>
        clc
        ret
not_mine:
        mov     eax, CR_DEFAULT
        clc
        ret
EndProc New_Devnode

; (function, subfunction, devnode, reference: its card, flags)
BeginProc Handler
        push    ebx
        mov     ebx, [esp+20]
        mov     eax, CR_DEFAULT
        cmp     dword ptr [esp+8], CONFIG_START
        jne     SHORT no_start
        call    Start
no_start:
        pop     ebx
        ret
EndProc Handler

; EBX = card. EAX = CR_*.
BeginProc Start
        push    esi
        push    edi
        VxDCall _CONFIGMG_Get_Alloc_Log_Conf, <OFFSET32 Config, [ebx.Card_Node], CM_GET_ALLOC_LOG_CONF_ALLOC>
        test    eax, eax
        jnz     failed
        mov     ecx, [Config.dMemBase]
        mov     edx, [Config.dMemLength]
        movzx   eax, [Config.bIRQRegisters]
        Print   "card at #ECX, bytes #EDX, line #AL"
        VMMCall _MapPhysToLinear, <[Config.dMemBase], [Config.dMemLength], 0>
        mov     [ebx.Card_Base], eax
        mov     ecx, [eax+CARD_ID]
        Print   "identity #ECX"
        VxDCall _CONFIGMG_Get_Parent, <OFFSET32 Parent, [ebx.Card_Node], 0>
        VxDCall _CONFIGMG_Get_Device_ID, <[Parent], OFFSET32 Text, 200, 0>
        PrintText Text
        mov     [Size_], 8
        VxDCall _CONFIGMG_Get_Bus_Info, <[ebx.Card_Node], OFFSET32 Bus, OFFSET32 Size_, OFFSET32 Info, 0>
        mov     ecx, [Bus]
        mov     edx, [Info]
        Print   "result #EAX, bus #ECX, place #EDX"
        VxDCall _CONFIGMG_Call_Enumerator_Function, <[ebx.Card_Node], 0, 3Ch, OFFSET32 Info, 4, 0>
        mov     ecx, [Info]
        Print   "result #EAX, interrupt #ECX"
        movzx   eax, [Config.bIRQRegisters]
        mov     [Irqs.VID_IRQ_Number], ax
        mov     [Irqs.VID_Hw_Int_Ref], ebx
        mov     edi, OFFSET32 Irqs
        VxDCall VPICD_Virtualize_IRQ
        mov     [ebx.Card_Irq], eax
        mov     eax, CR_FAILURE
        jc      failed
        mov     eax, [ebx.Card_Irq]
        VxDCall VPICD_Physically_Unmask
        cmp     [Count], 2
        jne     SHORT started
        cmp     [Cards.Card_Base], 0
        je      SHORT started
        cmp     [Cards.Card_Base + SIZE Card], 0
        je      SHORT started
        call    Both
started:
        mov     eax, CR_SUCCESS
failed: pop     edi
        pop     esi
        ret
EndProc Start

; Both run: the bridge as its registers tell, then closed and open again; the cards are sent off.
BeginProc Both
        push    ebx
        Config_Read 0, 1, 0Ch
        Print   "header #EAX"
        Config_Read 0, 1, 18h
        Print   "buses #EAX"
        Config_Read 0, 1, 20h
        Print   "memory #EAX"
        mov     ebx, eax
        Config_Read 2, 0, 0
        Print   "behind two bridges #EAX"
        mov     edx, 0C000h
        in      eax, dx
        Print   "its ports #EAX"
        Config_Write 0, 1, 20h, 0000FFF0h
        mov     ecx, [Cards.Card_Base]
        mov     eax, [ecx+CARD_ID]
        Print   "closed: #EAX"
        Config_Write 0, 1, 20h, ebx
        mov     eax, [ecx+CARD_ID]
        mov     edx, [ecx+100h]
        Print   "open: #EAX, memory #EDX"
        Config_Write 0, 1, 18h, 00070700h
        Config_Read 1, 4, 0
        Print   "at its old number: #EAX"
        Config_Read 7, 4, 0
        Print   "at its new number: #EAX"
        Config_Write 0, 1, 18h, 00020100h
        mov     dword ptr [ecx+CARD_COMMAND], 1
        mov     ecx, [Cards.Card_Base + SIZE Card]
        mov     dword ptr [ecx+CARD_COMMAND], 1
        pop     ebx
        ret
EndProc Both

; EAX = handle, EDX = card. CF: it was another's.
BeginProc Hw_Int
        mov     ecx, [edx.Card_Base]
        test    dword ptr [ecx+CARD_STATE], 1
        jz      SHORT other
        mov     dword ptr [ecx+CARD_STATE], 1
        inc     [edx.Card_Count]
        VxDCall VPICD_Phys_EOI
        mov     ecx, [ecx+CARD_ID]
        Print   "interrupt of #ECX"
        clc
        ret
other:  stc
        ret
EndProc Hw_Int

VxD_LOCKED_CODE_ENDS
        END

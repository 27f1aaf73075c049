; The driver of the two cards in follow.hw.
        .386p
        include vmm.inc
        include vpicd.inc
        include configmg.inc
        include print.inc

Declare_Virtual_Device FOLLOW, 1, 0, FOLLOW_Control, Undefined_Device_ID, Undefined_Init_Order

VxD_LOCKED_DATA_SEG
Config  CMCONFIG <>
First   dd      0                       ; the first card's device node
Count   dd      0
Irqs    VPICD_IRQ_Descriptor <0, VPICD_OPT_REF_DATA, OFFSET32 Hw_Int>
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG

Begin_Control_Dispatch FOLLOW
        Control_Dispatch PNP_New_Devnode, New_Devnode
End_Control_Dispatch FOLLOW

; EDX = base of the card's ports
BeginProc Hw_Int
        push    eax
        add     edx, 2
        in      al, dx
        movzx   ecx, al
        out     dx, al
        sub     edx, 2
        Print   "interrupt of #DX: #CL"
        pop     eax
        VxDCall VPICD_Phys_EOI
        inc     [Count]
        cmp     [Count], 2
        jne     SHORT done
        mov     esi, OFFSET32 Event
        VMMCall Schedule_Global_Event
done:   clc
        ret
EndProc Hw_Int

; A card that is disabled is nowhere.
BeginProc Event
        VxDCall _CONFIGMG_Disable_DevNode, <[First], CM_DISABLE_POLITE>
        mov     ecx, eax
        mov     edx, 300h
        in      al, dx
        movzx   edx, al
        Print   "disabled: #ECX identity #DL"
        VxDCall _CONFIGMG_Enable_DevNode, <[First], 0>
        ret
EndProc Event

BeginProc New_Devnode
        VxDCall _CONFIGMG_Register_Device_Driver, <ebx, OFFSET32 Handler, 0, CM_REGISTER_DEVICE_DRIVER_DISABLEABLE>
        cmp     [First], 0
        jne     SHORT known
        mov     [First], ebx
known:  stc
        ret
EndProc New_Devnode

; (function, sub, devnode, reference, flags)
BeginProc Handler
        cmp     dword ptr [esp+4], CONFIG_START
        mov     eax, CR_SUCCESS
        jne     other
        mov     ecx, [esp+12]
        pushad
        VxDCall _CONFIGMG_Get_Alloc_Log_Conf, <OFFSET32 Config, ecx, CM_GET_ALLOC_LOG_CONF_ALLOC>
        movzx   ebx, [Config.wIOPortBase]
        cmp     [Count], 2
        jae     SHORT again
        mov     [Irqs.VID_Hw_Int_Ref], ebx
        movzx   eax, [Config.bIRQRegisters]
        mov     [Irqs.VID_IRQ_Number], ax
        mov     edi, OFFSET32 Irqs
        VxDCall VPICD_Virtualize_IRQ
        VxDCall VPICD_Physically_Unmask
        mov     edx, ebx
        inc     edx
        mov     al, 1
        out     dx, al
again:  cmp     [Count], 2
        jb      SHORT told
        xor     eax, eax
        Print   "enabled: #EAX"
told:   mov     edx, ebx
        in      al, dx
        movzx   ecx, [Config.bIRQRegisters]
        Print   "at #DX, line #CL: identity #AL"
        popad
other:  ret
EndProc Handler

VxD_LOCKED_CODE_ENDS
        END

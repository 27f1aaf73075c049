;
; CARD - the driver of a Plug and Play card that exists only in card.hw
;
; The configuration manager finds the card on the PCI bus, loads this driver
; because the registry names it as the card's loader, and starts it with a
; range of memory and an interrupt line. A Win32 program opens \\.\CARD and
; sends control codes:
;
;   1  measure: the answer is a dword, tenths of a degree. The card is slow
;      and interrupts when it is done, so the request is overlapped.
;
; Build and run:  vxd build --dynamic -o card.vxd card.asm
;                 vxd run --hardware card.hw --ioctl 1 card.vxd
;
        .386p

        .XLIST
        include vmm.inc
        include vpicd.inc
        include vwin32.inc
        include configmg.inc
        include error.inc
        .LIST

Declare_Virtual_Device CARD, 1, 0, CARD_Control, Undefined_Device_ID, Undefined_Init_Order

; The card's registers
CARD_REGISTERS  STRUC
CR_Command      dd      ?               ; 1 = measure
CR_Status       dd      ?               ; bit 0: done; write 1 to clear
CR_Enable       dd      ?               ; bit 0: interrupt when done
CR_Sample       dd      ?
CARD_REGISTERS  ENDS


VxD_LOCKED_DATA_SEG

Registers       dd      0               ; linear address, 0 = not started
Irq_Handle      dd      0
Offset_Value    dd      0               ; from the registry: added to samples
Value_Size      dd      0
Sample          dd      0

; The request that waits for the card; 0 = none
Overlap         dd      0               ; locked, as every process sees them
Answer          dd      0
Internal        dd      0               ; OVERLAPPED.Internal

Config          CMCONFIG <>
Irq_Descriptor  VPICD_IRQ_Descriptor <0, VPICD_OPT_CAN_SHARE, OFFSET32 CARD_Hw_Int>

Offset_Name     db      'Offset', 0

VxD_LOCKED_DATA_ENDS


VxD_LOCKED_CODE_SEG

Begin_Control_Dispatch CARD
        Control_Dispatch Sys_Dynamic_Device_Init, CARD_Agree
        Control_Dispatch Sys_Dynamic_Device_Exit, CARD_Agree
        Control_Dispatch PNP_New_Devnode, CARD_New_Devnode
        Control_Dispatch W32_DeviceIoControl, CARD_DeviceIoControl
End_Control_Dispatch CARD

BeginProc CARD_Agree
        clc
        ret
EndProc CARD_Agree

;
; CARD_New_Devnode: this driver is the card's loader and its driver, too.
;
; Entry:  EBX = device node, EDX = DLVXD_LOAD_*
; Exit:   EAX = CR_*, carry set
;
BeginProc CARD_New_Devnode
        cmp     edx, DLVXD_LOAD_DEVLOADER
        mov     eax, CR_DEFAULT
        jne     SHORT CND_Done
        VxDCall _CONFIGMG_Register_Device_Driver, <ebx, OFFSET32 CARD_Config, 0, CM_REGISTER_DEVICE_DRIVER_DISABLEABLE>
CND_Done:
        stc
        ret
EndProc CARD_New_Devnode

;
; CARD_Config: what the configuration manager wants of the driver.
;
; A C function: (function, subfunction, device node, reference data, flags)
;
BeginProc CARD_Config
        push    ebp
        mov     ebp, esp
        push    ebx
        mov     ebx, [ebp+16]
        mov     eax, [ebp+8]
        cmp     eax, CONFIG_START
        je      SHORT CC_Start
        cmp     eax, CONFIG_STOP
        je      SHORT CC_Stop
        cmp     eax, CONFIG_REMOVE
        je      SHORT CC_Stop
        cmp     eax, CONFIG_SHUTDOWN
        je      SHORT CC_Stop
        mov     eax, CR_DEFAULT
        jmp     SHORT CC_Done
CC_Start:
        call    CARD_Start
        jmp     SHORT CC_Done
CC_Stop:
        call    CARD_Stop
CC_Done:
        pop     ebx
        pop     ebp
        ret
EndProc CARD_Config

;
; CARD_Start: takes the resources that the card was given.
;
; Entry:  EBX = device node
; Exit:   EAX = CR_*
;
BeginProc CARD_Start
        push    edi
        VxDCall _CONFIGMG_Get_Alloc_Log_Conf, <OFFSET32 Config, ebx, CM_GET_ALLOC_LOG_CONF_ALLOC>
        cmp     eax, CR_SUCCESS
        jne     CS_Done
        cmp     [Config.wNumMemWindows], 1
        jne     CS_Failed
        cmp     [Config.wNumIRQs], 1
        jne     CS_Failed

        mov     [Value_Size], 4         ; the offset may be absent: then it is 0
        VxDCall _CONFIGMG_Read_Registry_Value, <ebx, 0, OFFSET32 Offset_Name, REG_BINARY, OFFSET32 Offset_Value, OFFSET32 Value_Size, CM_REGISTRY_SOFTWARE>

        VMMCall _MapPhysToLinear, <[Config.dMemBase], [Config.dMemLength], 0>
        cmp     eax, -1
        je      CS_Failed
        mov     [Registers], eax

        movzx   eax, [Config.bIRQRegisters]
        mov     [Irq_Descriptor.VID_IRQ_Number], ax
        mov     edi, OFFSET32 Irq_Descriptor
        VxDCall VPICD_Virtualize_IRQ
        jc      SHORT CS_Failed
        mov     [Irq_Handle], eax
        VxDCall VPICD_Physically_Unmask

        mov     eax, [Registers]
        mov     [eax.CR_Enable], 1
        mov     eax, CR_SUCCESS
        jmp     SHORT CS_Done
CS_Failed:
        mov     eax, CR_FAILURE
CS_Done:
        pop     edi
        ret
EndProc CARD_Start

;
; CARD_Stop: gives them back.
;
; Exit:   EAX = CR_SUCCESS
;
BeginProc CARD_Stop
        xor     ecx, ecx
        xchg    ecx, [Registers]
        jecxz   CSt_Done
        mov     [ecx.CR_Enable], 0
        mov     eax, [Irq_Handle]
        VxDCall VPICD_Force_Default_Behavior
CSt_Done:
        mov     eax, CR_SUCCESS
        ret
EndProc CARD_Stop

;
; CARD_Hw_Int: the card is done, or another device on the line is.
;
; Entry:  EAX = IRQ handle, EBX = current VM
; Exit:   carry set: not ours
;
BeginProc CARD_Hw_Int, HIGH_FREQ
        mov     ecx, [Registers]
        jecxz   CHI_Not_Ours
        test    [ecx.CR_Status], 1
        jz      SHORT CHI_Not_Ours
        mov     [ecx.CR_Status], 1      ; lowers the line
        mov     edx, [ecx.CR_Sample]
        mov     [Sample], edx
        VxDCall VPICD_Phys_EOI
        mov     esi, OFFSET32 CARD_Done
        VMMCall Schedule_Global_Event   ; the rest has time
        clc
        ret
CHI_Not_Ours:
        stc
        ret
EndProc CARD_Hw_Int

;
; CARD_Done: the event that completes the request.
;
BeginProc CARD_Done
        xor     ebx, ebx
        xchg    ebx, [Internal]
        or      ebx, ebx
        jz      SHORT CD_Done           ; nobody waits
        mov     eax, [Sample]
        add     eax, [Offset_Value]
        mov     ecx, [Answer]
        mov     [ecx], eax
        mov     ecx, [Overlap]
        mov     [ecx.O_InternalHigh], 4
        VxDCall VWIN32_DIOCCompletionRoutine
        mov     eax, [Answer]
        call    CARD_Unlock_Page
        mov     eax, [Overlap]
        call    CARD_Unlock_Page
CD_Done:
        ret
EndProc CARD_Done

; The page of an address, for all processes. EAX: address in, address out (0 = failed).
BeginProc CARD_Lock_Page
        push    eax
        shr     eax, 12
        VMMCall _LinPageLock, <eax, 1, PAGEMAPGLOBAL>
        pop     ecx
        or      eax, eax
        jz      SHORT CLP_Done
        and     ecx, 0FFFh
        or      eax, ecx
CLP_Done:
        ret
EndProc CARD_Lock_Page

BeginProc CARD_Unlock_Page
        shr     eax, 12
        VMMCall _LinPageUnLock, <eax, 1, PAGEMAPGLOBAL>
        ret
EndProc CARD_Unlock_Page

;
; CARD_DeviceIoControl
;
; Entry:  ESI -> DIOCParams
; Exit:   EAX = 0, -1 (the answer comes later) or a Win32 error
;
BeginProc CARD_DeviceIoControl
        mov     eax, [esi.dwIoControlCode]
        cmp     eax, 1
        je      SHORT CDI_Measure
        cmp     eax, DIOC_OPEN
        je      SHORT CDI_Agreed
        cmp     eax, DIOC_CLOSEHANDLE
        je      SHORT CDI_Agreed
        mov     eax, ERROR_NOT_SUPPORTED
        ret
CDI_Agreed:
        xor     eax, eax
        ret

CDI_Measure:
        mov     eax, ERROR_NOT_READY
        cmp     [Registers], 0
        je      SHORT CDI_Done
        mov     eax, ERROR_BUSY
        cmp     [Internal], 0
        jne     SHORT CDI_Done
        mov     eax, ERROR_INSUFFICIENT_BUFFER
        cmp     [esi.cbOutBuffer], 4
        jb      SHORT CDI_Done
        mov     eax, ERROR_INVALID_PARAMETER
        cmp     [esi.lpoOverlapped], 0  ; whoever wants the answer must wait for it
        je      SHORT CDI_Done

        mov     eax, [esi.lpvOutBuffer]
        call    CARD_Lock_Page
        mov     [Answer], eax
        mov     eax, [esi.lpoOverlapped]
        mov     ecx, [eax.O_Internal]
        mov     [Internal], ecx
        call    CARD_Lock_Page
        mov     [Overlap], eax

        mov     ecx, [Registers]
        mov     [ecx.CR_Command], 1
        mov     eax, -1
CDI_Done:
        ret
EndProc CARD_DeviceIoControl

VxD_LOCKED_CODE_ENDS

        END

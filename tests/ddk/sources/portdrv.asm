; A port driver of VCOMM
        .386p
        include vmm.inc
        include debug.inc
        include vcomm.inc
        include vpicd.inc

DECLARE_VIRTUAL_DEVICE PORTDRV, 4, 0, PORTDRV_Control, UNDEFINED_DEVICE_ID, UNDEFINED_INIT_ORDER

Port    struc
P_Data  db SIZE _PortData dup (?)
P_Base  dd ?
P_Irq   dd ?
Port    ends

VxD_LOCKED_DATA_SEG
Functions _PortFunctions <OFFSET32 _SetState,,,OFFSET32 _TransmitChar, OFFSET32 _Close>
ThePort db SIZE Port dup (0)
Name_   db "Example port", 0
VxD_LOCKED_DATA_ENDS

BeginProc PORTDRV_Control, LOCKED
        Control_Dispatch SYS_DYNAMIC_DEVICE_INIT, DriverInit, cCall
        clc
        ret
EndProc PORTDRV_Control

BeginProc DriverInit, CCALL, PNP
        EnterProc
        VxDCall _VCOMM_Register_Port_Driver, <OFFSET32 _DriverControl>
        LeaveProc
        Return
EndProc DriverInit

BeginProc DriverControl, CCALL, PAGEABLE
        ArgVar  fcode, DWORD
        ArgVar  devnode, DWORD
        ArgVar  refdata, DWORD
        EnterProc
        cmp     fcode, 0
        jne     @F
        mov     eax, devnode
        mov     ecx, refdata
@@:     LeaveProc
        Return
EndProc DriverControl

BeginProc PortOpen, CCALL, PAGEABLE
        ArgVar  pName, DWORD
        ArgVar  vmid, DWORD
        ArgVar  lpError, DWORD
        EnterProc
        mov     edx, OFFSET32 ThePort
        mov     [edx.PDLength], SIZE _PortData
        mov     [edx.PDVersion], 10Ah
        mov     [edx.PDfunctions], OFFSET32 Functions
        mov     [edx.PDNumFunctions], (SIZE _PortFunctions) / 4
        mov     eax, lpError
        test    eax, eax
        jz      short @F
        mov     dword ptr [eax], 0
@@:     mov     eax, edx
        LeaveProc
        Return
EndProc PortOpen

BeginProc SetState, CCALL, PAGEABLE
        ArgVar  hPort, DWORD
        ArgVar  pDCB, DWORD
        ArgVar  ActionMask, DWORD
        EnterProc
        mov     ecx, hPort
        mov     [ecx.dwLastError], 0
        mov     eax, 1
        LeaveProc
        Return
EndProc SetState

BeginProc TransmitChar, CCALL, LOCKED
        ArgVar  hPort, DWORD
        ArgVar  XmitChar, BYTE
        EnterProc
        mov     ecx, hPort
        mov     edx, [ecx.P_Base]
        mov     al, XmitChar
        out     dx, al
        mov     [ecx.bMSRShadow], al
        inc     [ecx].QOutCount
        mov     eax, 1
        LeaveProc
        Return
EndProc TransmitChar

BeginProc Close, CCALL, PAGEABLE
        ArgVar  hPort, DWORD
        EnterProc
        mov     eax, hPort
        and     [eax.dwClientEventMask], 0
        LeaveProc
        Return
EndProc Close
        end

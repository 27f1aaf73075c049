; VCOMM: a port driver of the board's first serial port, looped back, and its client (Win95 DDK S2739-S27BD).
include check.inc
include vcomm.inc
Test_Driver

PORT EQU 3F8h

VxD_LOCKED_DATA_SEG
port_info _PortData <>
functions _PortFunctions <>
com1      db 'COM1', 0
lower     db 'com1', 0
com9      db 'COM9', 0
driver    db 'TESTPORT', 0
none      db 0
acquired  dd 0
calls     dd 0                          ; of DriverControl
handle    dd 0
refuse    dd 0                          ; the port driver does not open, or not close
count     dd 0
text      db 'loop', 0
buffer    db 8 dup (0)
events    dd 0
notify    dd 0
heard     dd 0
heard_ref dd 0
heard_sub dd 0
settings  _DCB <>
limits    COMMTIMEOUTS <1, 2, 3, 4, 5>
limits2   COMMTIMEOUTS <>
seen      dd 6 dup (0)                  ; arguments of the last function
VxD_LOCKED_DATA_ENDS

Arg EQU <esp + 8 + 4 *>                 ; argument n of a C function, where Check_Eq has pushed the flags

VxD_LOCKED_CODE_SEG
BeginProc Driver_Control
        inc     [calls]
        Check_Eq <dword ptr [Arg 0]>, DC_InitializePort, 'function of DriverControl'
        Check_Eq <dword ptr [Arg 1]>, 0, 'a device node'
        mov     eax, [esp + 4 + 4 * 2]
        VxDcall _VCOMM_Add_Port, <eax, <OFFSET32 Port_Open>, <OFFSET32 com1>>
        Check_Eq eax, 1, 'Add_Port'
        VxDcall _VCOMM_Add_Port, <0, <OFFSET32 Port_Open>, <OFFSET32 lower>>
        Check_Eq eax, 0, 'a port was added twice'
        ret
EndProc Driver_Control

BeginProc Port_Open
        cmp     [refuse], 0
        je      @f
        mov     eax, [esp + 4 + 4 * 2]
        mov     dword ptr [eax], IE_HARDWARE
        xor     eax, eax
        ret
@@:     VxDcall _VCOMM_Acquire_Port, <<OFFSET32 driver>, 0, -1, 0>
        mov     [acquired], eax
        Check_Ne eax, 0, 'the port cannot be acquired'
        mov     edx, PORT + 4
        mov     al, 13h                 ; loop, RTS, DTR
        out     dx, al
        mov     edx, PORT + 2
        mov     al, 7                   ; its queues, empty
        out     dx, al
        mov     eax, OFFSET32 port_info
        mov     [eax.PDLength], SIZE _PortData
        mov     [eax.PDfunctions], OFFSET32 functions
        mov     [eax.dwLastError], 0
        ret
EndProc Port_Open

BeginProc Port_Close
        xor     eax, eax
        cmp     [refuse], 0
        jne     @f
        VxDcall _VCOMM_Release_Port, <[acquired], -1>
        mov     eax, 1
@@:     ret
EndProc Port_Close

; (hPort, bytes, count, address of the count)
BeginProc Port_Write
        push    ebx
        push    esi
        mov     esi, [esp + 12 + 4 * 1]
        mov     ecx, [esp + 12 + 4 * 2]
        mov     ebx, [esp + 12 + 4 * 3]
        mov     [ebx], ecx
next:   jecxz   done
        mov     edx, PORT + 5
@@:     in      al, dx
        test    al, 20h
        jz      @b
        mov     edx, PORT
        lodsb
        out     dx, al
        dec     ecx
        jmp     next
done:   mov     edx, PORT + 5
@@:     in      al, dx
        test    al, 40h
        jz      @b
        mov     eax, [port_info.dwClientEventMask]
        test    eax, EV_TXEMPTY
        jz      @f
        mov     eax, [events]
        or      dword ptr [eax], EV_TXEMPTY
        mov     eax, [notify]
        or      eax, eax
        jz      @f
        cCall   eax, <<OFFSET32 port_info>, [port_info.dwClientRefData], CN_EVENT, EV_TXEMPTY>
@@:     pop     esi
        pop     ebx
        mov     eax, 1
        ret
EndProc Port_Write

BeginProc Port_Read
        push    ebx
        push    edi
        mov     edi, [esp + 12 + 4 * 1]
        mov     ecx, [esp + 12 + 4 * 2]
        mov     ebx, [esp + 12 + 4 * 3]
        mov     dword ptr [ebx], 0
more:   jecxz   over
        mov     edx, PORT + 5
        in      al, dx
        test    al, 1
        jz      over
        mov     edx, PORT
        in      al, dx
        stosb
        inc     dword ptr [ebx]
        dec     ecx
        jmp     more
over:   pop     edi
        pop     ebx
        mov     eax, 1
        ret
EndProc Port_Read

BeginProc Port_Event_Mask
        mov     eax, [esp + 4 + 4 * 2]
        or      eax, eax
        jz      @f
        mov     [events], eax
@@:     mov     eax, 1
        ret
EndProc Port_Event_Mask

BeginProc Port_Get_Events
        mov     eax, [events]
        mov     ecx, [eax]
        and     ecx, [esp + 4 + 4 * 1]
        xor     [eax], ecx
        mov     eax, [esp + 4 + 4 * 2]
        mov     [eax], ecx
        mov     eax, 1
        ret
EndProc Port_Get_Events

BeginProc Port_Notification
        mov     eax, [esp + 4 + 4 * 1]
        mov     [notify], eax
        mov     eax, [esp + 4 + 4 * 2]
        mov     [port_info.dwClientRefData], eax
        mov     eax, 1
        ret
EndProc Port_Notification

; The other functions: what they were given.
BeginProc Port_Other
        mov     ecx, 0
@@:     mov     eax, [esp + 4 + ecx * 4]
        mov     [seen + ecx * 4], eax
        inc     ecx
        cmp     ecx, 6
        jb      @b
        mov     [port_info.dwLastError], IE_BAUDRATE
        mov     eax, 77h
        ret
EndProc Port_Other

BeginProc Notified
        Check_Eq <dword ptr [Arg 0]>, <OFFSET32 port_info>, 'handle of a notification'
        mov     eax, [esp + 4 + 4 * 1]
        mov     [heard_ref], eax
        mov     eax, [esp + 4 + 4 * 2]
        mov     [heard], eax
        mov     eax, [esp + 4 + 4 * 3]
        mov     [heard_sub], eax
        ret
EndProc Notified
VxD_LOCKED_CODE_ENDS

; A service that is the port driver's function: its arguments arrive, its answer comes back, EBX and EDI stay.
Passes macro service, field, arguments:vararg
        local n
        mov     [functions.field], 0
        mov     [port_info.dwLastError], 0
        service, <[handle], arguments>
        Check_Eq eax, 0, '&service without a function: #EAX'
        Check_Eq [port_info.dwLastError], IE_DEFAULT, 'error of &service without a function'
        mov     [functions.field], OFFSET32 Port_Other
        mov     ebx, 0B0B0B0Bh
        mov     edi, 0D1D1D1D1h
        service, <[handle], arguments>
        Check_Eq eax, 77h, 'answer of &service: #EAX'
        Check_Eq ebx, 0B0B0B0Bh, 'EBX across &service: #EBX'
        Check_Eq edi, 0D1D1D1D1h, 'EDI across &service: #EDI'
        Check_Eq [seen], <OFFSET32 port_info>, 'first argument of &service'
        n = 1
        for item, <arguments>
        Check_Eq [seen + 4 * n], <item>, 'argument of &service'
        n = n + 1
        endm
        service, <12345678h, arguments>
        Check_Eq eax, 0, '&service with a wrong handle: #EAX'
endm

Begin_Tests
        VxDcall VCOMM_Get_Version
        Check   nc, 'CF of the version'
        Check_Eq eax, 400h, 'version #EAX'
        VxDcall _VCOMM_OpenComm, <<OFFSET32 com1>, -1>
        Check_Eq eax, IE_BADID, 'a port that nobody has added: #EAX'

        mov     ebx, 0B0B0B0Bh
        mov     esi, 51515151h
        VxDcall _VCOMM_Register_Port_Driver, <<OFFSET32 Driver_Control>>
        Check_Eq eax, 1, 'registration: #EAX'
        Check_Eq ebx, 0B0B0B0Bh, 'EBX across the registration: #EBX'
        Check_Eq esi, 51515151h, 'ESI across the registration: #ESI'
        Check_Eq [calls], 1, 'calls of DriverControl'

        mov     [refuse], 1
        VxDcall _VCOMM_OpenComm, <<OFFSET32 com1>, -1>
        Check_Eq eax, IE_HARDWARE, 'the error of a port driver: #EAX'
        mov     [refuse], 0
        VxDcall _VCOMM_OpenComm, <<OFFSET32 lower>, -1>
        Check_Eq eax, <OFFSET32 port_info>, 'handle #EAX'
        mov     [handle], eax
        VxDcall _VCOMM_OpenComm, <<OFFSET32 com1>, -1>
        Check_Eq eax, IE_OPEN, 'an open port: #EAX'
        VxDcall _VCOMM_OpenComm, <<OFFSET32 com9>, -1>
        Check_Eq eax, IE_BADID, 'no port: #EAX'
        VxDcall _VCOMM_OpenComm, <<OFFSET32 none>, -1>
        Check_Eq eax, IE_BADID, 'no name: #EAX'

        ; a driver has it: nobody else, and programs find nothing there
        VxDcall _VCOMM_Acquire_Port, <<OFFSET32 driver>, 0, -1, 0>
        Check_Eq eax, 0, 'the port was acquired twice: #EAX'
        VxDcall _VCOMM_Acquire_Port, <<OFFSET32 driver>, 5, -1, 0>
        Check_Ne eax, 0, 'a port that VCD does not know: #EAX'
        VxDcall _VCOMM_Release_Port, <eax, -1>
        VMMcall Get_Cur_VM_Handle
        In_Byte <PORT + 4>
        Check_Eq al, 0FFh, 'a program reaches the port: #AL'
        VMMcall Get_Cur_VM_Handle
        VxDcall _VCOMM_Acquire_Port, <<OFFSET32 driver>, 1, ebx, 0>
        Check_Ne eax, 0, 'COM2 for a VM: #EAX'
        push    eax
        VxDcall _VCOMM_Steal_Port, <eax, ebx>
        Check_Eq eax, 1, 'stealing what is mine: #EAX'
        pop     eax
        VxDcall _VCOMM_Release_Port, <eax, ebx>
        VxDcall _VCOMM_Steal_Port, <12345678h, -1>
        Check_Eq eax, 0, 'stealing with a wrong handle: #EAX'

        ; bytes go out and come back; an event tells of the end
        mov     [functions.pPortWrite], OFFSET32 Port_Write
        mov     [functions.pPortRead], OFFSET32 Port_Read
        mov     [functions.pPortClose], OFFSET32 Port_Close
        mov     [functions.pPortSetEventMask], OFFSET32 Port_Event_Mask
        mov     [functions.pPortGetEventMask], OFFSET32 Port_Get_Events
        mov     [functions.pPortEnableNotification], OFFSET32 Port_Notification
        VxDcall _VCOMM_EnableCommNotification, <[handle], <OFFSET32 Notified>, 99h>
        Check_Eq eax, 1, 'EnableCommNotification: #EAX'
        VxDcall _VCOMM_SetCommEventMask, <[handle], EV_TXEMPTY, <OFFSET32 heard_sub + 0>>
        Check_Eq eax, 1, 'SetCommEventMask: #EAX'
        Check_Eq [port_info.dwClientEventMask], EV_TXEMPTY, 'the mask in the port data'
        VxDcall _VCOMM_SetCommEventMask, <[handle], EV_TXEMPTY, <OFFSET32 seen>>
        mov     [seen], 0
        VxDcall _VCOMM_WriteComm, <[handle], <OFFSET32 text>, 4, <OFFSET32 count>>
        Check_Eq eax, 1, 'WriteComm: #EAX'
        Check_Eq [count], 4, 'characters written'
        Check_Eq [heard], CN_EVENT, 'no notification'
        Check_Eq [heard_ref], 99h, 'reference data of the notification'
        Check_Eq [heard_sub], EV_TXEMPTY, 'event of the notification'
        VxDcall _VCOMM_GetCommEventMask, <[handle], EV_TXEMPTY OR EV_RXCHAR, <OFFSET32 count>>
        Check_Eq eax, 1, 'GetCommEventMask: #EAX'
        Check_Eq [count], EV_TXEMPTY, 'events'
        Check_Eq [seen], 0, 'events that were fetched'
        VxDcall _VCOMM_ReadComm, <[handle], <OFFSET32 buffer>, 8, <OFFSET32 count>>
        Check_Eq eax, 1, 'ReadComm: #EAX'
        Check_Eq [count], 4, 'characters read'
        Check_Eq <dword ptr [buffer]>, 'pool', 'what comes back'

        Passes  <VxDcall _VCOMM_SetCommState>, pPortSetState, <OFFSET32 settings>, 5
        VxDcall _VCOMM_GetLastError, <[handle]>
        Check_Eq eax, IE_BAUDRATE, 'the last error: #EAX'
        VxDcall _VCOMM_GetLastError, <87654321h>
        Check_Eq eax, 0, 'the last error of no port: #EAX'
        Passes  <VxDcall _VCOMM_GetCommState>, pPortGetState, <OFFSET32 settings>
        Passes  <VxDcall _VCOMM_SetupComm>, pPortSetup, <OFFSET32 buffer>, 4, <OFFSET32 buffer + 4>, 3
        Passes  <VxDcall _VCOMM_TransmitCommChar>, pPortTransmitChar, 41h
        Passes  <VxDcall _VCOMM_GetCommQueueStatus>, pPortGetQueueStatus, <OFFSET32 settings>
        Passes  <VxDcall _VCOMM_ClearCommError>, pPortClearError, 0, <OFFSET32 count>
        Passes  <VxDcall _VCOMM_GetModemStatus>, pPortGetModemStatus, <OFFSET32 count>
        Passes  <VxDcall _VCOMM_GetCommProperties>, pPortGetProperties, <OFFSET32 settings>
        Passes  <VxDcall _VCOMM_EscapeCommFunction>, pPortEscapeFunction, 200, 3, <OFFSET32 count>
        Passes  <VxDcall _VCOMM_PurgeComm>, pPortPurge, 1
        Passes  <VxDcall _VCOMM_SetReadCallBack>, pPortSetReadCallback, 3, <OFFSET32 Notified>, 4
        Passes  <VxDcall _VCOMM_SetWriteCallBack>, pPortSetWriteCallback, 2, <OFFSET32 Notified>, 5

        ; time-outs are VCOMM's own
        VxDcall _VCOMM_GetSetCommTimeouts, <[handle], <OFFSET32 limits>, 1>
        Check_Eq eax, 1, 'setting time-outs: #EAX'
        VxDcall _VCOMM_GetSetCommTimeouts, <[handle], <OFFSET32 limits2>, 0>
        Check_Eq eax, 1, 'getting time-outs: #EAX'
        Check_Eq [limits2.WriteTotalTimeoutConstant], 5, 'the last time-out'
        VxDcall _VCOMM_GetSetCommTimeouts, <[handle], <OFFSET32 limits>, 2>
        Check_Eq eax, 0, 'time-outs, action 2: #EAX'

        mov     [refuse], 1
        VxDcall _VCOMM_CloseComm, <[handle]>
        Check_Eq eax, 0, 'a port driver that does not close: #EAX'
        mov     [refuse], 0
        VxDcall _VCOMM_CloseComm, <[handle]>
        Check_Eq eax, 1, 'CloseComm: #EAX'
        VxDcall _VCOMM_CloseComm, <[handle]>
        Check_Eq eax, 0, 'closing twice: #EAX'
        VMMcall Get_Cur_VM_Handle
        In_Byte <PORT + 4>
        Check_Eq al, 13h, 'a program does not reach the port: #AL'
End_Tests
end

; A device for Win32 programs: code 1 answers at once (the input, every byte plus one), 2 refuses, 3 is completed 30 ms
; later by a time-out.
        .386p
        include vmm.inc
        include vwin32.inc
        include print.inc

Declare_Virtual_Device IOCTLDEV, 1, 0, IOCTLDEV_Control, Undefined_Device_ID, Undefined_Init_Order

VxD_LOCKED_DATA_SEG
Request dd   0
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG

Begin_Control_Dispatch IOCTLDEV
        Control_Dispatch W32_DeviceIoControl, Ioctl
        Control_Dispatch Sys_Dynamic_Device_Init, Dynamic_Init
        Control_Dispatch Sys_Dynamic_Device_Exit, Dynamic_Exit
End_Control_Dispatch IOCTLDEV

BeginProc Dynamic_Exit
        Print   "exit"
        clc
        ret
EndProc Dynamic_Exit

BeginProc Dynamic_Init
        Print   "init"
        clc
        ret
EndProc Dynamic_Init

BeginProc Ioctl
        mov     eax, [esi.dwIoControlCode]
        Print   "ioctl #EAX"
        cmp     eax, DIOC_OPEN
        je      accept
        cmp     eax, -1
        je      accept
        cmp     eax, 1
        je      answer
        cmp     eax, 3
        je      later
        mov     eax, 50                 ; ERROR_NOT_SUPPORTED
        clc
        ret
accept:
        xor     eax, eax
        clc
        ret
answer:
        push    esi
        mov     ecx, [esi.cbInBuffer]
        mov     edi, [esi.lpvOutBuffer]
        mov     edx, [esi.lpcbBytesReturned]
        mov     [edx], ecx
        mov     esi, [esi.lpvInBuffer]
        jecxz   copied
        cld
next:
        lodsb
        inc     al
        stosb
        loop    next
copied:
        pop     esi
        xor     eax, eax
        clc
        ret
later:
        mov     edx, [esi.lpoOverlapped]
        mov     [Request], edx
        mov     edi, [esi.lpvOutBuffer]
        mov     DWORD PTR [edi], 'atad'
        mov     eax, 30
        mov     esi, OFFSET32 Complete
        VMMCall Set_Global_Time_Out
        mov     eax, -1
        clc
        ret
EndProc Ioctl

BeginProc Complete
        mov     eax, [Request]
        mov     DWORD PTR [eax + 4], 4  ; InternalHigh: bytes
        mov     ebx, [eax]              ; Internal
        VxDCall VWIN32_DIOCCompletionRoutine
        Print   "completed"
        ret
EndProc Complete

VxD_LOCKED_CODE_ENDS
        END

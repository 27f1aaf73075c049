; A dynamic driver of 1996: DeviceIoControl from Win32, overlapped requests that a time-out completes.
        .486p
        .xlist
        include vmm.inc
        include vwin32.inc
        include debug.inc
        .list

IOCTL_BASE      =       800h
CTL_CODE        MACRO   name, function, method
name            EQU     (22h SHL 16) OR ((IOCTL_BASE + function) SHL 2) OR method
                ENDM
CTL_CODE        IOCTL_VERSION, 0, 0
CTL_CODE        IOCTL_WAIT, 1, 0
CTL_CODE        IOCTL_COPY, 2, 3

DECLARE_VIRTUAL_DEVICE IOCTL95, 1, 0, IOCTL95_Control, UNDEFINED_DEVICE_ID, UNDEFINED_INIT_ORDER

Request         STRUC
R_Next          dd      ?
R_Overlapped    dd      ?
R_Context       dd      ?
R_Page          dd      ?
Request         ENDS

VxD_LOCKED_DATA_SEG
Requests        dd      0               ; list of Request
Opened          dd      0
                ALIGN   4
Functions       dd      OFFSET32 Do_Version, OFFSET32 Do_Wait, OFFSET32 Do_Copy
Function_Count  equ     ($ - Functions) / 4
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG

BEGIN_CONTROL_DISPATCH IOCTL95
        CONTROL_DISPATCH Sys_Dynamic_Device_Init, IOCTL95_Init
        CONTROL_DISPATCH Sys_Dynamic_Device_Exit, IOCTL95_Exit
        CONTROL_DISPATCH W32_DEVICEIOCONTROL, IOCTL95_Ioctl
END_CONTROL_DISPATCH IOCTL95

BeginProc IOCTL95_Init
        mov     Opened, 0
        clc
        ret
EndProc IOCTL95_Init

BeginProc IOCTL95_Exit
        cmp     Requests, 0
        jz      @f
        stc
@@:     ret
EndProc IOCTL95_Exit

BeginProc IOCTL95_Ioctl, PUBLIC
        mov     ecx, [esi.dwIoControlCode]
        cmp     ecx, DIOC_OPEN
        je      Opening
        cmp     ecx, DIOC_CLOSEHANDLE
        je      Closing
        mov     eax, ecx
        sub     eax, IOCTL_VERSION
        test    eax, 3
        shr     eax, 2
        cmp     eax, Function_Count
        jae     Unknown
        jmp     Functions[eax*4]
Opening:
        inc     Opened
        xor     eax, eax
        ret
Closing:
        dec     Opened
        mov     eax, VXD_SUCCESS
        ret
Unknown:
        mov     eax, ERROR_NOT_SUPPORTED
        ret
EndProc IOCTL95_Ioctl

BeginProc Do_Version
        push    ebx
        mov     ebx, [esi.lpvOutBuffer]
        cmp     [esi].cbOutBuffer, 4
        jb      Too_Small
        mov     dword ptr [ebx], 0100h
        mov     ecx, [esi.lpcbBytesReturned]
        jecxz   @F
        mov     dword ptr [ecx], 4
@@:     xor     eax, eax
        pop     ebx
        ret
Too_Small:
        mov     eax, ERROR_INSUFFICIENT_BUFFER
        pop     ebx
        ret
EndProc Do_Version

BeginProc Do_Copy
        pushad
        mov     ecx, [esi.cbInBuffer]
        cmp     ecx, [esi.cbOutBuffer]
        ja      SHORT Copy_Failed
        mov     ebx, [esi.lpcbBytesReturned]
        mov     edi, [esi.lpvOutBuffer]
        mov     esi, [esi.lpvInBuffer]
        mov     eax, ecx
        shr     ecx, 2
        cld
        rep     movsd
        mov     ecx, eax
        and     ecx, 3
        rep     movsb
        test    ebx, ebx
        jz      short @F
        mov     [ebx], eax
@@:     popad
        xor     eax, eax
        ret
Copy_Failed:
        popad
        mov     eax, ERROR_INVALID_DATA_SIZE
        ret
ERROR_INVALID_DATA_SIZE equ 24
EndProc Do_Copy

; Locks the OVERLAPPED, waits 50 ms.
BeginProc Do_Wait
        push    edi
        push    ebx
        VMMCall _HeapAllocate, <SIZE Request, HEAPZEROINIT>
        or      eax, eax
        jz      No_Memory
        mov     edi, eax
        mov     eax, [esi.lpoOverlapped]
        mov     [edi.R_Overlapped], eax
        mov     ecx, eax
        and     eax, 0FFFh
        push    eax
        shr     ecx, 12
        VMMCall _LinPageLock, <ecx, 1, PAGEMAPGLOBAL>
        pop     ecx
        mov     [edi.R_Page], eax
        add     eax, ecx
        mov     [edi.R_Overlapped], eax
        VMMCall _GetCurrentContext
        mov     [edi.R_Context], eax
        mov     eax, edi
        xchg    eax, Requests
        mov     [edi.R_Next], eax
        mov     eax, 50
        mov     edx, edi
        mov     esi, OFFSET32 Complete
        VMMCall Set_Global_Time_Out
        mov     eax, -1
        pop     ebx
        pop     edi
        ret
No_Memory:
        mov     eax, ERROR_NOT_ENOUGH_MEMORY
        pop     ebx
        pop     edi
        ret
EndProc Do_Wait

BeginProc Complete
        mov     Requests, 0
        mov     ebx, [edx.R_Overlapped]
        mov     [ebx.O_InternalHigh], 4
        mov     ebx, [ebx.O_Internal]
        push    edx
        VxDCall VWIN32_DIOCCompletionRoutine
        pop     edx
        mov     ecx, [edx.R_Page]
        shr     ecx, 12
        push    edx
        VMMCall _LinPageUnLock, <ecx, 1, PAGEMAPGLOBAL>
        pop     edx
        VMMCall _HeapFree, <edx, 0>
        ret
EndProc Complete

VxD_LOCKED_CODE_ENDS
END

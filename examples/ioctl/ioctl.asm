;
; IOCTL - a dynamically loaded driver that answers Win32's DeviceIoControl
;
; A Win32 program opens \\.\IOCTL.VXD and sends control codes:
;
;   1  the version of the VMM: one dword into the output buffer
;   2  the input buffer's bytes in reverse order into the output buffer
;
; Build and run:  vxd build --dynamic -o ioctl.vxd ioctl.asm
;                 vxd run --ioctl 1 --ioctl 2:somefile ioctl.vxd
;
        .386p

        .XLIST
        include vmm.inc
        include vwin32.inc
        .LIST

Declare_Virtual_Device IOCTL, 1, 0, IOCTL_Control, Undefined_Device_ID, Undefined_Init_Order


VxD_LOCKED_CODE_SEG

Begin_Control_Dispatch IOCTL
        Control_Dispatch Sys_Dynamic_Device_Init, IOCTL_Init
        Control_Dispatch Sys_Dynamic_Device_Exit, IOCTL_Exit
        Control_Dispatch W32_DeviceIoControl, IOCTL_DeviceIoControl
End_Control_Dispatch IOCTL

VxD_LOCKED_CODE_ENDS


;------------------------------------------------------------------------------
; All of this runs on behalf of a program, never at interrupt time: it may be
; paged.
;------------------------------------------------------------------------------

VxD_PAGEABLE_CODE_SEG

;
; Loading and unloading: nothing to set up, nothing to undo.
;
; Exit:   carry clear: agreed
;
BeginProc IOCTL_Init
        clc
        ret
EndProc IOCTL_Init

BeginProc IOCTL_Exit
        clc
        ret
EndProc IOCTL_Exit


;
; IOCTL_DeviceIoControl
;
; Entry:  ESI -> DIOCParams
; Exit:   EAX = 0 or a Win32 error, carry clear
;
BeginProc IOCTL_DeviceIoControl

        mov     eax, [esi.dwIoControlCode]
        cmp     eax, DIOC_OPEN          ; CreateFile
        je      SHORT Agreed
        cmp     eax, DIOC_CLOSEHANDLE   ; CloseHandle
        je      SHORT Agreed
        cmp     eax, 1
        je      SHORT Tell_Version
        cmp     eax, 2
        je      SHORT Reverse
        mov     eax, ERROR_NOT_SUPPORTED
        clc
        ret

Agreed:
        xor     eax, eax                ; clears the carry, too
        ret

Tell_Version:
        cmp     [esi.cbOutBuffer], 4
        jb      SHORT Too_Small
        VMMCall Get_VMM_Version         ; changes ECX, too
        movzx   eax, ax
        mov     edi, [esi.lpvOutBuffer]
        mov     [edi], eax
        mov     ecx, 4
        jmp     SHORT Return_Count

Reverse:
        mov     ecx, [esi.cbInBuffer]
        cmp     ecx, [esi.cbOutBuffer]
        ja      SHORT Too_Small
        push    esi
        mov     edi, [esi.lpvOutBuffer]
        mov     esi, [esi.lpvInBuffer]
        mov     edx, ecx
        jecxz   Reverse_Done
Reverse_Byte:
        mov     al, [esi+ecx-1]
        mov     [edi], al
        inc     edi
        loop    Reverse_Byte
Reverse_Done:
        pop     esi
        mov     ecx, edx

Return_Count:                           ; ECX = bytes written
        mov     edi, [esi.lpcbBytesReturned]
        or      edi, edi                ; a program need not ask
        jz      SHORT Agreed
        mov     [edi], ecx
        jmp     SHORT Agreed

Too_Small:
        mov     eax, ERROR_INSUFFICIENT_BUFFER
        clc
        ret

EndProc IOCTL_DeviceIoControl

VxD_PAGEABLE_CODE_ENDS

        END

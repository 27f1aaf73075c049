; W32_DeviceIoControl as drivers in C take it: one function with the four registers as arguments, whose answer is the
; result. It writes the control code, and whether the other two agree with the parameters.
        .386p
        include vmm.inc
        include vwin32.inc
Declare_Virtual_Device CIOCTL, 1, 0, CIOCTL_Control, Undefined_Device_ID, Undefined_Init_Order
VxD_LOCKED_CODE_SEG
Begin_Control_Dispatch CIOCTL
        Control_Dispatch Sys_Dynamic_Device_Init, CIOCTL_Init, sCall
        Control_Dispatch W32_DEVICEIOCONTROL, CIOCTL_Ioctl, sCall, <ecx, ebx, edx, esi>
End_Control_Dispatch CIOCTL

BeginProc CIOCTL_Init, SCALL
        EnterProc
        mov     eax, VXD_SUCCESS
        LeaveProc
        Return
EndProc CIOCTL_Init

BeginProc CIOCTL_Ioctl, SCALL
        ArgVar  service, DWORD
        ArgVar  context, DWORD, NOTUSED
        ArgVar  handle, DWORD
        ArgVar  params, DWORD
        EnterProc
        cmp     service, DIOC_OPEN
        je      Done
        cmp     service, DIOC_CLOSEHANDLE
        je      Done
        mov     ecx, params
        mov     eax, handle
        xor     eax, [ecx.hDevice]
        mov     edx, [ecx.lpvOutBuffer]
        mov     [edx+4], eax
        mov     eax, service
        mov     [edx], eax
        mov     ecx, [ecx.lpcbBytesReturned]
        mov     dword ptr [ecx], 8
Done:   xor     eax, eax
        LeaveProc
        Return
EndProc CIOCTL_Ioctl
VxD_LOCKED_CODE_ENDS
        end

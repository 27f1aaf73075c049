; Exports four services of different conventions.
        .386p
        include vmm.inc
Create_MYDEV_Service_Table EQU 1
        include provider.inc
Declare_Virtual_Device MYDEV, 1, 0, MYDEV_Control, MYDEV_Device_ID, VMM_Init_Order + 1000h
Begin_Control_Dispatch MYDEV
End_Control_Dispatch MYDEV
BeginProc MYDEV_Get_Version, ASYNC_SERVICE, HIGH_FREQ, LOCKED
        mov ax, 100h
        clc
        ret
EndProc MYDEV_Get_Version
BeginProc MYDEV_Double, SERVICE, LOCKED
        add eax, eax
        ret
EndProc MYDEV_Double
BeginProc MYDEV_Sum, SCALL, SERVICE, LOCKED
        ArgVar A1, DWORD
        ArgVar A2, DWORD
        EnterProc
        mov eax, A1
        add eax, A2
        LeaveProc
        Return
EndProc MYDEV_Sum
BeginProc _MYDEV_Diff, SERVICE, LOCKED, ESP
        ArgVar B1, DWORD
        ArgVar B2, DWORD
        EnterProc
        SaveReg <ebx>
        mov ebx, B1
        sub ebx, B2
        mov eax, ebx
        RestoreReg <ebx>
        LeaveProc
        Return
EndProc _MYDEV_Diff
        END

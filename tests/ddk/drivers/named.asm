; A device without an id that has services.
        .386p
Create_NAMED_Service_Table EQU 1
        include vmm.inc
        include named.inc
Declare_Virtual_Device NAMED, 1, 0, NAMED_Control, Undefined_Device_ID, Undefined_Init_Order
Begin_Control_Dispatch NAMED
End_Control_Dispatch NAMED
VxD_LOCKED_CODE_SEG
BeginProc NAMED_Get_Version, SERVICE
        mov     eax, 123h
        clc
        ret
EndProc NAMED_Get_Version
; All it is given, flags too, comes back.
BeginProc NAMED_Keep, SERVICE
        ret
EndProc NAMED_Keep
BeginProc NAMED_Difference, SERVICE, SCALL
        ArgVar  minuend, DWORD
        ArgVar  subtrahend, DWORD
        EnterProc
        mov     eax, minuend
        sub     eax, subtrahend
        LeaveProc
        Return
EndProc NAMED_Difference
VxD_LOCKED_CODE_ENDS
        end

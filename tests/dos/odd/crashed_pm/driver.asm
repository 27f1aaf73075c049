; A driver crashes the machine of the application that calls it, in a block of nested execution: the application ends with
; End_PM_App in its own virtual machine, then VM_Not_Executeable with the Crashed flag, Destroy_VM with another one current.
        include odd.inc
Declare_Virtual_Device ODD, 1, 0, ODD_Control, 7F02h, Undefined_Init_Order, , ODD_API
Message macro name
Control_Dispatch name, ODD_&name
endm
Begin_Control_Dispatch ODD
Message End_PM_App
Message VM_Not_Executeable
Message VM_Not_Executeable2
Message Destroy_VM
End_Control_Dispatch ODD

VxD_LOCKED_CODE_SEG
BeginProc ODD_End_PM_App
        VMMcall Test_Cur_VM_Handle
        Check   e, 'End_PM_App in another VM'
        Say     'End_PM_App'
        clc
        ret
EndProc ODD_End_PM_App
BeginProc ODD_VM_Not_Executeable
        VMMcall Test_Cur_VM_Handle
        Check   e, 'VM_Not_Executeable in another VM'
        Say     'VM_Not_Executeable #EDX'
        clc
        ret
EndProc ODD_VM_Not_Executeable
BeginProc ODD_VM_Not_Executeable2
        Say     'VM_Not_Executeable2 #EDX'
        clc
        ret
EndProc ODD_VM_Not_Executeable2
BeginProc ODD_Destroy_VM
        VMMcall Test_Cur_VM_Handle
        Check   ne, 'Destroy_VM in the VM itself'
        Say     'Destroy_VM'
        clc
        ret
EndProc ODD_Destroy_VM

BeginProc ODD_API
        Push_Client_State
        VMMcall Begin_Nest_Exec
        VMMcall Crash_Cur_VM
        Say     'Crash_Cur_VM has returned'
        ret
EndProc ODD_API
VxD_LOCKED_CODE_ENDS
        end

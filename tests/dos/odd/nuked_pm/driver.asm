; A virtual machine with two protected-mode applications, one inside the other, is nuked from the System VM: each ends with
; End_PM_App, the newest first, before VM_Not_Executeable (Win95 DDK S3438).
        include odd.inc
Declare_Virtual_Device ODD, 1, 0, ODD_Control, 7F02h, Undefined_Init_Order, , ODD_API

VxD_LOCKED_DATA_SEG
vm      dd 0
apps    dd 0
last    dd 0                            ; control block of the application that began last
VxD_LOCKED_DATA_ENDS

Message macro name
Control_Dispatch name, ODD_&name
endm
Begin_Control_Dispatch ODD
Message Begin_PM_App
Message End_PM_App
Message VM_Terminate
Message VM_Not_Executeable
Message Destroy_VM
End_Control_Dispatch ODD

VxD_LOCKED_CODE_SEG
BeginProc ODD_Begin_PM_App
        inc     [apps]
        mov     ecx, [apps]
        mov     [last], edi
        Say     'application #ECX begins'
        clc
        ret
EndProc ODD_Begin_PM_App
BeginProc ODD_End_PM_App
        mov     ecx, [apps]
        dec     [apps]
        Check_Eq ebx, [vm], 'End_PM_App of another VM'
        Check_Eq edi, [last], 'End_PM_App of another application'
        mov     eax, [edi.PMCB_Parent]
        mov     [last], eax
        test    [ebx.CB_VM_Status], VMStat_PM_App
        Check   nz, 'VMStat_PM_App is clear in End_PM_App'
        Say     'application #ECX ends'
        clc
        ret
EndProc ODD_End_PM_App
BeginProc ODD_VM_Terminate
        Say     'VM_Terminate'
        clc
        ret
EndProc ODD_VM_Terminate
BeginProc ODD_VM_Not_Executeable
        test    [ebx.CB_VM_Status], VMStat_PM_App + VMStat_PM_Use32
        Check   z, 'an application is left'
        Say     'VM_Not_Executeable #EDX'
        clc
        ret
EndProc ODD_VM_Not_Executeable
BeginProc ODD_Destroy_VM
        Say     'Destroy_VM'
        clc
        ret
EndProc ODD_Destroy_VM

; The inner application asks to be nuked, soon, from elsewhere.
BeginProc ODD_API
        mov     [vm], ebx
        mov     eax, 5
        mov     esi, OFFSET32 Kill
        VMMcall Set_Global_Time_Out
        ret
EndProc ODD_API
BeginProc Kill
        VMMcall Get_Sys_VM_Handle
        mov     esi, OFFSET32 Kill_Now
        VMMcall Schedule_VM_Event
        ret
EndProc Kill
BeginProc Kill_Now
        mov     ebx, [vm]
        VMMcall Nuke_VM
        VMMcall Validate_VM_Handle
        Check   c, 'the handle is still valid'
        Say     'nuked'
        ret
EndProc Kill_Now
VxD_LOCKED_CODE_ENDS
        end

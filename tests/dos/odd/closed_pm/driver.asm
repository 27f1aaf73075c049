; An application that waits in a driver's hook of a real-mode interrupt, in nested execution, on a semaphore, is closed; then its
; thread's frames, crossings and memory are given back, and a second machine can be made and run in its place (Win95 DDK S3349).
        include odd.inc
Declare_Virtual_Device ODD, 1, 0, ODD_Control, 7F02h, Undefined_Init_Order, , ODD_API
Message macro name
Control_Dispatch name, ODD_&name
endm
Begin_Control_Dispatch ODD
Control_Dispatch Device_Init, ODD_Device_Init
Message Close_VM_Notify
Message End_PM_App
Message VM_Terminate
Message VM_Not_Executeable
Message Destroy_VM
End_Control_Dispatch ODD
VxD_LOCKED_DATA_SEG
vm      dd 0
semaphore dd 0
free_   dd 0
VxD_LOCKED_DATA_ENDS
VxD_LOCKED_CODE_SEG
BeginProc ODD_Device_Init
        xor     eax, eax
        VMMcall Create_Semaphore
        mov     [semaphore], eax
        mov     eax, 60h
        mov     esi, OFFSET32 Hook_60
        VMMcall Hook_V86_Int_Chain
        clc
        ret
EndProc ODD_Device_Init
BeginProc Hook_60
        Push_Client_State
        VMMcall Begin_Nest_Exec
        mov     eax, [semaphore]
        mov     ecx, Block_Svc_Ints + Block_Enable_Ints
        VMMcall Wait_Semaphore
        Say     'the wait is over'
        VMMcall End_Nest_Exec
        Pop_Client_State
        clc
        ret
EndProc Hook_60
BeginProc ODD_API
        mov     [vm], ebx
        VMMcall _GetFreePageCount, <0>
        mov     eax, 100
        mov     esi, OFFSET32 In_A_While
        VMMcall Set_Global_Time_Out
        ret
EndProc ODD_API
BeginProc In_A_While
        VMMcall Get_Sys_VM_Handle
        mov     esi, OFFSET32 Close_Now
        VMMcall Schedule_VM_Event
        ret
EndProc In_A_While
BeginProc Close_Now
        mov     ebx, [vm]
        mov     eax, 200
        xor     ecx, ecx
        VMMcall Close_VM
        Say     'closing'
        ret
EndProc Close_Now
BeginProc ODD_Close_VM_Notify
        Say     'Close_VM_Notify #EDX'
        clc
        ret
EndProc ODD_Close_VM_Notify
BeginProc ODD_End_PM_App
        Check_Eq ebx, [vm], 'End_PM_App of another VM'
        Say     'End_PM_App'
        clc
        ret
EndProc ODD_End_PM_App
BeginProc ODD_VM_Terminate
        Say     'VM_Terminate'
        clc
        ret
EndProc ODD_VM_Terminate
BeginProc ODD_VM_Not_Executeable
        Say     'VM_Not_Executeable #EDX'
        clc
        ret
EndProc ODD_VM_Not_Executeable
BeginProc ODD_Destroy_VM
        Say     'Destroy_VM'
        clc
        ret
EndProc ODD_Destroy_VM
VxD_LOCKED_CODE_ENDS
        end

; A fault in callbacks of every kind: the exception handler of the stretch goes on with the registers and the stack of the fault
; (Win95 DDK S331B, S345A), whoever has called; a fault of the handler's own inside, too.
include check.inc
Declare_Virtual_Device TEST, 1, 0, TEST_Control, Undefined_Device_ID, Undefined_Init_Order
Begin_Control_Dispatch TEST
Control_Dispatch Device_Init, TEST_Device_Init
Control_Dispatch Sys_VM_Init, TEST_Sys_VM_Init
Control_Dispatch VM_Init, TEST_VM_Init
Control_Dispatch System_Exit, TEST_System_Exit
End_Control_Dispatch TEST

PORT    equ 3A8h
BAD     equ 0F0F0F0F0h

VxD_LOCKED_DATA_SEG
outer   Exception_Handler_Struc <0, OFFSET32 first, OFFSET32 first_end, OFFSET32 First_Over>
inner   Exception_Handler_Struc <0, OFFSET32 second, OFFSET32 second_end, OFFSET32 Second_Over>
kinds   dd 0                            ; a bit for each kind of callback that came through
nmi_hook dd 0
VxD_LOCKED_DATA_ENDS

EVENT_  equ 1
TIMEOUT_ equ 2
ASYNC_  equ 4
IO_     equ 8
INT_    equ 10h
RETURNS_ equ 20h
ENABLED_ equ 40h
CRITICAL_ equ 80h
TASK_   equ 100h
THREAD_ equ 200h
BACK_   equ 400h
VM_INIT_ equ 800h
SERVICE_ equ 1000h
PAGE_KIND equ 2000h
EXIT_   equ 4000h
ALL_    equ 7FFFh

VxD_LOCKED_CODE_SEG
; EAX = bit. All registers but EAX survive; two faults, the second in the first one's handler.
BeginProc Fault_Twice
        push    ebx
        push    esi
        mov     ebx, 0B0Bh
        mov     esi, 51h
        push    12345678h
first:  mov     ecx, [BAD + ebx]
        Say     'nothing happened'
first_end:
        ret
First_Over:
        Check_Eq ebx, 0B0Bh, 'EBX at the fault'
        inc     ebx
second: div     byte ptr [esi + BAD]
        Say     'nothing happened the second time'
second_end:
        ret
Second_Over:
        Check_Eq ebx, 0B0Ch, 'EBX at the second fault'
        Check_Eq esi, 51h, 'ESI at the second fault'
        pop     ecx
        Check_Eq ecx, 12345678h, 'the stack at the fault'
        pop     esi
        pop     ebx
        or      [kinds], eax
        ret
EndProc Fault_Twice

Kind    macro name, bit_, last
BeginProc name
        pushad
        mov     eax, bit_
        call    Fault_Twice
        popad
        last
        ret
EndProc name
endm
Kind    On_Event, EVENT_
Kind    On_Time_Out, TIMEOUT_
Kind    On_Async, ASYNC_
Kind    On_Port, IO_
Kind    On_Int, INT_, clc
Kind    On_Return, RETURNS_
Kind    On_Enabled, ENABLED_
Kind    On_Free, CRITICAL_
Kind    On_Task, TASK_
Kind    On_Thread, THREAD_
Kind    TEST_VM_Init, VM_INIT_, clc

BeginProc On_Int_63
        pushad
        xor     eax, eax
        xor     edx, edx
        mov     esi, OFFSET32 On_Return
        VMMcall Call_When_VM_Returns
        popad
        stc
        ret
EndProc On_Int_63

BeginProc On_Call_Back
        pushad
        mov     eax, BACK_
        call    Fault_Twice
        VMMcall Simulate_Far_Ret
        popad
        ret
EndProc On_Call_Back

BeginProc On_Service, HOOK_PROC, next_service
        pushfd
        pushad
        mov     eax, SERVICE_
        call    Fault_Twice
        popad
        popfd
        jmp     [next_service]
EndProc On_Service
VxD_LOCKED_DATA_SEG
next_service dd 0
VxD_LOCKED_DATA_ENDS

BeginProc On_Page
        pushad
        mov     eax, PAGE_KIND
        call    Fault_Twice
        popad
        VMMcall _GetNulPageHandle
        VMMcall _MapIntoV86, <eax, ebx, 0B1h, 1, 0, 0>
        ret
EndProc On_Page

BeginProc TEST_Device_Init
        mov     esi, OFFSET32 outer
        VMMcall Install_Exception_Handler
        Check   nc, 'the first handler'
        mov     esi, OFFSET32 inner
        VMMcall Install_Exception_Handler
        Check   nc, 'the second handler'
        mov     edx, PORT
        mov     esi, OFFSET32 On_Port
        VMMcall Install_IO_Handler
        mov     eax, 62h
        mov     esi, OFFSET32 On_Int
        VMMcall Hook_V86_Int_Chain
        mov     eax, 63h
        mov     esi, OFFSET32 On_Int_63
        VMMcall Hook_V86_Int_Chain
        mov     esi, OFFSET32 On_Task
        VMMcall Call_When_Task_Switched
        mov     esi, OFFSET32 On_Thread
        VMMcall Call_When_Thread_Switched
        mov     eax, 0B1h
        mov     esi, OFFSET32 On_Page
        VMMcall Hook_V86_Page
        Check   nc, 'Hook_V86_Page'
        clc
        ret
EndProc TEST_Device_Init

BeginProc TEST_Sys_VM_Init
        mov     ebp, [ebx.CB_Client_Pointer]
        mov     edx, PORT
        mov     ecx, Byte_Output
        VMMcall Simulate_VM_IO
        VMMcall _ModifyPageBits, <ebx, 0B1h, 1, NOT P_PRES, 0, PG_HOOKED, 0>
        mov     al, ds:[0B1000h]
        Push_Client_State
        VMMcall Begin_Nest_Exec
        mov     eax, 62h
        VMMcall Exec_Int
        mov     eax, 63h
        VMMcall Exec_Int
        xor     edx, edx
        mov     esi, OFFSET32 On_Call_Back
        VMMcall Allocate_V86_Call_Back
        movzx   edx, ax
        shr     eax, 16
        mov     ecx, eax
        VMMcall Simulate_Far_Call
        VMMcall Resume_Exec
        VMMcall Disable_VM_Ints
        mov     esi, OFFSET32 On_Enabled
        VMMcall Call_When_VM_Ints_Enabled
        VMMcall Enable_VM_Ints
        VMMcall Resume_Exec
        VMMcall End_Nest_Exec
        Pop_Client_State
        GetVxDServiceOrdinal eax, Get_VMM_Version
        mov     esi, OFFSET32 On_Service
        VMMcall Hook_Device_Service
        Check   nc, 'Hook_Device_Service'
        VMMcall Get_VMM_Version
        mov     esi, OFFSET32 On_Event
        VMMcall Schedule_Global_Event
        mov     eax, 10
        mov     esi, OFFSET32 On_Time_Out
        VMMcall Set_Global_Time_Out
        mov     eax, 10
        mov     esi, OFFSET32 On_Async
        VMMcall Set_Async_Time_Out
        mov     esi, OFFSET32 On_Free
        VMMcall Call_When_Not_Critical
        mov     eax, Create_VM
        VMMcall System_Control
        Check   nc, 'no VM'
        clc
        ret
EndProc TEST_Sys_VM_Init

BeginProc TEST_System_Exit
        mov     eax, EXIT_
        call    Fault_Twice
        mov     eax, [kinds]
        Check_Eq eax, ALL_, 'kinds of callbacks: #EAX'
        Say     'done'
        clc
        ret
EndProc TEST_System_Exit
VxD_LOCKED_CODE_ENDS
end

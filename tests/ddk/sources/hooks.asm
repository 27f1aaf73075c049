; Hooks of every kind; faults; call-backs; break points
        .386p
        INCLUDE vmm.inc
        INCLUDE debug.inc
        INCLUDE vtd.inc
        INCLUDE vdmad.inc
        INCLUDE dosmgr.inc

DECLARE_VIRTUAL_DEVICE HOOKS, 1, 0, HOOKS_Control, Undefined_Device_ID, VTD_Init_Order + 1

VxD_LOCKED_DATA_SEG
Old_Service     DD      ?
Old_GP          DD      ?
Old_Page        DD      ?
Old_Fault       DD      0
hTime           DD      0
hEvent          DD      0
Break           DD      0
Handler_Range   Exception_Handler_Struc <0, OFFSET32 Touch, OFFSET32 Touch_End, OFFSET32 Touched_Bad>
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
Begin_Control_Dispatch HOOKS
        Control_Dispatch Device_Init, HOOKS_Init
        Control_Dispatch Init_Complete, HOOKS_Complete
        Control_Dispatch Sys_Critical_Exit, HOOKS_Exit
End_Control_Dispatch HOOKS

BeginProc My_Begin_Period, HOOK_PROC, Old_Service, HIGH_FREQ
        cmp     eax, 1
        jb      short @F
        inc     hTime
@@:     jmp     [Old_Service]
EndProc My_Begin_Period

BeginProc My_GP, HOOK_PROC, Old_GP, NO_LOG
        pushad
        Assert_Ints_Disabled
        mov     ecx, [ebp.Client_EIP]
        popad
        jmp     Old_GP
EndProc My_GP

BeginProc My_Page, PUBLIC, NO_PROLOG, HOOK_PROC, Old_Page
        jmp     [Old_Page]
EndProc My_Page

BeginProc My_VMM_Fault, NEVER_REENTER, LOCAL, HOOK_PROC, Old_Fault
        jmp     Old_Fault
EndProc My_VMM_Fault

BeginProc Tick, TEST_REENTER
        Assert_Cur_VM_Handle ebx
        mov     hTime, 0
        mov     eax, 100
        mov     esi, OFFSET32 Tick
        mov     edx, OFFSET32 hTime
        VMMcall Set_Global_Time_Out
        mov     hTime, esi
        mov     eax, High_Pri_Device_Boost
        mov     ecx, PEF_Wait_For_STI OR PEF_Wait_Not_Crit OR PEF_Time_Out
        xor     edx, edx
        mov     esi, OFFSET32 Event
        mov     edi, 50
        VMMcall Call_Restricted_Event
        mov     hEvent, esi
        ret
EndProc Tick

BeginProc Event
        mov     hEvent, 0
        jc      Timed_Out
        Assert_Client_Ptr ebp
        Assert_Thread_Handle edi
        ret
Timed_Out:
        Trace_OutC "too late"
        Debug_OutEAXZ "nobody"
        ret
EndProc Event

BeginProc Touch
        mov     al, [esi]
        clc
        ret
Touch_End:
EndProc Touch

BeginProc Touched_Bad
        mov     eax, OFFSET32 Recover
        ret
Recover:
        stc
        ret
EndProc Touched_Bad
VxD_LOCKED_CODE_ENDS

VxD_ICODE_SEG
BeginProc HOOKS_Init
        GetVxDServiceOrdinal eax, VTD_Begin_Min_Int_Period
        mov     esi, OFFSET32 My_Begin_Period
        VMMcall Hook_Device_Service
        jc      Bad
        mov     eax, 0Dh
        mov     esi, OFFSET32 My_GP
        VMMcall Hook_PM_Fault
        mov     eax, 0Eh
        mov     esi, OFFSET32 My_Page
        VMMcall Hook_V86_Fault
        mov     eax, 0Eh
        mov     esi, OFFSET32 My_VMM_Fault
        VMMcall Hook_VMM_Fault
        mov     esi, OFFSET32 Handler_Range
        VMMcall Install_Exception_Handler
        mov     eax, 5
        xor     esi, esi
        VxDcall VDMAD_Virtualize_Channel
        jc      Bad
        clc
        ret
Bad:    Debug_Out "HOOKS: hook refused, EAX = #EAX, caller ?EBP"
        stc
        ret
EndProc HOOKS_Init

BeginProc HOOKS_Complete
        Begin_Touch_1st_Meg
        mov     al, ds:[449h]
        End_Touch_1st_Meg
        VxDcall DOSMGR_Get_IndosPtr
        VxDcall VTD_Get_Real_Time
        call    Tick
        CallJmp Tick, Resume
Resume: clc
        ret
EndProc HOOKS_Complete
VxD_ICODE_ENDS

VxD_PAGEABLE_CODE_SEG
BeginProc HOOKS_Exit
        mov     esi, hTime
        VMMcall Cancel_Time_Out
        mov     esi, hEvent
        VMMcall Cancel_Restricted_Event
        ASSERT_MIGHT_BLOCK
        clc
        ret
EndProc HOOKS_Exit
VxD_PAGEABLE_CODE_ENDS
        END

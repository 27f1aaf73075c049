; VTD and SHELL: periods, real time, message boxes and application time.
        .386p
        include vmm.inc
        include vtd.inc
        include shell.inc
        include print.inc

Declare_Virtual_Device TIMER, 1, 0, TIMER_Control, Undefined_Device_ID, Undefined_Init_Order

VxD_LOCKED_DATA_SEG
Text    db      "Format drive C:?", 0
Caption db      "TIMER", 0
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG

Begin_Control_Dispatch TIMER
        Control_Dispatch Init_Complete, TIMER_Init_Complete
End_Control_Dispatch TIMER

BeginProc Late
        Print   "late by #ECX"
        mov     eax, 3
        VxDCall VTD_End_Min_Int_Period
        PrintCarry "end 3"
        VxDCall VTD_Get_Interrupt_Period
        Print   "period #EAX"
        ret
EndProc Late

BeginProc Answered
        Print   "answer #EAX ref #EDX"
        ret
EndProc Answered

BeginProc Appy
        mov     eax, [esp + 4]
        mov     ecx, [esp + 8]
        Print   "appy time #EAX flags #ECX"
        ret
EndProc Appy

BeginProc TIMER_Init_Complete
        VxDCall VTD_Get_Interrupt_Period
        Print   "period #EAX"
        mov     eax, 0
        VxDCall VTD_Begin_Min_Int_Period
        PrintCarry "begin 0"
        mov     eax, 3
        VxDCall VTD_End_Min_Int_Period
        PrintCarry "end 3"
        mov     eax, 3
        VxDCall VTD_Begin_Min_Int_Period
        PrintCarry "begin 3"
        VxDCall VTD_Get_Interrupt_Period
        Print   "period #EAX"
        mov     eax, 4
        mov     esi, OFFSET32 Late
        VMMCall Set_Global_Time_Out
        mov     ecx, OFFSET32 Text
        mov     edi, OFFSET32 Caption
        mov     esi, OFFSET32 Answered
        mov     edx, 99h
        VMMCall Get_Sys_VM_Handle
        mov     eax, MB_YESNO + MB_DEFBUTTON2
        VxDCall SHELL_Message
        PrintCarry "message"
        mov     eax, MB_OKCANCEL + MB_SYSTEMMODAL
        VxDCall SHELL_SYSMODAL_Message
        Print   "modal answer #EAX"
        push    0
        push    0
        push    55h
        push    OFFSET32 Appy
        VxDCall _SHELL_CallAtAppyTime
        add     esp, 16
        or      eax, eax
        jnz     queued
        Print   "no application-time event"
queued:
        clc
        ret
EndProc TIMER_Init_Complete

VxD_LOCKED_CODE_ENDS
        END

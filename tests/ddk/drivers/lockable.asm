; Lockable code entered where nothing may block: a mistake unless its driver has locked it and said so.
        .386p
        include vmm.inc
        include debug.inc
Declare_Virtual_Device LOCKABLE, 1, 0, LOCKABLE_Control, Undefined_Device_ID, Undefined_Init_Order
Begin_Control_Dispatch LOCKABLE
        Control_Dispatch Device_Init, LOCKABLE_Start
End_Control_Dispatch LOCKABLE

BeginProc Work, LOCKABLE, NO_LOG
        ret
EndProc Work
BeginProc Count, LOCKABLE
        ret
EndProc Count

BeginProc LOCKABLE_Start, LOCKED
        mov     eax, 12345678h
        stc
        call    Work
        jnc     SHORT Changed
        cmp     eax, 12345678h
        jne     SHORT Changed
        ENTER_NOBLOCK
        MarkCodeLocked
        Trace_Out "locked"
        call    Work
        call    Count
        MarkCodeUnlocked
        Trace_Out "unlocked"
        call    Work
        EXIT_NOBLOCK
        clc
        ret
Changed:
        Trace_Out "the entry changed something"
        clc
        ret
EndProc LOCKABLE_Start
        end

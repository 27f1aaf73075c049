; Time-outs of all kinds, threads, mutexes, the scheduler
        .386p
        INCLUDE vmm.inc
        INCLUDE debug.inc
        INCLUDE vtd.inc

TICK_MS         =       10
        IFDEF   DEBUG
LIMIT           =       100
        ELSE
LIMIT           =       1000
        ENDIF

DECLARE_VIRTUAL_DEVICE  TIMERS, 1, 0, TIMERS_Control, UNDEFINED_DEVICE_ID, UNDEFINED_INIT_ORDER

VxD_LOCKED_DATA_SEG
Handles         DD      4 DUP (?)
Counter         DD      LIMIT
Mutex           DD      0
Sem             DD      0
Last            DQ      0
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
BEGIN_CONTROL_DISPATCH TIMERS
        CONTROL_DISPATCH INIT_COMPLETE, TIMERS_START
        CONTROL_DISPATCH SYSTEM_EXIT, TIMERS_STOP
END_CONTROL_DISPATCH TIMERS

BeginProc Async_Tick, HIGH_FREQ
        dec     [Counter]
        jz      SHORT @F
        pushad
        VxDCall VTD_Get_Real_Time
        mov     DWORD PTR [Last], eax
        mov     DWORD PTR [Last+4], edx
        mov     eax, [Sem]
        VMMCall Signal_Semaphore
        mov     esi, OFFSET32 Global
        VMMCall Schedule_Global_Event
        mov     eax, TICK_MS
        mov     esi, OFFSET32 Async_Tick
        VMMCall Set_Async_Time_Out
        mov     Handles[0], esi
        popad
@@:     ret
EndProc Async_Tick

BeginProc Global
        Queue_Out "global event in #EAX", ebx
        VMMCall Get_Cur_VM_Handle
        mov     eax, ebx
        VMMCall Get_Sys_VM_Handle
        cmp     eax, ebx
        je      SHORT Same
        mov     eax, Low_Pri_Device_Boost
        VMMCall Adjust_Exec_Priority
        mov     esi, OFFSET32 In_VM
        mov     ecx, PEF_Wait_For_STI + PEF_Wait_Not_Crit
        VMMCall Call_Priority_VM_Event
Same:   ret
EndProc Global

BeginProc In_VM
        mov     ecx, Block_Svc_Ints OR Block_Enable_Ints
        mov     eax, [Mutex]
        VMMCall _EnterMutex, <eax, ecx>
        VMMCall _LeaveMutex, <[Mutex]>
        mov     eax, 500
        mov     edx, 1
        mov     esi, OFFSET32 Thread_Time
        VMMCall Get_Cur_Thread_Handle
        VMMCall Set_Thread_Time_Out
        ret
EndProc In_VM

BeginProc Thread_Time
        Debug_OutNZ "ticks lost: #ECX"
        Trace_OutECXZ "in time"
        ret
EndProc Thread_Time

BeginProc Switched
        ENTER_NOBLOCK
        EXIT_NOBLOCK
        ret
EndProc Switched
VxD_LOCKED_CODE_ENDS

VxD_ICODE_SEG
BeginProc TIMERS_START
        xor     eax, eax
        VMMCall Create_Semaphore
        jc      @F
        mov     [Sem], eax
        VMMCall _CreateMutex, <0, MUTEX_MUST_COMPLETE>
        mov     [Mutex], eax
        mov     eax, TICK_MS
        VxDCall VTD_Begin_Min_Int_Period
        mov     esi, OFFSET32 Switched
        VMMCall Call_When_Task_Switched
        call    Async_Tick
        clc
@@:     ret
EndProc TIMERS_START
VxD_ICODE_ENDS

BeginProc TIMERS_STOP, SYSEXIT
        mov     esi, Handles
        VMMCall Cancel_Time_Out
        mov     eax, TICK_MS
        VxDCall VTD_End_Min_Int_Period
        VMMCall _DestroyMutex, <[Mutex]>
        clc
        ret
EndProc TIMERS_STOP
        END

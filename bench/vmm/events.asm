;
; EVENTS - what bench-vmm times
;
; WAITING events (or time-outs) that cannot run are made first.  100 ms later a
; chain begins: each callback asks for the next, COUNT times.
;
;   CHAIN = 0  global events        CHAIN = 1  global time-outs of 1 ms
;   CHAIN = 2  two threads that wake each other through semaphores
;   CHAIN = 3  nothing: WAITING threads wait for ever
;
        .386p
        include vmm.inc

Declare_Virtual_Device EVENTS, 1, 0, EVENTS_Control, Undefined_Device_ID, Undefined_Init_Order

VxD_LOCKED_DATA_SEG
Left    dd      COUNT
Ping    dd      0
Pong    dd      0
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG

Begin_Control_Dispatch EVENTS
        Control_Dispatch Init_Complete, EVENTS_Init_Complete
End_Control_Dispatch EVENTS

BeginProc EVENTS_Init_Complete
        mov     ebx, WAITING
Fill:
        or      ebx, ebx
        jz      Filled
        push    ebx
IF CHAIN EQ 1
        mov     eax, 40000000h          ; twelve days
        mov     esi, OFFSET32 Never
        VMMCall Set_Global_Time_Out
ELSEIF CHAIN EQ 3
        VMMCall VMMCreateThread, <0, 0, 0, 0, 0, 0, 0, <OFFSET32 Sleeper>, 0>
        mov     esi, eax
ELSE
        xor     eax, eax
        xor     ebx, ebx
        mov     ecx, PEF_Wait_In_PM     ; there is no protected-mode program
        mov     esi, OFFSET32 Never
        VMMCall Call_Restricted_Event
ENDIF
        pop     ebx
        or      esi, esi
        jz      Failed
        dec     ebx
        jmp     Fill
Filled:
        mov     eax, 100
        mov     esi, OFFSET32 Begin_Chain
        VMMCall Set_Global_Time_Out
        clc
        ret
Failed: stc
        ret
EndProc EVENTS_Init_Complete

BeginProc Never
        int 3
        ret
EndProc Never

IF CHAIN EQ 3
BeginProc Begin_Chain
        ret
EndProc Begin_Chain

BeginProc Sleeper
        xor     ecx, ecx
        VMMCall Create_Semaphore
        xor     ecx, ecx
        VMMCall Wait_Semaphore
        ret
EndProc Sleeper
ENDIF

IF CHAIN EQ 2
BeginProc Begin_Chain
        mov     eax, 40000000h          ; while something is due, waiting
        mov     esi, OFFSET32 Never     ; threads are no deadlock
        VMMCall Set_Global_Time_Out
        xor     ecx, ecx
        VMMCall Create_Semaphore
        mov     Ping, eax
        xor     ecx, ecx
        VMMCall Create_Semaphore
        mov     Pong, eax
        VMMCall VMMCreateThread, <0, 0, 0, 0, 0, 0, 0, <OFFSET32 First>, 0>
        VMMCall VMMCreateThread, <0, 0, 0, 0, 0, 0, 0, <OFFSET32 Second>, 0>
        ret
EndProc Begin_Chain

BeginProc First
        mov     eax, Ping
        xor     ecx, ecx
        VMMCall Wait_Semaphore
        mov     eax, Pong
        VMMCall Signal_Semaphore
        dec     Left
        jnz     First
Forever:
        mov     eax, Ping               ; there is no ring-3 code to go to
        xor     ecx, ecx
        VMMCall Wait_Semaphore
        jmp     Forever
EndProc First

BeginProc Second
        mov     eax, Ping
        VMMCall Signal_Semaphore
        mov     eax, Pong
        xor     ecx, ecx
        VMMCall Wait_Semaphore
        cmp     Left, 0
        jne     Second
        jmp     Forever
EndProc Second
ELSEIF CHAIN NE 3
BeginProc Begin_Chain
        dec     Left
        jz      Chain_Ends
        mov     esi, OFFSET32 Begin_Chain
IF CHAIN EQ 1
        mov     eax, 1
        VMMCall Set_Global_Time_Out
ELSE
        VMMCall Schedule_Global_Event
ENDIF
Chain_Ends:
        ret
EndProc Begin_Chain
ENDIF

VxD_LOCKED_CODE_ENDS
        END

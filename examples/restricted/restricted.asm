;
; RESTRICT - five ways to call Call_Restricted_Event
;
; A restricted event is a callback that the VMM runs as soon as certain things
; are true: interrupts enabled, critical section free, and so on.  This driver
; takes the critical section during Device_Init, asks for five events, and
; lets go of the section 100 milliseconds later:
;
;   1  nothing to wait for             runs at once, before the call returns
;   2  PEF_Always_Sched                is queued all the same, runs soon after
;   3  PEF_Wait_Not_Crit               waits until the section is free
;   4  the same with PEF_Time_Out      waits 20 ms and is called with carry set
;   5  PEF_Wait_Not_Crit               is cancelled after 60 ms, still waiting
;
; Build and run:  vxd build -o restricted.vxd restricted.asm
;                 vxd run restricted.vxd
;
        .386p

        .XLIST
        include vmm.inc
        .LIST

Declare_Virtual_Device RESTRICT, 1, 0, RESTRICT_Control, Undefined_Device_ID, Undefined_Init_Order


;------------------------------------------------------------------------------
; Data.  Callbacks may run at any time, so what they touch stays locked.
;------------------------------------------------------------------------------

VxD_LOCKED_DATA_SEG

Handles         dd      6 dup (0)       ; by event number; 0 = not waiting

VxD_LOCKED_DATA_ENDS


;
; Print "text": writes a line to the debugging device.  #EAX, #DL and the like
; stand for the registers' values at this point.  Out_Debug_String wants flags
; and registers pushed in this order; nothing is changed.  (Trace_Out would do
; the same, but only in a debug build.)
;
Print   MACRO text
        LOCAL string
VxD_LOCKED_DATA_SEG NO_ALIGN
string  db      text, 13, 10, 0
VxD_LOCKED_DATA_ENDS
        pushfd
        pushad
        mov     esi, OFFSET32 string
        VMMCall Out_Debug_String
        popad
        popfd
        ENDM


;------------------------------------------------------------------------------
; Control messages
;------------------------------------------------------------------------------

VxD_LOCKED_CODE_SEG

Begin_Control_Dispatch RESTRICT
        Control_Dispatch Device_Init, RESTRICT_Device_Init
End_Control_Dispatch RESTRICT

VxD_LOCKED_CODE_ENDS


;------------------------------------------------------------------------------
; Initialisation: discarded once all devices are up
;------------------------------------------------------------------------------

VxD_ICODE_SEG

;
; RESTRICT_Device_Init
;
; Entry:  EBX = system VM
; Exit:   carry clear: stay loaded
;
BeginProc RESTRICT_Device_Init

        xor     ecx, ecx                ; nobody has it: no block flags needed
        VMMCall Begin_Critical_Section
        Print   "RESTRICT: critical section taken"

        mov     eax, 100                ; first see to it that it will be
        mov     esi, OFFSET32 Release_Section   ; released
        VMMCall Set_Global_Time_Out
        or      esi, esi
        jz      SHORT Init_Failed

        mov     edx, 1                  ; nothing to wait for
        xor     ecx, ecx
        call    Start_Event

        mov     edx, 2                  ; nothing to wait for, but not now
        mov     ecx, PEF_Always_Sched
        call    Start_Event

        mov     edx, 3                  ; once the critical section is free
        mov     ecx, PEF_Wait_Not_Crit
        call    Start_Event

        mov     edx, 4                  ; the same, for 20 ms at most
        mov     ecx, PEF_Wait_Not_Crit OR PEF_Time_Out
        mov     edi, 20
        call    Start_Event

        mov     edx, 5                  ; will be cancelled
        mov     ecx, PEF_Wait_Not_Crit
        call    Start_Event

        mov     eax, 60
        mov     esi, OFFSET32 Cancel_Event      ; EDX: still the number
        VMMCall Set_Global_Time_Out

        clc
        ret

Init_Failed:
        VMMCall End_Critical_Section
        stc
        ret

EndProc RESTRICT_Device_Init


;
; Start_Event
;
; Entry:  ECX = PEF flags
;         EDX = event number
;         EDI = milliseconds, if the flags have PEF_Time_Out
; Exit:   Handles[EDX] set; EAX, EBX, ESI, flags changed
;
BeginProc Start_Event

        xor     eax, eax                ; no boost
        xor     ebx, ebx                ; a global event: any VM will do
        mov     esi, OFFSET32 Event_Callback
        VMMCall Call_Restricted_Event
        mov     Handles[edx*4], esi
        or      esi, esi
        jz      SHORT At_Once
        Print   "event #DL: waits, handle #ESI"
        ret

At_Once:
        Print   "event #DL: has run before the call returned, ESI = #ESI"
        ret

EndProc Start_Event

VxD_ICODE_ENDS


;------------------------------------------------------------------------------
; Callbacks
;------------------------------------------------------------------------------

VxD_LOCKED_CODE_SEG

;
; Event_Callback
;
; Entry:  EBX = current VM, EDI = current thread, EBP = its client registers
;         EDX = event number
;         carry set if the event ran out of time
; Exit:   EAX, EBX, ECX, EDX, ESI, EDI, flags may be changed
;
BeginProc Event_Callback

        mov     Handles[edx*4], 0       ; the handle is dead from now on (and
        jc      SHORT Timed_Out         ;   mov leaves the carry alone)
        Print   "event #DL: runs. VM #EBX, client registers #EBP, reference #EDX, carry clear"
        ret

Timed_Out:
        Print   "event #DL: timed out. VM #EBX, client registers #EBP, reference #EDX, carry set"
        ret

EndProc Event_Callback


;
; Cancel_Event: 60 ms after Device_Init
;
; Entry:  EDX = event number, ECX = ms late
;
BeginProc Cancel_Event

        Print   "60 ms: event #DL is cancelled, ECX = #ECX (ms late)"
        xor     esi, esi                ; take the handle and leave 0: whoever
        xchg    esi, Handles[edx*4]     ;   comes first, nobody cancels twice
        VMMCall Cancel_Restricted_Event
        ret

EndProc Cancel_Event


;
; Release_Section: 100 ms after Device_Init
;
; Runs in the thread that took the section, there being no other yet.
;
BeginProc Release_Section

        Print   "100 ms: critical section released, ECX = #ECX (ms late)"
        VMMCall End_Critical_Section
        ret

EndProc Release_Section

VxD_LOCKED_CODE_ENDS

        END

;
; VM - what bench-vm times
;
; 100 ms after boot the work begins: COUNT rounds, the bytes of the V86 code lie
; in the System VM.
;
;   WORK = 0  V86 instructions: COUNT times 65536 turns of a loop of seven
;   WORK = 1  Exec_Int of an interrupt whose handler is an IRET
;   WORK = 2  a trapped IN of V86 code      WORK = 3  a trapped OUT
;   WORK = 4  an INT of V86 code whose hook services it
;   WORK = 5  a far call of V86 code to a V86 call-back
;   WORK = 6  hardware interrupts of the timer, to a driver's procedure
;   WORK = 7  hardware interrupts of the timer, reflected into the System VM
;   WORK = 8  switches between VMS virtual machines, an event in each
;
        .386p
        include vmm.inc
        include vpicd.inc

Declare_Virtual_Device VM, 1, 0, VM_Control, Undefined_Device_ID, Undefined_Init_Order

PORT    equ 3E8h

VxD_LOCKED_DATA_SEG
Left    dd      COUNT
Code    dd      0
Timer   dd      0
Current dd      0
Machines dd     1100 dup (0)
Descriptor VPICD_IRQ_Descriptor <0, 0, OFFSET32 Hw_Int>

Work_0  db      0BBh                            ; mov bx, COUNT
        dw      COUNT AND 0FFFFh
        db      33h, 0C9h                       ; outer: xor cx, cx
        db      03h, 04h                        ; inner: add ax, [si]
        db      31h, 0C2h                       ;        xor dx, ax
        db      46h                             ;        inc si
        db      81h, 0E6h, 0FFh, 0Fh            ;        and si, 0FFFh
        db      89h, 15h                        ;        mov [di], dx
        db      49h                             ;        dec cx
        db      75h, 0F2h                       ;        jnz inner
        db      4Bh                             ; dec bx
        db      75h, 0EDh                       ; jnz outer
        db      0CBh                            ; retf
Work_2  db      0ECh, 66h, 49h, 75h, 0FBh, 0CBh ; in al, dx; dec ecx; jnz
Work_3  db      0EEh, 66h, 49h, 75h, 0FBh, 0CBh ; out dx, al; dec ecx; jnz
Work_4  db      0CDh, 61h, 66h, 49h, 75h, 0FAh, 0CBh ; int 61h; dec ecx; jnz
Work_5  db      9Ah                             ; call far
Far_To  dd      0
        db      66h, 49h, 75h, 0F7h, 0CBh
Iret_16 db      0CFh
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG

Begin_Control_Dispatch VM
        Control_Dispatch Device_Init, VM_Device_Init
        Control_Dispatch Sys_VM_Init, VM_Sys_VM_Init
End_Control_Dispatch VM

BeginProc VM_Device_Init
        VMMCall _Allocate_Global_V86_Data_Area, <2000h, GVDAPageAlign+GVDAZeroInit>
        mov     Code, eax
        mov     edx, PORT
        mov     esi, OFFSET32 Port_Handler
        VMMCall Install_IO_Handler
        mov     eax, 61h
        mov     esi, OFFSET32 Int_Hook
        VMMCall Hook_V86_Int_Chain
IF WORK EQ 6
        mov     edi, OFFSET32 Descriptor
        VxDCall VPICD_Virtualize_IRQ
        mov     Timer, eax
        VxDCall VPICD_Physically_Unmask
ENDIF
        clc
        ret
EndProc VM_Device_Init

BeginProc VM_Sys_VM_Init
IF VMS GT 1
        mov     edi, VMS-1
Make:   mov     eax, Create_VM
        VMMCall System_Control
        jc      Made
        mov     Machines[edi*4], ebx
        dec     edi
        jnz     Make
Made:
ENDIF
        VMMCall Get_Sys_VM_Handle
        mov     Machines, ebx
        mov     eax, 100
        mov     esi, OFFSET32 Begin_Work
        VMMCall Set_Global_Time_Out
        clc
        ret
EndProc VM_Sys_VM_Init

BeginProc Port_Handler, High_Freq
        mov     al, 5Ah
        ret
EndProc Port_Handler

BeginProc Int_Hook, High_Freq
        clc
        ret
EndProc Int_Hook

BeginProc Call_Back, High_Freq
        VMMJmp  Simulate_Far_Ret
EndProc Call_Back

; A machine's next event is asked for in the one before it.
BeginProc In_VM, High_Freq
        dec     Left
        jz      Chain_Ends
        inc     Current
        cmp     Current, VMS
        jb      Next
        mov     Current, 0
Next:   mov     ecx, Current
        mov     ebx, Machines[ecx*4]
        mov     esi, OFFSET32 In_VM
        VMMCall Schedule_VM_Event
Chain_Ends:
        ret
EndProc In_VM

BeginProc Hw_Int, High_Freq
        VxDCall VPICD_Phys_EOI
        dec     Left
        jnz     Timer_Goes_On
        mov     al, 0FFh
        out     21h, al
Timer_Goes_On:
        clc
        ret
EndProc Hw_Int

; The timer's period in units of 838 ns.
Start_Timer:
        mov     al, 34h
        out     43h, al
        mov     al, 24
        out     40h, al
        xor     al, al
        out     40h, al
        ret

BeginProc Begin_Work
        VMMCall Get_Sys_VM_Handle
        mov     esi, OFFSET32 In_System_VM
        VMMCall Schedule_VM_Event
        ret
EndProc Begin_Work

BeginProc In_System_VM
IF WORK EQ 8
        call    In_VM
ELSEIF WORK EQ 6
        call    Start_Timer
ELSE
        Push_Client_State
        VMMCall Begin_Nest_V86_Exec
        mov     ebp, [ebx].CB_Client_Pointer
        mov     ecx, Code
        shr     ecx, 4
        mov     [ebp].Client_DS, cx
        mov     [ebp].Client_SS, cx             ; a program's stack, not page 0
        mov     [ebp].Client_ESP, 1F00h
        mov     [ebp].Client_ESI, 1000h
        mov     [ebp].Client_EDI, 1800h
        mov     [ebp].Client_ECX, COUNT
        mov     [ebp].Client_EDX, PORT
IF WORK EQ 1
        VMMCall _lmemcpy, <Code, <OFFSET32 Iret_16>, 1>
        mov     eax, 60h
        mov     ecx, Code
        shr     ecx, 4
        xor     edx, edx
        VMMCall Set_V86_Int_Vector
Again:  mov     eax, 60h
        VMMCall Exec_Int
        dec     Left
        jnz     Again
ELSE
IF WORK EQ 5
        mov     esi, OFFSET32 Call_Back
        VMMCall Allocate_V86_Call_Back
        mov     Far_To, eax
        VMMCall _lmemcpy, <Code, <OFFSET32 Work_5>, 11>
ELSEIF WORK EQ 0
        VMMCall _lmemcpy, <Code, <OFFSET32 Work_0>, 23>
ELSEIF WORK EQ 2
        VMMCall _lmemcpy, <Code, <OFFSET32 Work_2>, 6>
ELSEIF WORK EQ 3
        VMMCall _lmemcpy, <Code, <OFFSET32 Work_3>, 6>
ELSE
        VMMCall _lmemcpy, <Code, <OFFSET32 Work_4>, 7>
ENDIF
        mov     ecx, Code
        shr     ecx, 4
        xor     edx, edx
        VMMCall Simulate_Far_Call
        VMMCall Resume_Exec
ENDIF
        VMMCall End_Nest_Exec
        Pop_Client_State
ENDIF
        ret
EndProc In_System_VM

VxD_LOCKED_CODE_ENDS
        END

; The time slicer: three VMs that loop. Two run in the background and share the processor by their weights, the third may
; not and stands still until it gets the execution focus; with VMStat_Exclusive nobody else runs.
;! input-range
include check.inc
Declare_Virtual_Device TEST, 1, 0, TEST_Control, Undefined_Device_ID, Undefined_Init_Order
Begin_Control_Dispatch TEST
Control_Dispatch Sys_VM_Init, TEST_Sys_VM_Init
Control_Dispatch VM_Init, TEST_VM_Init
End_Control_Dispatch TEST

; What the VMs run: 15 million instructions, 0.3 s, then they halt.
CODE    equ 70000h                      ; mov ecx, 7500000 / again: dec ecx / jnz again / hlt / jmp $-1

VxD_LOCKED_DATA_SEG
light   dd 0
heavy   dd 0
waiting dd 0
cb      dd 0                            ; execution time of a VM, as it has noted it
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
; EBX = a new VM
BeginProc New_VM
        mov     eax, Create_VM
        VMMcall System_Control
        Check   nc, 'no VM'
        ret
EndProc New_VM

; EBX = VM, ESI = its weights, EDI = flags
BeginProc Weigh
        push    esi
        VMMcall Get_Time_Slice_Priority
        pop     esi
        Check_Eq eax, VMStat_Background, 'a VM does not begin in the background'
        mov     eax, edi
        mov     ecx, esi
        mov     edx, esi
        VMMcall Set_Time_Slice_Priority
        Check   nc, 'Set_Time_Slice_Priority'
        ret
EndProc Weigh

BeginProc TEST_Sys_VM_Init
        pushad
        VMMcall _Allocate_Device_CB_Area, <4, 0>
        mov     [cb], eax
        call    New_VM
        mov     [light], ebx
        mov     edi, VMStat_Background
        mov     esi, 50
        call    Weigh
        call    New_VM
        mov     [heavy], ebx
        mov     edi, VMStat_Background
        mov     esi, 150
        call    Weigh
        call    New_VM
        mov     [waiting], ebx
        xor     edi, edi
        mov     esi, 150
        call    Weigh
        VMMcall Get_Time_Slice_Info
        Check_Eq eax, 3, 'VMs that get time'
        mov     eax, 20
        VMMcall Set_Time_Slice_Granularity
        mov     eax, 251                ; too long
        VMMcall Set_Time_Slice_Granularity
        VMMcall Get_Time_Slice_Granularity
        Check_Eq eax, 250, 'the longest time slice'
        mov     eax, 20
        VMMcall Set_Time_Slice_Granularity
        VMMcall Get_Sys_VM_Handle
        mov     eax, 80000000h       ; no such flag
        mov     ecx, 100
        mov     edx, 50
        VMMcall Set_Time_Slice_Priority
        Check   c, 'unknown flags are taken'
        mov     eax, 320
        mov     esi, OFFSET32 Measure
        VMMcall Set_Global_Time_Out
        popad
        clc
        ret
EndProc TEST_Sys_VM_Init

BeginProc TEST_VM_Init
        mov     word ptr ds:[CODE], 0B966h
        mov     dword ptr ds:[CODE+2], 7500000
        mov     dword ptr ds:[CODE+6], 0FC754966h
        mov     dword ptr ds:[CODE+10], 0FDEBF4h
        mov     [ebp.Client_CS], CODE / 16
        mov     [ebp.Client_EIP], 0
        clc
        ret
EndProc TEST_VM_Init

; In the VM: how long has it run?
BeginProc Note
        VMMcall Get_VM_Exec_Time
        mov     ecx, [cb]
        mov     [ebx+ecx], eax
        ret
EndProc Note

; The VMs note their time.
BeginProc Note_All
        mov     ebx, [light]
        mov     esi, OFFSET32 Note
        VMMcall Schedule_VM_Event
        mov     ebx, [heavy]
        mov     esi, OFFSET32 Note
        VMMcall Schedule_VM_Event
        ret
EndProc Note_All

BeginProc Measure
        call    Note_All
        mov     eax, 80
        mov     esi, OFFSET32 Compare
        VMMcall Set_Global_Time_Out
        ret
EndProc Measure

; The heavy one has had three times as long, give or take a slice. Then the third comes to the front.
BeginProc Compare
        mov     ecx, [cb]
        mov     eax, [light]
        mov     eax, [eax+ecx]
        mov     edx, [heavy]
        mov     edx, [edx+ecx]
        lea     eax, [eax+2*eax]        ; three times the light one
        sub     eax, edx
        add     eax, 60
        cmp     eax, 120
        Check   be, 'time is not shared by weight: #EAX, heavy one #EDX'
        mov     eax, [waiting]
        Check_Eq <dword ptr [eax+ecx]>, 0, 'a VM ran that may not'
        xor     eax, eax
        xor     edx, edx
        mov     ecx, PEF_Always_Sched
        VMMcall Get_Sys_VM_Handle
        mov     esi, OFFSET32 In_System_VM
        VMMcall Call_Restricted_Event
        ret
EndProc Compare

BeginProc In_System_VM
        mov     ebx, [waiting]
        VMMcall Set_Execution_Focus
        Check   nc, 'the System VM cannot give the focus'
        VMMcall Get_Execution_Focus
        Check_Eq ebx, [waiting], 'the focus'
        VMMcall Get_Time_Slice_Priority
        or      eax, VMStat_Exclusive
        VMMcall Set_Time_Slice_Priority
        mov     eax, 80
        mov     ebx, [waiting]
        mov     esi, OFFSET32 Alone
        VMMcall Set_VM_Time_Out
        ret
EndProc In_System_VM

; In the VM with the focus, after it has run for 80 ms without a break. A VM that is not the System VM cannot give the
; focus away. Boosting the others shows that they have stood still.
BeginProc Alone
        Check_Eq ebx, [waiting], 'the focus is elsewhere'
        cmp     ecx, 40
        Check   b, 'a VM that runs exclusively was held up'
        mov     ebx, [light]
        VMMcall Set_Execution_Focus
        Check   c, 'a VM has given the focus to another'
        mov     ebx, [waiting]
        VMMcall Set_Execution_Focus
        Check   nc, 'a VM cannot take the focus'
        mov     eax, -20                ; still legal, but it defeats the purpose
        VMMcall Adjust_Execution_Time
        mov     [ebp.Client_CS], 0F000h
        mov     [ebp.Client_EIP], 0E000h
        mov     ebx, [light]
        call    Stop_It
        mov     ebx, [heavy]
        call    Stop_It
        Say     'done'
        ret
EndProc Alone

; EBX = VM: it goes back to the idle loop.
BeginProc Stop_It
        mov     esi, OFFSET32 Idle_Loop
        mov     eax, Low_Pri_Device_Boost
        xor     ecx, ecx
        VMMcall Call_Priority_VM_Event
        ret
EndProc Stop_It

BeginProc Idle_Loop
        mov     [ebp.Client_CS], 0F000h
        mov     [ebp.Client_EIP], 0E000h
        ret
EndProc Idle_Loop
VxD_LOCKED_CODE_ENDS
end

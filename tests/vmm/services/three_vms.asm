; Three VMs and what belongs to each of them: hooked pages touched low and high, pages mapped into a VM that is not current, ports
; trapped in one only, events and time-outs of a suspended VM, task switches (VDAG31 Hook_V86_Page, _MapIntoV86, Suspend_VM;
; Win95 DDK S31F0-S31F4, S334A-S334D, S3353).
include check.inc
Declare_Virtual_Device TEST, 1, 0, TEST_Control, Undefined_Device_ID, Undefined_Init_Order
Begin_Control_Dispatch TEST
Control_Dispatch Device_Init, TEST_Device_Init
Control_Dispatch Sys_VM_Init, TEST_Sys_VM_Init
Control_Dispatch VM_Init, TEST_VM_Init
Control_Dispatch VM_Suspend, TEST_VM_Suspend
Control_Dispatch VM_Resume, TEST_VM_Resume
End_Control_Dispatch TEST

PORT    equ 3A8h
PAGE_   equ 0B1h
MAPPED  equ 50h

VxD_LOCKED_DATA_SEG
system  dd 0
one     dd 0
two     dd 0
inits   dd 0
ports   dd 0                            ; calls of the handler
port_vm dd 0
page_vm dd 0
hooks   dd 0
block   dd 0
area    dd 0                            ; global V86 memory
events  dd 0
late    dd 0
suspends dd 0
resumes dd 0
refuse  dd 0
last_vm dd 0
switches dd 0
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
BeginProc TEST_Device_Init
        mov     edx, PORT
        mov     esi, OFFSET32 Port_Handler
        VMMcall Install_IO_Handler
        Check   nc, 'cannot install'
        VMMcall Disable_Global_Trapping
        mov     eax, PAGE_
        mov     esi, OFFSET32 Page_Hook
        VMMcall Hook_V86_Page
        Check   nc, 'cannot hook the page'
        VMMcall _Allocate_Global_V86_Data_Area, <16, GVDAParaAlign>
        mov     [area], eax
        mov     dword ptr [eax], 0CBECh ; in al,dx / retf
        mov     esi, OFFSET32 Switched
        VMMcall Call_When_Task_Switched
        clc
        ret
EndProc TEST_Device_Init

BeginProc Port_Handler
        inc     [ports]
        mov     [port_vm], ebx
        Check_Eq ecx, Byte_Input, 'type of a port'
        mov     al, 42h
        ret
EndProc Port_Handler

; Gives a page of the block to whoever touched the page; EBX may not be the current VM.
BeginProc Page_Hook
        inc     [hooks]
        mov     [page_vm], ebx
        Check_Eq eax, PAGE_, 'EAX of the page hook'
        xor     ecx, ecx
        cmp     ebx, [two]
        jne     @F
        inc     ecx
@@:     VMMcall _MapIntoV86, <[block], ebx, PAGE_, 1, ecx, 0>
        Check_Ne eax, 0, '_MapIntoV86 in the hook'
        ret
EndProc Page_Hook

BeginProc Switched
        Check_Ne eax, ebx, 'a task switch to the same VM'
        cmp     [last_vm], 0
        je      @F
        Check_Eq eax, [last_vm], 'the previous VM of a task switch'
@@:     mov     [last_vm], ebx
        VMMcall Test_Cur_VM_Handle
        Check   e, 'the VM of a task switch is not current'
        inc     [switches]
        ret
EndProc Switched

; AL from the port, in V86 code of the current VM.
BeginProc Read_Port
        Push_Client_State
        VMMcall Begin_Nest_V86_Exec
        mov     [ebp.Client_DX], PORT
        mov     [ebp.Client_AX], 0
        mov     ecx, [area]
        shr     ecx, 4
        xor     edx, edx
        VMMcall Simulate_Far_Call
        VMMcall Resume_Exec
        movzx   eax, [ebp.Client_AL]
        VMMcall End_Nest_Exec
        push    eax
        pop     [late]
        Pop_Client_State
        mov     eax, [late]
        mov     [late], 0
        ret
EndProc Read_Port

BeginProc TEST_VM_Init
        pushad
        inc     [inits]
        mov     ebp, [ebx.CB_Client_Pointer]
        mov     [ports], 0
        call    Read_Port
        cmp     ebx, [two]
        je      @F
        Check_Eq [ports], 0, 'trapped in the first VM'
        jmp     pages
@@:     Check_Eq [ports], 1, 'not trapped in the second VM'
        Check_Eq eax, 42h, 'what the handler gives: #EAX'
        Check_Eq [port_vm], ebx, 'the VM of the handler'
pages:  mov     eax, ebx
        mov     dword ptr ds:[PAGE_*1000h], eax
        Check_Eq [hooks], 2, 'the hook is called again for a page that is there'
        mov     esi, [ebx.CB_High_Linear]
        Check_Eq [esi+PAGE_*1000h], ebx, 'the page at its high address'
        mov     eax, dword ptr ds:[MAPPED*1000h]
        Check_Eq eax, ebx, 'what was mapped from outside'
        popad
        clc
        ret
EndProc TEST_VM_Init

BeginProc TEST_VM_Suspend
        inc     [suspends]
        test    [ebx.CB_VM_Status], VMStat_Suspended
        Check   nz, 'VMStat_Suspended is clear in VM_Suspend'
        clc
        ret
EndProc TEST_VM_Suspend
BeginProc TEST_VM_Resume
        inc     [resumes]
        cmp     [refuse], 0
        je      @F
        mov     [refuse], 0
        stc
        ret
@@:     clc
        ret
EndProc TEST_VM_Resume

BeginProc Event
        inc     [events]
        Check_Eq ebx, [one], 'the VM of an event'
        VMMcall Test_Cur_VM_Handle
        Check   e, 'an event outside its VM'
        test    [ebx.CB_VM_Status], VMStat_Suspended
        Check   z, 'an event of a suspended VM'
        ret
EndProc Event

; A VM with its page of the block mapped at MAPPED. EBX = VM.
BeginProc Make
        mov     eax, Create_VM
        VMMcall System_Control
        Check   nc, 'no VM'
        VMMcall _PageAllocate, <1, PG_VM, ebx, 0, 0, 0, 0, PAGEZEROINIT>
        Check_Ne eax, 0, 'no page'
        VMMcall _MapIntoV86, <eax, ebx, MAPPED, 1, 0, 0>
        Check_Ne eax, 0, '_MapIntoV86 into another VM'
        mov     esi, [ebx.CB_High_Linear]
        mov     [esi+MAPPED*1000h], ebx
        VMMcall _ModifyPageBits, <ebx, PAGE_, 1, NOT P_PRES, 0, PG_HOOKED, 0>
        Check_Ne eax, 0, '_ModifyPageBits'
        ret
EndProc Make

BeginProc TEST_Sys_VM_Init
        mov     [system], ebx
        VMMcall _PageAllocate, <2, PG_VM, ebx, 0, 0, 0, 0, PAGEZEROINIT>
        mov     [block], eax
        Check_Ne eax, 0, 'no block'
        call    Make
        mov     [one], ebx
        call    Make
        mov     [two], ebx
        mov     edx, PORT
        VMMcall Enable_Local_Trapping
        VMMcall Enable_Local_Trapping   ; no count
        mov     eax, dword ptr ds:[MAPPED*1000h]
        Check_Ne eax, [one], 'mapped into the current VM, too'
;       the high address of a VM that has not run
        mov     [page_vm], 0
        mov     ebx, [one]
        mov     esi, [ebx.CB_High_Linear]
        mov     dword ptr [esi+PAGE_*1000h+4], 1111h
        Check_Eq [page_vm], ebx, 'the VM of the hook, touched high'
        mov     ebx, [two]
        mov     esi, [ebx.CB_High_Linear]
        mov     dword ptr [esi+PAGE_*1000h+4], 2222h
        Check_Eq [page_vm], ebx, 'the VM of the hook, touched high in the second'
        Check_Eq [hooks], 2, 'calls of the hook'
        mov     ebx, [one]
        mov     esi, [ebx.CB_High_Linear]
        Check_Eq <dword ptr [esi+PAGE_*1000h+4]>, 1111h, 'the first VM''s page'
        mov     eax, [block]
        Check_Eq <dword ptr [eax+4]>, 1111h, 'the block''s first page'
        Check_Eq <dword ptr [eax+1004h]>, 2222h, 'the block''s second page'

;       a VM suspended twice runs no events
        mov     ebx, [one]
        VMMcall Suspend_VM
        Check   nc, 'Suspend_VM'
        VMMcall Suspend_VM
        Check   nc, 'Suspend_VM twice'
        Check_Eq [suspends], 1, 'VM_Suspend for each call'
        mov     esi, OFFSET32 Event
        VMMcall Schedule_VM_Event
        mov     eax, 60
        mov     esi, OFFSET32 Stage_1
        VMMcall Set_Global_Time_Out
        clc
        ret
EndProc TEST_Sys_VM_Init

BeginProc Stage_1
        mov     esi, OFFSET32 Then_1
        VMMcall Get_Sys_VM_Handle
        VMMcall Schedule_VM_Event
        ret
EndProc Stage_1
BeginProc Then_1
        Check_Eq [events], 0, 'an event ran in a suspended VM'
        Check_Eq [inits], 1, 'VMs that have begun'
        mov     ebx, [one]
        VMMcall Resume_VM
        Check   nc, 'the first Resume_VM'
        Check_Eq [resumes], 0, 'VM_Resume for each call'
        mov     [refuse], 1
        VMMcall Resume_VM
        Check   c, 'Resume_VM that a device refuses'
        test    [ebx.CB_VM_Status], VMStat_Suspended
        Check   nz, 'not suspended after a refusal'
        mov     [refuse], 1
        VMMcall No_Fail_Resume_VM
        test    [ebx.CB_VM_Status], VMStat_Suspended
        Check   z, 'suspended after No_Fail_Resume_VM'
        VMMcall Resume_VM
        Check   c, 'Resume_VM of a VM that runs'
        mov     eax, 60
        mov     esi, OFFSET32 Stage_2
        VMMcall Set_Global_Time_Out
        ret
EndProc Then_1
BeginProc Stage_2
        mov     esi, OFFSET32 Then_2
        VMMcall Get_Sys_VM_Handle
        VMMcall Schedule_VM_Event
        ret
EndProc Stage_2
BeginProc Then_2
        Check_Eq [events], 1, 'the event after the resumption'
        Check_Eq [inits], 2, 'VMs that have begun at the end'
        cmp     [switches], 4
        Check   ae, 'task switches'
        mov     ebx, [system]
        VMMcall Suspend_VM
        Check   c, 'the System VM can be suspended'
        mov     ebx, [two]
        mov     edx, PORT
        VMMcall Disable_Local_Trapping  ; once for two
        mov     edx, PORT
        VMMcall Remove_IO_Handler
        Check   nc, 'Remove_IO_Handler'
        mov     eax, PAGE_
        mov     esi, OFFSET32 Page_Hook
        VMMcall Unhook_V86_Page
        Check   nc, 'Unhook_V86_Page'
        Say     'done'
        ret
EndProc Then_2
VxD_LOCKED_CODE_ENDS
end

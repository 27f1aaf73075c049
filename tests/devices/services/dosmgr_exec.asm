; DOSMGR runs a program in a virtual machine that a driver has made; here there is no drive C:, so the program cannot be
; loaded, and the driver hears of the end (VDAG31 _DOSMGR_Exec_VM).
include check.inc
include dosmgr.inc
Declare_Virtual_Device TEST, 1, 0, TEST_Control, Undefined_Device_ID, Undefined_Init_Order
Begin_Control_Dispatch TEST
Control_Dispatch Sys_VM_Init, TEST_Sys_VM_Init
Control_Dispatch Create_VM, TEST_Create_VM
Control_Dispatch VM_Init, TEST_VM_Init
Control_Dispatch VM_Terminate, TEST_VM_Terminate
End_Control_Dispatch TEST

VxD_LOCKED_DATA_SEG
second  dd 0
overs   dd 0
tail    db 3, ' ab', 0Dh
long    db 127, 127 dup ('x'), 0Dh
program db 'C:\NONE.COM', 0
where   db 'C:\', 0
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
BeginProc TEST_Sys_VM_Init
        mov     eax, Create_VM
        xor     ebx, ebx
        VMMcall System_Control
        clc
        ret
EndProc TEST_Sys_VM_Init

BeginProc TEST_Create_VM
        mov     [second], ebx
        mov     esi, 51h
        mov     edi, 52h
        push    ebp
        mov     ebp, 53h
;! input-range
        VxDcall _DOSMGR_Set_Exec_VM_Data, <ebx, OFFSET32 long, OFFSET32 program, 0>
        VxDcall _DOSMGR_Set_Exec_VM_Data, <ebx, OFFSET32 tail, OFFSET32 program, OFFSET32 where>
        Check_Eq ebx, [second], 'EBX: #EBX'
        Check_Eq esi, 51h, 'ESI: #ESI'
        Check_Eq edi, 52h, 'EDI: #EDI'
        Check_Eq ebp, 53h, 'EBP: #EBP'
        pop     ebp
;! input-range
        VxDcall _DOSMGR_Exec_VM, <ebx, 40h, OFFSET32 Over, 5678h>
        clc
        ret
EndProc TEST_Create_VM

BeginProc TEST_VM_Init
        Check_Eq ebx, [second], 'another VM: #EBX'
        mov     esi, 51h
        mov     edi, 52h
        push    ebp
        mov     ebp, 53h
        VxDcall _DOSMGR_Exec_VM, <ebx, 40h, OFFSET32 Over, 5678h>
        Check_Eq ebx, [second], 'EBX: #EBX'
        Check_Eq esi, 51h, 'ESI: #ESI'
        Check_Eq edi, 52h, 'EDI: #EDI'
        Check_Eq ebp, 53h, 'EBP: #EBP'
        pop     ebp
        clc
        ret
EndProc TEST_VM_Init

; EBX = VM, EBP = client registers, EDX = reference; the VM still runs.
BeginProc Over
        inc     [overs]
        Check_Eq ebx, [second], 'over: #EBX'
        Check_Eq edx, 5678h, 'reference: #EDX'
        Check_Eq ebp, [ebx.CB_Client_Pointer], 'client: #EBP'
        VMMcall Get_Cur_VM_Handle
        Check_Eq ebx, [second], 'current: #EBX'
        ret
EndProc Over

BeginProc TEST_VM_Terminate
        cmp     ebx, [second]
        jne     @F
        Check_Eq [overs], 1, 'the callback comes once, before'
        Say     'done'
@@:
        clc
        ret
EndProc TEST_VM_Terminate
VxD_LOCKED_CODE_ENDS
        END

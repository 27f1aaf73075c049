; Faults of V86 code: hooks made at Device_Init come before the VMM's own handlers, those made at Sys_Critical_Init behind
; them; not handled means a jump to the previous one with all registers; a handler may move the client on (Win95 DDK
; S3310-S3320). Divide errors are the program's own business.
include check.inc
Declare_Virtual_Device TEST, 1, 0, TEST_Control, Undefined_Device_ID, Undefined_Init_Order
Begin_Control_Dispatch TEST
Control_Dispatch Sys_Critical_Init, TEST_Sys_Critical_Init
Control_Dispatch Device_Init, TEST_Device_Init
End_Control_Dispatch TEST

VxD_LOCKED_DATA_SEG
code    dd 0
order   dd 0                            ; one hexadecimal digit for each handler called
gps     dd 0
Next_6  dd 0
Next_Late_6 dd 0
Next_13 dd 0
V86_CODE segment para use16 public 'LCODE'
assume ds:nothing
Begin_16:
Faults_16 proc far
        mov     ax, 1234h
        db      0Fh, 0Bh                ; invalid: early, late, which goes on behind it
        mov     ds:[200h], ax
        cli                             ; passed on by the early hook of vector 13, emulated by the VMM
        pushf
        pop     ds:[202h]
        sti
        mov     ax, 10
        xor     dl, dl
        div     dl                      ; the handler of INT 0 goes on behind it
        mov     ds:[204h], ax
        db      63h                     ; ARPL that is nobody's break point: invalid, too
        nop
        mov     byte ptr ds:[206h], 1
        retf
Faults_16 endp
Int_0:  push    bp
        mov     bp, sp
        add     word ptr [bp+2], 2
        pop     bp
        mov     ax, 5555h
        iret
End_16:
V86_CODE ends
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
BeginProc Early_6, HOOK_PROC, Next_6
        pushfd
        Check_Eq ebx, [vm], 'EBX of the early hook'
        shl     [order], 4
        or      [order], 1
        popfd
        jmp     [Next_6]
EndProc Early_6

BeginProc Late_6, HOOK_PROC, Next_Late_6
        shl     [order], 4
        or      [order], 2
        add     [ebp].Client_EIP, 2
        ret
EndProc Late_6

; As drivers of Windows 3.1 chain: through ESI, without a hook variable.
BeginProc Divide
        jmp     [next_0]
EndProc Divide

BeginProc Early_13, HOOK_PROC, Next_13
        pushfd
        inc     [gps]
        popfd
        jmp     [Next_13]
EndProc Early_13

BeginProc TEST_Sys_Critical_Init
        mov     eax, 6
        mov     esi, OFFSET32 Late_6
        VMMcall Hook_V86_Fault
        Check   nc, 'cannot hook behind'
        clc
        ret
EndProc TEST_Sys_Critical_Init

BeginProc TEST_Device_Init
        mov     [vm], ebx
        mov     eax, 6
        mov     esi, OFFSET32 Early_6
        VMMcall Hook_V86_Fault
        Check   nc, 'cannot hook before'
        mov     eax, 0Dh
        mov     esi, OFFSET32 Early_13
        VMMcall Hook_V86_Fault
        Check   nc, 'cannot hook general protection faults'
        Check_Eq esi, [Next_13], 'the previous handler in ESI: #ESI'
        xor     eax, eax
        mov     esi, OFFSET32 Divide
        VMMcall Hook_V86_Fault
        Check   nc, 'cannot hook divide errors'
        mov     [next_0], esi
        VMMcall _Allocate_Global_V86_Data_Area, <400h, GVDAParaAlign+GVDAZeroInit>
        mov     [code], eax
        add     eax, 100h
        VMMcall _lmemcpy, <eax, <OFFSET32 Begin_16>, <OFFSET32 End_16 - OFFSET32 Begin_16>>
        mov     ecx, [code]
        shr     ecx, 4
        xor     eax, eax
        mov     edx, OFFSET32 Int_0 - OFFSET32 Begin_16 + 100h
        VMMcall Set_V86_Int_Vector
        VMMcall Get_Cur_VM_Handle
        mov     ebp, [ebx].CB_Client_Pointer
        Push_Client_State
        VMMcall Begin_Nest_V86_Exec
        mov     ecx, [code]
        shr     ecx, 4
        mov     [ebp].Client_DS, cx
        mov     edx, 100h
        VMMcall Simulate_Far_Call
        xor     eax, eax
        mov     fs, ax                  ; nobody's but the driver's: V86MMGR takes buffers at FS:ESI
        VMMcall Resume_Exec
        VMMcall End_Nest_Exec
        mov     ax, fs
        Check_Eq ax, 0, 'FS behind nested execution: #AX'
        Pop_Client_State
        mov     esi, [code]
        mov     eax, [order]
        Check_Eq eax, 1212h, 'order of the hooks: #EAX' ; not the break point of nested execution
        Check_Eq <word ptr [esi+200h]>, 1234h, 'AX behind the invalid instruction'
        mov     ax, [esi+202h]
        and     ax, 200h
        Check_Eq ax, 0, 'CLI behind a hook'
        Check_Eq <word ptr [esi+204h]>, 5555h, 'divide error'
        Check_Eq <byte ptr [esi+206h]>, 1, 'behind ARPL'
        cmp     [gps], 4
        Check   ae, 'general protection faults: #gps'
        mov     eax, 6
        mov     esi, OFFSET32 Early_6
        VMMcall Unhook_V86_Fault
        Check   nc, 'cannot unhook'
        Say     'done'
        clc
        ret
EndProc TEST_Device_Init
VxD_LOCKED_CODE_ENDS
VxD_LOCKED_DATA_SEG
vm      dd 0
next_0  dd 0
VxD_LOCKED_DATA_ENDS
end

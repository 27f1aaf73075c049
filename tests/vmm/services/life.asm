; What every device hears of a virtual machine's life, in order, with its parameters: created and nuked, refused at each
; message, suspended and resumed, closed from outside and from inside, crashed by its own code (Win95 DDK S3425-S3454,
; S3349-S334D).
include check.inc
Declare_Virtual_Device TEST, 1, 0, TEST_Control, Undefined_Device_ID, Undefined_Init_Order

Message macro name
Control_Dispatch name, TEST_&name
endm

Begin_Control_Dispatch TEST
Control_Dispatch Sys_VM_Init, TEST_Sys_VM_Init
Message Create_VM
Message VM_Critical_Init
Message VM_Init
Message VM_Terminate
Message VM_Terminate2
Message VM_Suspend
Message VM_Suspend2
Message VM_Resume
Message Close_VM_Notify
Message Close_VM_Notify2
Message VM_Not_Executeable
Message VM_Not_Executeable2
Message Destroy_VM
Message Destroy_VM2
End_Control_Dispatch TEST

VxD_LOCKED_DATA_SEG
vm      dd 0
refuse  dd 0                            ; message that is refused
stage   dd 0
inside  dd 0                            ; called at the end of VM_Init
semaphore dd 0
early   dd 0                            ; nuke it at Create_VM
illegal db 0Fh, 01h, 0D0h               ; what no program may do
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
; Each prints its name and EDX where that means something; EAX is still the message.
Tell    macro name
BeginProc TEST_&name
        Say     '&name'
        jmp     Answer
EndProc TEST_&name
endm

BeginProc TEST_Create_VM
        Say     'Create_VM'
        cmp     [early], 0
        je      Answer
        mov     [early], 0
        VMMcall Nuke_VM
        jmp     Answer
EndProc TEST_Create_VM
Tell    VM_Suspend
Tell    VM_Suspend2
Tell    VM_Resume
Tell    VM_Terminate
Tell    VM_Terminate2
Tell    Destroy_VM2

BeginProc TEST_VM_Critical_Init
        Say     'VM_Critical_Init'
        pushfd
        pop     ecx
        test    ecx, 200h
        Check   z, 'interrupts are on in VM_Critical_Init'
        call    Current
        jmp     Answer
EndProc TEST_VM_Critical_Init

BeginProc TEST_VM_Init
        Say     'VM_Init'
        call    Current
        cmp     [refuse], VM_Init
        je      Answer
        cmp     [inside], 0
        je      Answer
        call    [inside]
        jmp     Answer
EndProc TEST_VM_Init

BeginProc TEST_Close_VM_Notify
        Say     'Close_VM_Notify #EDX'
        jmp     Answer
EndProc TEST_Close_VM_Notify

BeginProc TEST_Close_VM_Notify2
        Say     'Close_VM_Notify2 #EDX'
        jmp     Answer
EndProc TEST_Close_VM_Notify2

BeginProc TEST_VM_Not_Executeable
        Say     'VM_Not_Executeable #EDX'
        test    [ebx.CB_VM_Status], VMStat_Not_Executeable
        Check   nz, 'VMStat_Not_Executeable is not set'
        jmp     Answer
EndProc TEST_VM_Not_Executeable

BeginProc TEST_VM_Not_Executeable2
        Say     'VM_Not_Executeable2 #EDX'
        jmp     Answer
EndProc TEST_VM_Not_Executeable2

BeginProc TEST_Destroy_VM
        Say     'Destroy_VM'
        VMMcall Validate_VM_Handle
        Check   nc, 'the handle is invalid before the end of Destroy_VM'
        VMMcall Test_Cur_VM_Handle
        Check   ne, 'the VM that is destroyed is the current one'
        jmp     Answer
EndProc TEST_Destroy_VM

Answer: cmp     eax, [refuse]
        je      Refused
        clc
        ret
Refused:mov     [refuse], 0
        stc
        ret

Current:VMMcall Test_Cur_VM_Handle
        Check   e, 'another VM is current'
        ret

BeginProc Make
        mov     eax, Create_VM
        VMMcall System_Control
        mov     [vm], ebx
        ret
EndProc Make

; The next stage in a while, in the System VM.
BeginProc Next
        pushad
        mov     eax, 35
        mov     esi, OFFSET32 Go_On
        VMMcall Set_Global_Time_Out
        popad
        ret
EndProc Next

BeginProc Go_On
        VMMcall Get_Sys_VM_Handle
        mov     esi, OFFSET32 Run_Stage
        VMMcall Schedule_VM_Event
        ret
EndProc Go_On

BeginProc Run_Stage
        mov     eax, [stage]
        inc     [stage]
        mov     ebx, [vm]
        call    [stages+eax*4]
        ret
EndProc Run_Stage

BeginProc TEST_Sys_VM_Init
        xor     ecx, ecx
        VMMcall Create_Semaphore
        mov     [semaphore], eax
        call    Next
        clc
        ret
EndProc TEST_Sys_VM_Init

Refuse_Create:
        Say     '-- refused at Create_VM'
        mov     [refuse], Create_VM
        call    Make
        Check   c, 'Create_VM succeeds'
        jmp     Next
Refuse_Critical:
        Say     '-- refused at VM_Critical_Init'
        mov     [refuse], VM_Critical_Init
        call    Make
        jmp     Next
Refuse_Init:
        Say     '-- refused at VM_Init'
        mov     [refuse], VM_Init
        call    Make
        jmp     Next
Suspend:Say     '-- suspended'
        call    Make
        Check   nc, 'no VM'
        test    [ebx.CB_VM_Status], VMStat_Creating
        Check   nz, 'VMStat_Creating is not set'
        jmp     Next
Suspend2:
        test    [ebx.CB_VM_Status], VMStat_Creating
        Check   z, 'VMStat_Creating is still set'
        VMMcall Suspend_VM
        Check   nc, 'Suspend_VM refused'
        test    [ebx.CB_VM_Status], VMStat_Suspended
        Check   nz, 'VMStat_Suspended is not set'
        VMMcall Suspend_VM
        Check   nc, 'the second Suspend_VM refused'
        VMMcall Resume_VM
        Check   nc, 'Resume_VM refused'
        mov     [refuse], VM_Resume
        VMMcall Resume_VM
        Check   c, 'a refused Resume_VM succeeds'
        test    [ebx.CB_VM_Status], VMStat_Suspended
        Check   nz, 'VMStat_Suspended is not set after a refusal'
        mov     [refuse], VM_Resume
        VMMcall No_Fail_Resume_VM
        test    [ebx.CB_VM_Status], VMStat_Suspended
        Check   z, 'VMStat_Suspended is set'
        VMMcall Resume_VM
        Check   c, 'a VM that runs can be resumed'
        VMMcall Get_Sys_VM_Handle
        VMMcall Suspend_VM
        Check   c, 'the System VM can be suspended'
        jmp     Next
Nuke:   Say     '-- nuked'
        VMMcall Nuke_VM
        VMMcall Validate_VM_Handle
        Check   c, 'the handle is valid after Nuke_VM'
        jmp     Next
Close_Soft:
        Say     '-- closed from outside'
        call    Make
        jmp     Next
Close_Soft2:
        mov     eax, 1000
        xor     ecx, ecx
        VMMcall Close_VM
        test    [ebx.CB_VM_Status], VMStat_Closing
        Check   nz, 'VMStat_Closing is not set'
        VMMcall Close_VM                ; once is enough
        jmp     Next
Close_Hard:
        Say     '-- closed in a critical section'
        mov     [inside], OFFSET32 Hold_Section
        call    Make
        jmp     Next
Close_Hard2:
        mov     [inside], 0
        mov     eax, 10
        xor     ecx, ecx
        VMMcall Close_VM
        jmp     Next
Close_Inside:
        Say     '-- closed from inside'
        mov     [inside], OFFSET32 Close_Self
        call    Make
        jmp     Next
Continue_Exec:
        Say     '-- closed from inside, later'
        mov     [inside], OFFSET32 Close_Self_Later
        call    Make
        jmp     Next
Crash:  Say     '-- crashed'
        mov     [inside], OFFSET32 Crash_Self
        call    Make
        jmp     Next
;! client-fault
Garbage:Say     '-- garbage'
        mov     [inside], OFFSET32 Run_Garbage
        call    Make
        jmp     Next
Nuke_Self:
        Say     '-- nuked by itself, three deep'
        mov     [inside], OFFSET32 Deep
        call    Make
        jmp     Next
Nuke_Early:
        Say     '-- nuked by a device that hears of it'
        mov     [inside], 0
        mov     [early], 1
        call    Make
        Check   c, 'Create_VM succeeds'
        jmp     Next
The_End:Say     'done'
        ret

Hold_Section:
        xor     ecx, ecx
        VMMcall Begin_Critical_Section
        mov     eax, [semaphore]
        xor     ecx, ecx
        VMMcall Wait_Semaphore
        Say     'the wait is over'
        ret
Close_Self:
        mov     eax, 500
        xor     ecx, ecx
        VMMcall Close_VM
        Say     'Close_VM comes back'
        ret
Close_Self_Later:
        mov     eax, 500
        mov     ecx, CVF_Continue_Exec
        VMMcall Close_VM
        Say     'comes back'
        ret
Crash_Self:
        VMMcall Crash_Cur_VM
        Say     'Crash_Cur_VM comes back'
        ret
Run_Garbage:
        mov     eax, [ebx].CB_High_Linear
        mov     ecx, dword ptr [illegal]
        mov     [eax+80000h], ecx
        mov     ebp, [ebx].CB_Client_Pointer
        mov     [ebp].Client_CS, 8000h
        mov     [ebp].Client_EIP, 0
        ret
Deep:   mov     esi, OFFSET32 Deeper
        mov     eax, High_Pri_Device_Boost
        xor     ecx, ecx
        VMMcall Call_Priority_VM_Event
        Say     'Deep comes back'
        ret
BeginProc Deeper
        VMMcall Begin_Nest_V86_Exec
        VMMcall Nuke_VM
        Say     'Nuke_VM comes back'
        ret
EndProc Deeper
VxD_LOCKED_CODE_ENDS

VxD_LOCKED_DATA_SEG
stages  dd OFFSET32 Refuse_Create, OFFSET32 Refuse_Critical, OFFSET32 Refuse_Init
        dd OFFSET32 Suspend, OFFSET32 Suspend2, OFFSET32 Nuke
        dd OFFSET32 Close_Soft, OFFSET32 Close_Soft2, OFFSET32 Close_Hard, OFFSET32 Close_Hard2
        dd OFFSET32 Close_Inside, OFFSET32 Continue_Exec, OFFSET32 Crash, OFFSET32 Garbage, OFFSET32 Nuke_Self
        dd OFFSET32 Nuke_Early, OFFSET32 The_End, 0
VxD_LOCKED_DATA_ENDS
;> -- refused at Create_VM
;> Create_VM
;> VM_Not_Executeable 00000004
;> VM_Not_Executeable2 00000004
;> Destroy_VM
;> Destroy_VM2
;> -- refused at VM_Critical_Init
;> Create_VM
;> VM_Critical_Init
;> VM_Not_Executeable 00000008
;> VM_Not_Executeable2 00000008
;> Destroy_VM
;> Destroy_VM2
;> -- refused at VM_Init
;> Create_VM
;> VM_Critical_Init
;> VM_Init
;> VM_Not_Executeable 00000010
;> VM_Not_Executeable2 00000010
;> Destroy_VM
;> Destroy_VM2
;> -- suspended
;> Create_VM
;> VM_Critical_Init
;> VM_Init
;> VM_Suspend
;> VM_Suspend2
;> VM_Resume
;> VM_Resume
;> -- nuked
;> VM_Not_Executeable 00000002
;> VM_Not_Executeable2 00000002
;> Destroy_VM
;> Destroy_VM2
;> -- closed from outside
;> Create_VM
;> VM_Critical_Init
;> VM_Init
;> Close_VM_Notify 00000000
;> Close_VM_Notify2 00000000
;> VM_Not_Executeable 00000022
;> VM_Not_Executeable2 00000022
;> Destroy_VM
;> Destroy_VM2
;> -- closed in a critical section
;> Create_VM
;> VM_Critical_Init
;> VM_Init
;> Close_VM_Notify 00000001
;> Close_VM_Notify2 00000001
;> VM_Not_Executeable 00000022
;> VM_Not_Executeable2 00000022
;> Destroy_VM
;> Destroy_VM2
;> -- closed from inside
;> Create_VM
;> VM_Critical_Init
;> VM_Init
;> Close_VM_Notify 00000000
;> Close_VM_Notify2 00000000
;> VM_Not_Executeable 00000022
;> VM_Not_Executeable2 00000022
;> Destroy_VM
;> Destroy_VM2
;> -- closed from inside, later
;> Create_VM
;> VM_Critical_Init
;> VM_Init
;> comes back
;> Close_VM_Notify 00000000
;> Close_VM_Notify2 00000000
;> VM_Not_Executeable 00000022
;> VM_Not_Executeable2 00000022
;> Destroy_VM
;> Destroy_VM2
;> -- crashed
;> Create_VM
;> VM_Critical_Init
;> VM_Init
;> VM_Not_Executeable 00000001
;> VM_Not_Executeable2 00000001
;> Destroy_VM
;> Destroy_VM2
;> -- garbage
;> Create_VM
;> VM_Critical_Init
;> VM_Init
;> VM_Not_Executeable 00000001
;> VM_Not_Executeable2 00000001
;> Destroy_VM
;> Destroy_VM2
;> -- nuked by itself, three deep
;> Create_VM
;> VM_Critical_Init
;> VM_Init
;> VM_Not_Executeable 00000002
;> VM_Not_Executeable2 00000002
;> Destroy_VM
;> Destroy_VM2
;> -- nuked by a device that hears of it
;> Create_VM
;> VM_Not_Executeable 00000002
;> VM_Not_Executeable2 00000002
;> Destroy_VM
;> Destroy_VM2
end

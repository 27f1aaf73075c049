; A wait with Block_Svc_Ints: interrupts of the virtual machine reach its handlers, which end the wait (Win95 DDK S32FD: events and
; simulated interrupts are serviced in a VM whose thread is blocked).
        include odd.inc
Declare_Virtual_Device ODD, 1, 0, ODD_Control, 7F02h, Undefined_Init_Order, ODD_API, ODD_API
Begin_Control_Dispatch ODD
Control_Dispatch Device_Init, ODD_Device_Init
End_Control_Dispatch ODD
VxD_LOCKED_DATA_SEG
semaphore dd 0
waiting dd 0
before  db SIZE Client_Reg_Struc dup (0)
VxD_LOCKED_DATA_ENDS
VxD_LOCKED_CODE_SEG
BeginProc ODD_Device_Init
        xor     eax, eax
        VMMcall Create_Semaphore
        mov     [semaphore], eax
        clc
        ret
EndProc ODD_Device_Init
BeginProc ODD_API
        cmp     [ebp.Client_AX], 0
        jne     signal
        inc     [waiting]
        and     [ebp.Client_EFlags], NOT 10000h ; RF, which a fault sets
        mov     esi, ebp
        mov     edi, OFFSET32 before
        mov     ecx, SIZE Client_Reg_Struc
        cld
        rep movsb
        mov     eax, [semaphore]
        mov     ecx, Block_Svc_Ints + Block_Enable_Ints
        VMMcall Wait_Semaphore
        Check_Eq [waiting], 0, 'the wait ends without a signal'
        VMMcall Get_Nest_Exec_Status
        Check   z, 'still nested'
        and     [ebp.Client_EFlags], NOT 10000h
        mov     esi, ebp
        mov     edi, OFFSET32 before
        mov     ecx, SIZE Client_Reg_Struc
        repe cmpsb
        Check   e, 'the client has changed'
        mov     [ebp.Client_AX], 1
        ret
signal: cmp     [waiting], 0
        je      @F
        dec     [waiting]
        mov     eax, [semaphore]
        VMMcall Signal_Semaphore
@@:     ret
EndProc ODD_API
VxD_LOCKED_CODE_ENDS
        end

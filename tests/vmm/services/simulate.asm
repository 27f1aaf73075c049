; Simulation of the client and nested execution in V86 mode: stack, far calls and returns, interrupts with and without
; hooks, saved state.
;! nested-execution
;! nested-execution
include check.inc
Test_Driver

VxD_LOCKED_DATA_SEG
state   db SIZE Client_Reg_Struc dup (0)
cs_ip   dd 0
stack   dd 0
first   dd 0
second  dd 0
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
; The newest hook of INT 60h: takes the interrupt when AX = 1234h.
BeginProc New_Hook
        inc     [second]
        cmp     [ebp.Client_AX], 1234h
        jne     pass_on
        mov     [ebp.Client_AX], 4321h
        clc
        ret
pass_on:
        stc
        ret
EndProc New_Hook

BeginProc Old_Hook
        inc     [first]
        Check_Eq eax, 60h, 'EAX of an interrupt hook'
        stc
        ret
EndProc Old_Hook
VxD_LOCKED_CODE_ENDS

Begin_Tests
        VMMcall Get_Cur_VM_Handle
        mov     ebp, [ebx.CB_Client_Pointer]
        mov     edi, OFFSET32 state
        VMMcall Save_Client_State
        mov     ax, [ebp.Client_SP]
        mov     [stack], eax

        mov     eax, 0ABCD1234h
        VMMcall Simulate_Push
        mov     eax, [stack]
        sub     ax, 2
        Check_Eq [ebp.Client_SP], ax, 'SP after Simulate_Push'
        mov     eax, -1
        VMMcall Simulate_Pop
        Check_Eq eax, 1234h, 'Simulate_Pop'

        mov     [ebp.Client_CS], 1111h
        mov     [ebp.Client_EIP], 2222h
        mov     ecx, 3333h
        mov     edx, 4444h
        VMMcall Simulate_Far_Call
        Check_Eq [ebp.Client_CS], 3333h, 'CS after Simulate_Far_Call'
        Check_Eq [ebp.Client_EIP], 4444h, 'IP after Simulate_Far_Call'
        VMMcall Simulate_Far_Ret
        Check_Eq [ebp.Client_CS], 1111h, 'CS after Simulate_Far_Ret'
        Check_Eq [ebp.Client_EIP], 2222h, 'IP after Simulate_Far_Ret'
        mov     ecx, 3333h
        mov     edx, 4444h
        VMMcall Simulate_Far_Call
        mov     eax, 6
        VMMcall Simulate_Far_Ret_N
        mov     eax, [stack]
        add     ax, 6
        Check_Eq [ebp.Client_SP], ax, 'SP after Simulate_Far_Ret_N'
        sub     [ebp.Client_SP], 6

        or      [ebp.Client_EFlags], IF_Mask
        mov     ecx, 5555h
        mov     edx, 6666h
        VMMcall Build_Int_Stack_Frame
        test    [ebp.Client_EFlags], IF_Mask
        Check   z, 'interrupts on in an interrupt handler'
        VMMcall Simulate_Iret
        test    [ebp.Client_EFlags], IF_Mask
        Check   nz, 'interrupts off after Simulate_Iret'
        Check_Eq [ebp.Client_EIP], 2222h, 'IP after Simulate_Iret'
        VMMcall Disable_VM_Ints
        test    [ebp.Client_EFlags], IF_Mask
        Check   z, 'Disable_VM_Ints'
        VMMcall Enable_VM_Ints
        test    [ebp.Client_EFlags], IF_Mask
        Check   nz, 'Enable_VM_Ints'

        mov     esi, OFFSET32 state
        VMMcall Restore_Client_State
        mov     eax, [stack]
        Check_Eq [ebp.Client_SP], ax, 'SP after Restore_Client_State'

        mov     eax, 60h
        mov     esi, OFFSET32 Old_Hook
        VMMcall Hook_V86_Int_Chain
        Check   nc, 'Hook_V86_Int_Chain'
        mov     eax, 60h
        mov     esi, OFFSET32 New_Hook
        VMMcall Hook_V86_Int_Chain

        VMMcall Get_Nest_Exec_Status
        Check   z, 'nested before anything'
        Push_Client_State
        VMMcall Begin_Nest_Exec
        VMMcall Get_Nest_Exec_Status
        Check   nz, 'not nested inside a block'
        mov     [ebp.Client_AX], 1234h
        mov     eax, 60h
        VMMcall Exec_Int
        Check_Eq [ebp.Client_AX], 4321h, 'what the newest hook answers'
        Check_Eq [first], 0, 'an older hook of an interrupt that was serviced'
        mov     [ebp.Client_AX], 1
        mov     eax, 60h
        VMMcall Exec_Int                ; through both hooks and the real vector
        Check_Eq [second], 2, 'calls of the newest hook'
        Check_Eq [first], 1, 'calls of the older hook'
        VMMcall Begin_Nest_Exec         ; blocks nest
        VMMcall Resume_Exec
        VMMcall End_Nest_Exec
        VMMcall End_Nest_Exec
        Pop_Client_State
        VMMcall Get_Nest_Exec_Status
        Check   z, 'nested after the last End_Nest_Exec'

        mov     eax, 60h
        mov     esi, OFFSET32 New_Hook
        VMMcall Unhook_V86_Int_Chain
        Check   nc, 'Unhook_V86_Int_Chain'
        mov     eax, 60h
        mov     esi, OFFSET32 New_Hook
        VMMcall Unhook_V86_Int_Chain
        Check   c, 'unhooking twice'
        mov     eax, 60h
        mov     esi, OFFSET32 Old_Hook
        VMMcall Unhook_V86_Int_Chain

        mov     eax, 0F1h
        mov     ecx, 1234h
        mov     edx, 5678h
        VMMcall Set_V86_Int_Vector
        mov     eax, 0F1h
        xor     ecx, ecx
        xor     edx, edx
        VMMcall Get_V86_Int_Vector
        Check_Eq cx, 1234h, 'segment of a V86 vector'
        Check_Eq edx, 5678h, 'offset of a V86 vector'

        VMMcall End_Nest_Exec           ; no block is open
        mov     eax, 60h
        VMMcall Exec_Int                ; neither
End_Tests
end

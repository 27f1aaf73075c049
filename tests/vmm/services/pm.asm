; A 32-bit protected-mode client: execution modes, the locked stack, simulation, nested execution, interrupt vectors,
; call-backs, virtual interrupt flag, ports (Win95 DDK S3309-S330F; VDAG31 Nested_Execution_Services).
;! execution-mode
;! execution-mode
;! execution-mode
include check.inc
Test_Driver

PORT    equ 5A0h

VxD_LOCKED_DATA_SEG
vm      dd 0
crs     dd 0
page_   dd 0                            ; of the client's code, data and stack
code    dd 0                            ; its selectors
data    dd 0
hooked  dd 0
called  dd 0
came_back dd 0
port_   dd 0
stack   dd 0
faults  dd 0
old_fault dd 0
saved   db SIZE Client_Reg_Struc dup (0)
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
; Ring-3 code, copied to where the client can execute it.
client_code label byte
add_one:
        add     eax, 1
        mov     dword ptr ds:[0F00h], 12345678h
        retf
do_int:                                 ; the vectors of the table below
        int     61h
        int     62h
        retf
flag_off:
        cli
        retf
flag_on:
        sti
        retf
do_port:
        mov     edx, PORT
        mov     al, 77h
        out     dx, al
        in      al, dx
        movzx   eax, al
        out     dx, eax
        retf
divide:
        xor     ecx, ecx
        div     ecx
        retf
own_int:                                ; a handler of the application
        inc     ebx
        iretd
client_end label byte

; INT 62h reflected to V86 mode.
BeginProc V86_Hook
        inc     [hooked]
        test    [ebp.Client_EFlags], VM_Mask
        Check   nz, 'a V86 hook is called in protected mode'
        mov     [ebp.Client_CX], 6262h
        or      [ebp.Client_EFlags], CF_Mask
        clc
        ret
EndProc V86_Hook

; The procedure behind INT 61h.
BeginProc PM_Hook
        inc     [called]
        Check_Eq edx, 0BEEFh, 'reference data of a protected-mode call-back: #EDX'
        Check_Eq ebx, [vm], 'VM of a protected-mode call-back: #EBX'
        mov     [ebp.Client_SI], 6161h
        VMMcall Simulate_Iret
        ret
EndProc PM_Hook

BeginProc Returned
        Check   nc, 'Call_When_VM_Returns timed out'
        Check_Eq edx, 77h, 'its reference data'
        inc     [came_back]
        ret
EndProc Returned

BeginProc Port_Handler
        mov     [port_], eax
        test    ecx, Output
        jnz     @F
        mov     al, 99h
@@:     ret
EndProc Port_Handler

; Divide errors of the client: past the instruction.
BeginProc PM_Fault
        inc     [faults]
        add     [ebp.Client_EIP], 2
        ret
EndProc PM_Fault

; EAX = a label of the client's code -> the client runs there until it returns.
BeginProc Run_Client
        mov     cx, word ptr [code]
        mov     edx, eax
        sub     edx, OFFSET32 client_code
        VMMcall Simulate_Far_Call
        VMMcall Resume_Exec
        ret
EndProc Run_Client

; A descriptor over the page: ECX = type -> EAX = selector
BeginProc Make_Selector
        VMMcall _BuildDescriptorDWORDs, <[page_], 0FFFh, ecx, D_DEF32, 0>
        VMMcall _Allocate_LDT_Selector, <[vm], edx, eax, 1, 0>
        Check_Ne eax, 0, 'no selector'
        ret
EndProc Make_Selector
VxD_LOCKED_CODE_ENDS

Begin_Tests
        VMMcall Get_Cur_VM_Handle
        mov     [vm], ebx
        mov     ebp, [ebx.CB_Client_Pointer]
        mov     [crs], ebp
        VMMcall _PageAllocate, <1, PG_VM, ebx, 0, 0, 0, 0, PAGEZEROINIT>
        mov     [page_], eax
        mov     edi, eax
        mov     esi, OFFSET32 client_code
        mov     ecx, OFFSET32 client_end - OFFSET32 client_code
        cld
        rep movsb
        mov     ecx, Code_Type
        call    Make_Selector
        mov     [code], eax
        mov     ecx, RW_Data_Type
        call    Make_Selector
        mov     [data], eax

;       protected mode is not on yet
        VMMcall Begin_Use_Locked_PM_Stack
        VMMcall End_Use_Locked_PM_Stack

        mov     edi, OFFSET32 saved
        VMMcall Save_Client_State
        or      [ebx.CB_VM_Status], VMStat_PM_Use32
        mov     eax, [code]
        mov     [ebp.Client_Alt_CS], ax
        mov     [ebp.Client_Alt_EIP], OFFSET32 add_one - OFFSET32 client_code
        mov     eax, [data]
        mov     [ebp.Client_Alt_SS], ax
        mov     [ebp.Client_Alt_DS], ax
        mov     [ebp.Client_Alt_ES], ax
        mov     [ebp.Client_Alt_ESP], 0E00h
        mov     [ebp.Client_EAX], 41h
        VMMcall Set_PM_Exec_Mode
        test    [ebp.Client_EFlags], VM_Mask
        Check   z, 'the VM flag in protected mode'
        test    [ebx.CB_VM_Status], VMStat_PM_Exec
        Check   nz, 'VMStat_PM_Exec in protected mode'
        Check_Eq [ebp.Client_EAX], 41h, 'a general register after the switch'
        mov     eax, [code]
        Check_Eq [ebp.Client_CS], ax, 'CS after the switch'
        mov     eax, dword ptr [saved.Client_EIP]
        Check_Eq [ebp.Client_Alt_EIP], eax, 'the other set after the switch'
        VMMcall Set_PM_Exec_Mode        ; no effect
        Check_Eq [ebp.Client_ESP], 0E00h, 'ESP after the switch'

;       stack and control transfer: dwords
        mov     eax, 0ABCD1234h
        VMMcall Simulate_Push
        Check_Eq [ebp.Client_ESP], 0DFCh, 'ESP after Simulate_Push'
        mov     edi, [page_]
        Check_Eq <dword ptr [edi+0DFCh]>, 0ABCD1234h, 'the value pushed'
        xor     eax, eax
        VMMcall Simulate_Pop
        Check_Eq eax, 0ABCD1234h, 'Simulate_Pop: #EAX'
        mov     cx, word ptr [code]
        mov     edx, 123h
        mov     [ebp.Client_EIP], 456h
        VMMcall Simulate_Far_Call
        Check_Eq [ebp.Client_EIP], 123h, 'EIP after Simulate_Far_Call'
        Check_Eq [ebp.Client_ESP], 0DF8h, 'ESP after Simulate_Far_Call'
        mov     eax, 8
        VMMcall Simulate_Far_Ret_N
        Check_Eq [ebp.Client_EIP], 456h, 'EIP after Simulate_Far_Ret_N'
        Check_Eq [ebp.Client_ESP], 0E08h, 'ESP after Simulate_Far_Ret_N'
        mov     [ebp.Client_ESP], 0E00h
        or      [ebp.Client_EFlags], IF_Mask
        mov     cx, word ptr [code]
        mov     edx, 111h
        VMMcall Build_Int_Stack_Frame
        Check_Eq [ebp.Client_ESP], 0DF4h, 'ESP after Build_Int_Stack_Frame'
        Check_Eq [ebp.Client_EIP], 111h, 'EIP after Build_Int_Stack_Frame'
        VMMcall Simulate_Iret
        Check_Eq [ebp.Client_EIP], 456h, 'EIP after Simulate_Iret'
        test    [ebp.Client_EFlags], IF_Mask
        Check   nz, 'interrupts off after Simulate_Iret'
        mov     eax, (Client_DS SHL 8) + Client_ESP
        VMMcall Map_Flat
        sub     eax, [page_]
        Check_Eq eax, 0E00h, 'Map_Flat of a protected-mode client: #EAX'

;       the locked stack
        VMMcall Begin_Use_Locked_PM_Stack
        mov     ax, [ebp.Client_SS]
        cmp     eax, [data]
        Check   ne, 'the locked stack is the client''s own'
        VMMcall Get_Cur_Thread_Handle
        Check_Eq [edi.TCB_PMLockStackCount], 1, 'count of the locked stack'
        mov     edx, [ebp.Client_ESP]
        sub     [ebp.Client_ESP], 100h
        VMMcall Begin_Use_Locked_PM_Stack
        sub     edx, 100h
        Check_Eq [ebp.Client_ESP], edx, 'a second Begin_Use_Locked_PM_Stack'
        VMMcall End_Use_Locked_PM_Stack
        Check_Eq [ebp.Client_ESP], edx, 'the first End_Use_Locked_PM_Stack'
        mov     [ebp.Client_EIP], 0
        VMMcall End_Use_Locked_PM_Stack
        Check_Eq [ebp.Client_ESP], 0E00h, 'ESP after the last End_Use_Locked_PM_Stack'
        Check_Eq [ebp.Client_EIP], 456h, 'EIP after the last End_Use_Locked_PM_Stack'
        mov     eax, [data]
        Check_Eq [ebp.Client_SS], ax, 'SS after the last End_Use_Locked_PM_Stack'
        VMMcall End_Use_Locked_PM_Stack ; not locked

;       nested execution
        VMMcall Begin_Nest_Exec
        test    [ebp.Client_EFlags], VM_Mask
        Check   z, 'a block in protected mode'
        mov     eax, [data]
        cmp     [ebp.Client_SS], ax
        Check   ne, 'a nested block on the client''s own stack'
        mov     [ebp.Client_EAX], 41h
        mov     eax, OFFSET32 add_one
        call    Run_Client
        Check_Eq [ebp.Client_EAX], 42h, 'what the client computed'
        mov     edi, [page_]
        Check_Eq <dword ptr [edi+0F00h]>, 12345678h, 'what the client stored'

        mov     eax, 62h
        mov     esi, OFFSET32 V86_Hook
        VMMcall Hook_V86_Int_Chain
        mov     eax, 61h
        VMMcall Get_PM_Int_Vector
        Check   z, 'a vector that nobody has set'
        mov     esi, OFFSET32 PM_Hook
        mov     edx, 0BEEFh
        VMMcall Allocate_PM_Call_Back
        Check   nc, 'no call-back'
        movzx   edx, ax
        mov     ecx, eax
        shr     ecx, 16
        mov     eax, 61h
        VMMcall Set_PM_Int_Vector
        mov     eax, 61h
        VMMcall Get_PM_Int_Vector
        Check   nz, 'a vector that was set'
        and     [ebp.Client_EFlags], NOT CF_Mask
        mov     eax, OFFSET32 do_int
        call    Run_Client
        Check_Eq [called], 1, 'calls of the PM call-back'
        Check_Eq [hooked], 1, 'calls of the V86 hook'
        Check_Eq [ebp.Client_SI], 6161h, 'a register of the PM call-back'
        Check_Eq [ebp.Client_CX], 6262h, 'a register of the reflected interrupt'
        test    [ebp.Client_EFlags], CF_Mask
        Check   nz, 'carry of the reflected interrupt'
        test    [ebp.Client_EFlags], VM_Mask
        Check   z, 'the mode after a reflected interrupt'
        mov     eax, 61h
        VMMcall Exec_Int
        Check_Eq [called], 2, 'Exec_Int of a PM vector'
        mov     eax, 62h
        VMMcall Exec_Int
        Check_Eq [hooked], 2, 'Exec_Int of a default vector'
        mov     eax, 62h
        VMMcall Exec_PM_Int
        Check_Eq [hooked], 3, 'Exec_PM_Int of a default vector'
        dec     [hooked]

;       a handler of the application; Exec_PM_Int goes past it, a vector set by a driver later is the application's too
        mov     cx, word ptr [code]
        mov     edx, OFFSET32 own_int - OFFSET32 client_code
        mov     eax, 62h
        VMMcall Set_PM_Int_Vector
        mov     [ebp.Client_EBX], 5
        mov     eax, 62h
        VMMcall Exec_Int
        Check_Eq [ebp.Client_EBX], 6, 'the application''s handler'
        mov     eax, 62h
        VMMcall Simulate_Int
        mov     eax, 77h
        xor     edx, edx
        VMMcall Resume_Exec
        Check_Eq [ebp.Client_EBX], 7, 'Simulate_Int and Resume_Exec'

;       the interrupt flag and its types
        mov     eax, 62h
        VMMcall Get_PM_Int_Type
        Check_Eq edx, 0, 'a vector is a trap gate by default'
        mov     eax, 62h
        mov     edx, 1
        VMMcall Set_PM_Int_Type
        mov     eax, 62h
        VMMcall Get_PM_Int_Type
        Check_Ne edx, 0, 'Set_PM_Int_Type'
        VMMcall Enable_VM_Ints
        mov     eax, 62h
        VMMcall Simulate_Int
        test    [ebp.Client_EFlags], IF_Mask
        Check   z, 'interrupts on behind an interrupt gate'
        VMMcall Resume_Exec
        VMMcall Enable_VM_Ints
        mov     eax, 62h
        xor     edx, edx
        VMMcall Set_PM_Int_Type
        mov     eax, OFFSET32 flag_off
        call    Run_Client
        VMMcall Test_VM_Ints_Enabled
        Check   z, 'CLI of the client'
        mov     eax, OFFSET32 flag_on
        call    Run_Client
        VMMcall Test_VM_Ints_Enabled
        Check   nz, 'STI of the client'

;       ports
        mov     edx, PORT
        mov     esi, OFFSET32 Port_Handler
        VMMcall Install_IO_Handler
        Check   nc, 'Install_IO_Handler'
        mov     eax, OFFSET32 do_port
        call    Run_Client
        Check_Eq <byte ptr [port_]>, 99h, 'the port''s value'
        Check_Eq [ebp.Client_EAX], 99h, 'input from a port'
        mov     edx, PORT
        VMMcall Remove_IO_Handler

;       a hooked fault
        xor     eax, eax
        mov     esi, OFFSET32 PM_Fault
        VMMcall Hook_PM_Fault
        mov     eax, OFFSET32 divide
        call    Run_Client
        Check_Eq [faults], 1, 'divide errors'

;       the client returns
        xor     eax, eax
        mov     edx, 77h
        mov     esi, OFFSET32 Returned
        VMMcall Call_When_VM_Returns
        mov     eax, 62h
        VMMcall Exec_Int
        Check_Eq [came_back], 1, 'Call_When_VM_Returns'

;       a V86 block inside a protected-mode one
        VMMcall Begin_Nest_V86_Exec
        test    [ebp.Client_EFlags], VM_Mask
        Check   nz, 'a V86 block'
        test    [ebx.CB_VM_Status], VMStat_PM_Exec
        Check   z, 'VMStat_PM_Exec in a V86 block'
        mov     eax, 62h
        VMMcall Exec_Int
        Check_Eq [hooked], 3, 'Exec_Int in a V86 block'
        VMMcall End_Nest_Exec
        test    [ebp.Client_EFlags], VM_Mask
        Check   z, 'the mode behind a V86 block'
        VMMcall End_Nest_Exec
        Check_Eq [ebp.Client_EIP], 456h, 'EIP after End_Nest_Exec'
        Check_Eq [ebp.Client_ESP], 0E00h, 'ESP after End_Nest_Exec'
        mov     eax, [data]
        Check_Eq [ebp.Client_SS], ax, 'SS after End_Nest_Exec'

;       back
        VMMcall Set_V86_Exec_Mode
        test    [ebp.Client_EFlags], VM_Mask
        Check   nz, 'the VM flag in V86 mode'
        mov     eax, dword ptr [saved.Client_EIP]
        Check_Eq [ebp.Client_EIP], eax, 'EIP in V86 mode'
        VMMcall Set_PM_Exec_Mode
        mov     esi, OFFSET32 saved     ; into the other execution mode
        VMMcall Restore_Client_State
        test    [ebp.Client_EFlags], VM_Mask
        Check   nz, 'the mode after Restore_Client_State'
        test    [ebx.CB_VM_Status], VMStat_PM_Exec
        Check   z, 'VMStat_PM_Exec after Restore_Client_State'
        and     [ebx.CB_VM_Status], NOT VMStat_PM_Use32
        mov     eax, 62h
        mov     esi, OFFSET32 V86_Hook
        VMMcall Unhook_V86_Int_Chain
End_Tests
end

; A driver with an API for protected-mode programs: AX = 1 gives the version, AX = 2 adds the dwords of the array at
; DS:(E)SI, (E)CX of them, AX = 3 counts what was asked. It says what it hears about applications.
        .386p
        include vmm.inc
        include debug.inc
        include shell.inc

Declare_Virtual_Device ADDER, 2, 1, ADDER_Control, 7F10h, Undefined_Init_Order, , ADDER_PM_API
Begin_Control_Dispatch ADDER
        Control_Dispatch Begin_PM_App, ADDER_Begin
        Control_Dispatch End_PM_App, ADDER_End
End_Control_Dispatch ADDER

VxD_LOCKED_DATA_SEG
calls   dd      0
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
BeginProc ADDER_Begin
        Trace_Out "an application begins, flags #EDX"
        clc
        ret
EndProc ADDER_Begin

BeginProc ADDER_End
        mov     eax, [calls]
        Trace_Out "an application ends, calls #EAX"
        clc
        ret
EndProc ADDER_End

BeginProc ADDER_PM_API
        inc     [calls]
        movzx   eax, [ebp.Client_AX]
        cmp     eax, 1
        je      version
        cmp     eax, 2
        je      sum
        or      [ebp.Client_EFlags], CF_Mask
        ret
version:
        mov     [ebp.Client_AX], 0201h
        jmp     done
sum:
        mov     eax, (Client_DS SHL 8) + Client_ESI
        VMMcall Map_Flat
        mov     esi, eax
        mov     ecx, [ebp.Client_ECX]
        test    [ebx.CB_VM_Status], VMStat_PM_Use32
        jnz     @F
        movzx   ecx, cx
@@:     xor     eax, eax
        jecxz   summed
@@:     add     eax, [esi]
        add     esi, 4
        loop    @B
summed:
        mov     [ebp.Client_EAX], eax
done:
        and     [ebp.Client_EFlags], NOT CF_Mask
        ret
EndProc ADDER_PM_API
VxD_LOCKED_CODE_ENDS
        end

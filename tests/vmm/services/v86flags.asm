; Flags as V86 code sees them: the interrupt flag is virtual and everything else is as on a processor of the machine's
; model; STI's shadow; single steps through emulated instructions; INT 3 and INTO.
include check.inc
Test_Driver

VxD_LOCKED_DATA_SEG
code    dd 0
events  dd 0
seen    dd -1
V86_CODE segment para use16 public 'LCODE'
assume ds:nothing
Begin_16:
Flags_16 proc far
        cli
        pushf
        pop     ds:[200h]                       ; IF = 0, IOPL = 3
        pushf
        pop     ax
        or      ax, 4000h
        push    ax
        popf                                    ; NT can be set
        pushf
        pop     ds:[202h]
        and     ax, 0BFFFh
        push    ax
        popf
        sti
        pushf
        pop     ds:[204h]                       ; IF = 1
        pushfd
        pop     eax
        mov     ecx, eax
        xor     eax, 240000h                    ; AC and ID, which tell the processor's model
        push    eax
        popfd
        pushfd
        pop     eax
        xor     eax, ecx
        mov     ds:[208h], eax
        push    ecx
        popfd
        pushfd                                  ; IRETD takes dwords
        push    dword ptr 0
        mov     bp, sp
        mov     [bp], cs
        db      66h, 68h                        ; push dword: offset of behind
        dw      offset Behind - offset Begin_16 + 100h
        dw      0
        db      66h, 0CFh
        hlt
Behind: mov     byte ptr ds:[20Ch], 1
        clc
        xor     ax, ax
        into                                    ; no overflow
        mov     al, 7Fh
        inc     al
        into
        int     3
        db      0CDh, 3                         ; the long form
        mov     ds:[20Eh], sp
        retf
Flags_16 endp

Count_3:inc     byte ptr cs:[210h]
        iret
Count_4:inc     byte ptr cs:[211h]
        iret
Count_1:inc     byte ptr cs:[212h]              ; single steps
        iret

Trace_16 proc far
        pushf
        pop     ax
        or      ax, 100h
        push    ax
        popf
        nop                                     ; 1
        cli                                     ; 2
        sti                                     ; 3
        pushf                                   ; 4
        pop     ax                              ; 5
        and     ax, 0FEFFh                      ; 6
        push    ax                              ; 7
        popf                                    ; 8: the flag was on when it began
        nop
        retf
Trace_16 endp

Shadow_16 proc far
        cli
        mov     word ptr ds:[214h], 0
        nop
        sti
        inc     word ptr ds:[214h]              ; nothing comes before this one
        inc     word ptr ds:[214h]              ; and nothing lets this one go first
        cli
        mov     word ptr ds:[216h], 1
        sti
        hlt                                     ; an interrupt request that is there already ends it
        retf
Shadow_16 endp
End_16:
V86_CODE ends
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
; EDX = offset: calls it in V86 mode.
BeginProc Call_16
        VMMcall Get_Cur_VM_Handle
        mov     ebp, [ebx].CB_Client_Pointer
        Push_Client_State
        VMMcall Begin_Nest_V86_Exec
        mov     ecx, [code]
        shr     ecx, 4
        mov     [ebp].Client_DS, cx
        sub     edx, OFFSET32 Begin_16 - 100h
        VMMcall Simulate_Far_Call
        VMMcall Resume_Exec
        VMMcall End_Nest_Exec
        Pop_Client_State
        ret
EndProc Call_16

; EAX = vector, EDX = procedure of the V86 code.
BeginProc Set_Vector
        mov     ecx, [code]
        shr     ecx, 4
        sub     edx, OFFSET32 Begin_16 - 100h
        VMMcall Set_V86_Int_Vector
        ret
EndProc Set_Vector

BeginProc Waiting
        inc     [events]
        mov     eax, [code]
        movzx   eax, word ptr [eax+214h]
        mov     [seen], eax
        ret
EndProc Waiting
VxD_LOCKED_CODE_ENDS

Begin_Tests
        VMMcall _Allocate_Global_V86_Data_Area, <300h, GVDAParaAlign+GVDAZeroInit>
        Check_Ne eax, 0, 'no V86 memory'
        mov     [code], eax
        add     eax, 100h
        VMMcall _lmemcpy, <eax, <OFFSET32 Begin_16>, <OFFSET32 End_16 - OFFSET32 Begin_16>>
        mov     eax, 3
        mov     edx, OFFSET32 Count_3
        call    Set_Vector
        mov     eax, 4
        mov     edx, OFFSET32 Count_4
        call    Set_Vector
        mov     eax, 1
        mov     edx, OFFSET32 Count_1
        call    Set_Vector
        mov     edx, OFFSET32 Flags_16
        call    Call_16
        mov     esi, [code]
        mov     ax, [esi+200h]
        and     ax, 7200h
        Check_Eq ax, 3000h, 'flags after CLI: #AX'
        mov     ax, [esi+202h]
        and     ax, 7200h
        Check_Eq ax, 7000h, 'NT is lost: #AX'
        mov     ax, [esi+204h]
        and     ax, 7200h
        Check_Eq ax, 3200h, 'flags after STI: #AX'
        Check_Eq <dword ptr [esi+208h]>, 240000h, 'AC and ID'
        Check_Eq <byte ptr [esi+20Ch]>, 1, 'IRETD'
        Check_Eq <byte ptr [esi+210h]>, 2, 'INT 3'
        Check_Eq <byte ptr [esi+211h]>, 1, 'INTO'

        mov     edx, OFFSET32 Trace_16
        call    Call_16
        mov     al, [esi+212h]
        Check_Eq al, 8, 'single steps: #AL'

        VMMcall Get_Cur_VM_Handle
        VMMcall Disable_VM_Ints
        mov     eax, 0
        mov     ecx, PEF_Wait_For_STI
        mov     esi, OFFSET32 Waiting
        VMMcall Call_Restricted_Event
        Check_Eq [events], 0, 'the event does not wait for STI'
        mov     edx, OFFSET32 Shadow_16
        VMMcall Disable_VM_Ints
        call    Call_16
        Check_Eq [events], 1, 'the event did not run'
        Check_Eq [seen], 1, 'instructions between STI and the event: #seen'
        VMMcall Enable_VM_Ints
End_Tests
end

; Calls whatever address the test puts into Call_Block, with the registers and stack arguments from there.
        .386p
        include vmm.inc

Declare_Virtual_Device HOSTILE, 1, 0, HOSTILE_Control, Undefined_Device_ID, Undefined_Init_Order

VxD_LOCKED_DATA_SEG
Call_Block dd   16 dup (0)              ; target, EAX, EBX, ECX, EDX, ESI, EDI, eight arguments
Results dd      10 dup (0)              ; EAX, EBX, ECX, EDX, ESI, EDI, EBP, flags, EBP before, ESP as it should be
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG

Begin_Control_Dispatch HOSTILE
        Control_Dispatch Debug_Query, Where
        Control_Dispatch Power_Event, Call_It
End_Control_Dispatch HOSTILE

BeginProc Where
        mov     eax, OFFSET32 Call_Block
        clc
        ret
EndProc Where

BeginProc A_Procedure
        clc
        ret
EndProc A_Procedure

BeginProc Call_It
        pushad
        mov     ebp, esp
        mov     ecx, 8
args:
        push    [Call_Block + 7*4 + ecx*4 - 4]
        loop    args
        mov     eax, [Call_Block + 4]
        mov     ebx, [Call_Block + 8]
        mov     ecx, [Call_Block + 12]
        mov     edx, [Call_Block + 16]
        mov     esi, [Call_Block + 20]
        mov     edi, [Call_Block + 24]
        mov     [Results + 32], ebp
        call    [Call_Block]
        mov     [Results], eax
        mov     [Results + 4], ebx
        mov     [Results + 8], ecx
        mov     [Results + 12], edx
        mov     [Results + 16], esi
        mov     [Results + 20], edi
        mov     [Results + 24], ebp
        pushfd
        pop     [Results + 28]
        mov     esp, [Results + 32]
        popad
        clc
        ret
EndProc Call_It

VxD_LOCKED_CODE_ENDS
        END

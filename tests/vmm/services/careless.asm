; Callbacks that leave what is not theirs in disorder: reported, put right, and the run goes on.
;! nested-execution
;! callback-contract
;! callback-contract
include check.inc
Test_Driver

VxD_LOCKED_CODE_SEG
BeginProc Leaves_Nested
        VMMcall Begin_Nest_Exec
        ret
EndProc Leaves_Nested

BeginProc Changes_Segment
        push    0
        pop     es
        ret
EndProc Changes_Segment

BeginProc Changes_Frame
        xor     ebp, ebp
        ret
EndProc Changes_Frame
VxD_LOCKED_CODE_ENDS

Begin_Tests
        mov     eax, [ebp.Client_EIP]
        mov     esi, OFFSET32 Leaves_Nested
        VMMcall Call_Global_Event
        Check_Eq eax, [ebp.Client_EIP], 'Client_EIP after a block left open'
        VMMcall Get_Nest_Exec_Status
        Check   z, 'a block left open by a callback is still there'
        mov     esi, OFFSET32 Changes_Segment
        VMMcall Call_Global_Event
        mov     ax, ds
        mov     cx, es
        Check_Eq ax, cx, 'ES after a callback that changed it'
        mov     eax, ebp
        mov     esi, OFFSET32 Changes_Frame
        VMMcall Call_Global_Event
        Check_Eq eax, ebp, 'EBP after a callback that changed it'
End_Tests
end

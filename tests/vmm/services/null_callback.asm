; A callback at 0 is called where it is due; the message says who asked for it.
;! input-range
;end TEST: page fault
include check.inc
Test_Driver

VxD_LOCKED_CODE_SEG
BeginProc Event
        xor     eax, eax
        call    eax
        ret
EndProc Event
VxD_LOCKED_CODE_ENDS

Begin_Tests
        xor     esi, esi
        VMMcall Call_When_Idle
        mov     esi, OFFSET32 Event
        VMMcall Call_Global_Event
End_Tests
end

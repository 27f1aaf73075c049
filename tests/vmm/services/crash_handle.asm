; Debug_Test_Valid_Handle with a handle that is none: the current VM is crashed (VDAG31 Debugging_Services).
;end ended the System VM
include check.inc
Test_Driver

Begin_Tests
;! dead-handle
        mov     ebx, 12345678h
        VMMcall Debug_Test_Valid_Handle
        Say     'it came back'
End_Tests
end

; Fatal_Memory_Error does not return (VDAG31 Fatal_Memory_Error).
;end not enough memory
include check.inc
Test_Driver

Begin_Tests
        VMMcall Fatal_Memory_Error
        Say     'it came back'
End_Tests
end

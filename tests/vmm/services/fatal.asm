; Fatal_Error_Handler tells its message and does not return (VDAG31 Fatal_Error_Handler).
;end the disk is on fire
include check.inc
Test_Driver

VxD_LOCKED_DATA_SEG
message db 'the disk is on fire', 0
VxD_LOCKED_DATA_ENDS

Begin_Tests
        Fatal_Error <OFFSET32 message>
        Say     'it came back'
End_Tests
end

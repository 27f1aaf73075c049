;
; MINIMAL - the smallest driver: it is loaded, says so, and does nothing else
;
        .386p
        include vmm.inc

Declare_Virtual_Device MINIMAL, 1, 0, MINIMAL_Control, Undefined_Device_ID, Undefined_Init_Order

VxD_LOCKED_DATA_SEG
Hello           db      "Hello from ring 0", 13, 10, 0
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG

Begin_Control_Dispatch MINIMAL
        Control_Dispatch Device_Init, MINIMAL_Device_Init
End_Control_Dispatch MINIMAL

BeginProc MINIMAL_Device_Init
        pushfd                          ; Out_Debug_String wants these two
        pushad
        mov     esi, OFFSET32 Hello
        VMMCall Out_Debug_String
        popad
        popfd
        clc                             ; carry set would refuse to load
        ret
EndProc MINIMAL_Device_Init

VxD_LOCKED_CODE_ENDS

        END

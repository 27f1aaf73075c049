; The device list, messages to one device, hooks of API entry points, and the small services of initialisation.
;! dead-handle
include check.inc
Declare_Virtual_Device TEST, 1, 0, TEST_Control, Undefined_Device_ID, Undefined_Init_Order

VxD_LOCKED_DATA_SEG
second  VxD_Desc_Block <,,3AAAh,1,0,,"SECOND  ",12345678h,OFFSET32 Second_Control>
name_   db "TEST    "
file    db "C:\NOTHING.TMP", 0
old     dd 0
told    dd 0
VxD_LOCKED_DATA_ENDS

Begin_Control_Dispatch TEST
Control_Dispatch Device_Init, TEST_Run
End_Control_Dispatch TEST

VxD_LOCKED_CODE_SEG
BeginProc API_Hook
        jmp     [old]
EndProc API_Hook

BeginProc Second_Control
        mov     [told], eax
        mov     eax, 77h
        stc
        ret
EndProc Second_Control
VxD_LOCKED_CODE_ENDS

Begin_Tests
        VMMcall VMM_GetDDBList
        Check_Ne eax, 0, 'no device list'
        Check_Eq <dword ptr [eax.DDB_Name]>, 204D4D56h, 'VMM is not the first device'
        xor     eax, eax
        mov     edi, OFFSET32 name_
        VMMcall Get_DDB
        Check_Eq ecx, <OFFSET32 TEST_DDB>, 'a device by name'
        mov     eax, VMM_Device_ID
        VMMcall Get_DDB
        Check_Ne ecx, 0, 'a device by id'
        mov     eax, 3AAAh
        VMMcall Get_DDB
        Check_Eq ecx, 0, 'a device that is not there'
        mov     edi, OFFSET32 second
        VMMcall VMM_Add_DDB
        Check   nc, 'VMM_Add_DDB'
        VMMcall VMM_Add_DDB
        Check   c, 'a device is added twice'
        VMMcall Get_DDB
        Check_Eq ecx, edi, 'the added device'
        mov     eax, 70000001h          ; private messages
        VMMcall Directed_Sys_Control
        Check   c, 'the carry flag of the device'
        Check_Eq eax, 77h, 'EAX of the device'
        Check_Eq [told], 70000001h, 'the message'
        VMMcall VMM_Remove_DDB
        Check   nc, 'VMM_Remove_DDB'
        VMMcall VMM_Remove_DDB
        Check   c, 'a device is removed twice'
        mov     ecx, edi
        VMMcall Directed_Sys_Control    ; reported
        Check   c, 'a message to a device that is gone'

        mov     eax, VMM_Device_ID
        mov     esi, OFFSET32 API_Hook
        VMMcall Hook_Device_V86_API
        mov     [old], esi
        mov     eax, VMM_Device_ID
        mov     esi, OFFSET32 API_Hook
        VMMcall Hook_Device_PM_API

        VMMcall EnableDisable_Boot_Log
        mov     al, 'Q'
        VMMcall Get_Debug_Options
        Check   nz, 'an option of the debugger from nowhere'
        mov     eax, 41h
        VMMcall Test_DBCS_Lead_Byte
        Check   c, 'A is a lead byte'
        VMMcall In_Debug_Chr
        mov     bx, 0741h
        mov     al, 13                  ; what it prints is seen
        VMMcall Out_Mono_Chr
        mov     esi, OFFSET32 file
        VMMcall Set_Delete_On_Exit_File
        VMMcall _GetLastV86Page
        VMMcall _SetLastV86Page, <eax, 0>
        Check_Ne eax, 0, '_SetLastV86Page'
End_Tests
end

; VMD: what drivers of mice tell it, hooks of their messages, the procedure that draws the pointer (Win95 DDK S2A44-S2A58).
; What programs see of it is in tests/dos/pairs.sh.
include check.inc
include vmd.inc
Test_Driver

VxD_LOCKED_DATA_SEG
vm      dd 0
api     dd 0
instance Mouse_Instance <>
low_    CursorProcInfo <OFFSET32 Draw_Low, 0, 0, 0, 1, 0>
high_   CursorProcInfo <OFFSET32 Draw_High, 0, 0, 0, 2, 0>
manipulated dd 0
middle  dd 0
old_manipulate dd 0
old_middle dd 0
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
BeginProc Manipulate, Hook_Proc, old_manipulate
        inc     [manipulated]
        Check_Eq esi, 10, 'mickeys across: #ESI'
        Check_Eq edi, -3, 'mickeys down: #EDI'
        Check_Eq al, 20h, 'buttons: #AL'
        Check_Eq edx, <OFFSET32 instance>, 'the mouse''s instance: #EDX'
        call    [old_manipulate]
        Check_Eq esi, 10, 'VMD scales: #ESI'
        mov     esi, 20
        mov     al, 88h
        xor     ebx, ebx
        xor     ecx, ecx
        xor     edx, edx
        ret
EndProc Manipulate

BeginProc Middle_Button, Hook_Proc, old_middle
        inc     [middle]
        Check_Eq bl, 88h, 'buttons that were mapped: #BL'
        mov     bh, 4
        ret
EndProc Middle_Button

BeginProc Draw_Low
        Say     'the procedure with the lower priority'
        ret
EndProc Draw_Low

BeginProc Draw_High
        Check_Eq ebx, [vm], 'VM of the procedure: #EBX'
        mov     ecx, -1
        cmp     eax, 7
        stc
        jne     @F
        mov     eax, 77h
        clc
@@:     ret
EndProc Draw_High
VxD_LOCKED_CODE_ENDS

Begin_Tests
        mov     [vm], ebx
        ; the API, as it is called for a program: no mouse yet
        mov     eax, VMD_Device_ID
        xor     edi, edi
        VMMcall Get_DDB
        mov     eax, [ecx].DDB_V86_API_Proc
        mov     [api], eax
        Check_Ne eax, 0, 'no API in V86 mode'
        Check_Ne [ecx].DDB_PM_API_Proc, 0, 'no API in protected mode'
        Push_Client_State
        mov     ebx, [vm]
        mov     ebp, [ebx].CB_Client_Pointer
        mov     [ebp.Client_EAX], 12340000h + VMDAPI_GET_VERSION
        or      [ebp.Client_EFlags], CF_Mask
        call    [api]
        Check_Eq [ebp.Client_EAX], 12340400h, 'the version of the API'
        test    [ebp.Client_EFlags], CF_Mask
        Check   z, 'CF of the version'
        mov     [ebp.Client_AX], VMDAPI_GET_MOUSE_INFO
        call    [api]
        Check_Eq [ebp.Client_AX], VMDAPI_GET_MOUSE_INFO, 'AX without a mouse'
        test    [ebp.Client_EFlags], CF_Mask
        Check   nz, 'a mouse before anybody told of one'
        mov     [ebp.Client_AX], 7777h
        and     [ebp.Client_EFlags], NOT CF_Mask
        call    [api]
        Check_Eq [ebp.Client_AX], 7777h, 'AX of another function'
        test    [ebp.Client_EFlags], CF_Mask
        Check   nz, 'another function'
        Pop_Client_State
        ; its data
        mov     ah, VMD_Type_PS2
        mov     al, 12
        mov     ebx, 1
        mov     ecx, 4711h
        mov     dh, 3
        mov     dl, 1
        mov     esi, 66h
        VxDcall VMD_Set_Mouse_Data
        Check_Eq ebx, 1, 'EBX is not preserved'
        Check_Eq ecx, 4711h, 'ECX is not preserved'
        Check_Eq esi, 66h, 'ESI is not preserved'
        xor     ecx, ecx
        xor     edx, edx
        mov     ebx, 55h
        VxDcall VMD_Get_Mouse_Data
        Check_Eq ax, 40Ch, 'type and IRQ: #AX'
        Check_Eq ecx, 4711h, 'the BallPoint: #ECX'
        Check_Eq dx, 301h, 'buttons and port: #DX'
        Check_Eq ebx, 55h, 'EBX is not preserved'
        Push_Client_State
        mov     ebx, [vm]
        mov     ebp, [ebx].CB_Client_Pointer
        mov     [ebp.Client_EAX], 12340000h + VMDAPI_GET_MOUSE_INFO
        mov     [ebp.Client_ECX], 12345678h
        mov     [ebp.Client_EDX], 4713h
        or      [ebp.Client_EFlags], CF_Mask
        call    [api]
        Check_Eq [ebp.Client_EAX], 12340C04h, 'IRQ and type for programs'
        Check_Eq [ebp.Client_ECX], 12340001h, 'port for programs'
        Check_Eq [ebp.Client_EDX], 4713h, 'EDX of the program'
        test    [ebp.Client_EFlags], CF_Mask
        Check   z, 'no mouse for programs'
        Pop_Client_State
        mov     ebx, 55h
        mov     eax, VMD_Type_Serial * 256 + 4
        xor     ebx, ebx
        mov     edx, 201h
        VxDcall VMD_Set_Mouse_Data
        VxDcall VMD_Get_Mouse_Data
        Check_Eq ecx, 0, 'no BallPoint: #ECX'
        Check_Eq ax, 204h, 'another type and IRQ: #AX'
        mov     eax, 3
        mov     ecx, VMD_Type_Bus
        VxDcall VMD_Set_Mouse_Type
        Check   c, 'a second mouse'
        Check_Eq eax, 0, 'error of the second mouse: #EAX'

        ; what it does by itself
        mov     bx, 0FF20h
        VxDcall VMD_Set_Middle_Button
        Check_Eq bx, 20h, 'VMD knows a middle button: #BX'
        mov     esi, 5
        mov     edi, 6
        mov     al, 7
        VxDcall VMD_Manipulate_Pointer_Message
        Check_Eq esi, 5, 'VMD scales: #ESI'
        Check_Eq edi, 6, 'VMD scales: #EDI'
        Check_Eq al, 7, 'VMD maps: #AL'

        ; messages, hooked
        GetVxDServiceOrdinal eax, VMD_Manipulate_Pointer_Message
        mov     esi, OFFSET32 Manipulate
        VMMcall Hook_Device_Service
        Check   nc, 'VMD_Manipulate_Pointer_Message cannot be hooked'
        GetVxDServiceOrdinal eax, VMD_Set_Middle_Button
        mov     esi, OFFSET32 Middle_Button
        VMMcall Hook_Device_Service
        Check   nc, 'VMD_Set_Middle_Button cannot be hooked'
        mov     ebx, 1
        mov     ecx, 2
        mov     esi, 10
        mov     edi, -3
        mov     eax, 20h
        mov     edx, OFFSET32 instance
        stc
        VxDcall VMD_Post_Pointer_Message
        Check   nc, 'VMD_Post_Pointer_Message'
        Check_Eq eax, 20h, 'EAX is not preserved'
        Check_Eq ebx, 1, 'EBX is not preserved'
        Check_Eq ecx, 2, 'ECX is not preserved'
        Check_Eq edx, <OFFSET32 instance>, 'EDX is not preserved'
        Check_Eq esi, 10, 'ESI is not preserved'
        Check_Eq edi, -3, 'EDI is not preserved'
        Check_Eq [manipulated], 1, 'the hook was not called'
        Check_Eq [middle], 1, 'the hook of the middle button was not called'
        stc
        VxDcall VMD_Post_Absolute_Pointer_Message
        Check   nc, 'VMD_Post_Absolute_Pointer_Message'
        Check_Eq esi, 10, 'ESI is not preserved'

        ; events of a VM
        mov     ebx, [vm]
        xor     eax, eax
        VxDcall VMD_Enable_Disable_Mouse_Events
        mov     eax, 1
        VxDcall VMD_Enable_Disable_Mouse_Events
        Check_Eq ebx, [vm], 'EBX is not preserved'
        mov     ebx, 1234h
;! dead-handle
        VxDcall VMD_Enable_Disable_Mouse_Events

        ; who draws the pointer
        mov     ebx, [vm]
        mov     eax, 7
        VxDcall VMD_Call_Cursor_Proc
        Check   c, 'nobody draws'
        mov     eax, OFFSET32 low_
        VxDcall VMD_Set_Cursor_Proc
        mov     eax, OFFSET32 high_
        VxDcall VMD_Set_Cursor_Proc
        mov     ecx, 33h
        mov     eax, 7
        VxDcall VMD_Call_Cursor_Proc
        Check   nc, 'function 7'
        Check_Eq eax, 77h, 'answer of function 7: #EAX'
        Check_Eq ecx, 33h, 'ECX is not preserved'
        Check_Eq ebx, [vm], 'EBX is not preserved'
        mov     eax, 8
        VxDcall VMD_Call_Cursor_Proc
        Check   c, 'function 8'
        mov     edi, 6
@@:     mov     eax, OFFSET32 low_
        VxDcall VMD_Set_Cursor_Proc
        dec     edi
        jnz     @B
;! input-range
        mov     eax, OFFSET32 low_
        VxDcall VMD_Set_Cursor_Proc
End_Tests
end

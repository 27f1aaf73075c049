; VDD and VMD: message mode on the text screen, what VDD is told about VMs, when they drew; the mouse's owner and type
; (VDAG31 Virtual_Display_Device, Virtual_Mouse_Device).
include check.inc
include vdd.inc
include vmd.inc
include shell.inc
Declare_Virtual_Device TEST, 1, 0, TEST_Control, Undefined_Device_ID, Undefined_Init_Order
Begin_Control_Dispatch TEST
Control_Dispatch Sys_VM_Init, TEST_Run
End_Control_Dispatch TEST

VxD_LOCKED_DATA_SEG
text    db 'message'
VxD_LOCKED_DATA_ENDS

Begin_Tests
        xor     esi, esi
        VxDcall VDD_Get_Version
        Check   nc, 'CF of the version'
        Check_Eq eax, 400h, 'version #EAX'
        Check_Ne esi, 0, 'no name'
        mov     al, [esi+7]
        Check_Eq al, ' ', 'the name has not eight characters'
        VMMcall Get_Cur_VM_Handle

        ; what it is told
        mov     eax, 1
        VxDcall VDD_PIF_State
        VxDcall VDD_Set_VMType
        VxDcall SHELL_GetVMInfo
        test    eax, SGVMI_Windowed
        Check   nz, 'the VM is not windowed: #EAX'
        xor     eax, eax
        VxDcall VDD_Set_VMType
        VxDcall SHELL_GetVMInfo
        test    eax, SGVMI_Windowed
        Check   z, 'the VM is still windowed: #EAX'
        mov     eax, 1
        VxDcall VDD_Hide_Cursor
        xor     eax, eax
        VxDcall VDD_Hide_Cursor
        VxDcall VDD_Hide_Cursor
        VxDcall VDD_Set_HCurTrk
        VxDcall VDD_Query_Access
        Check   nc, 'video memory cannot be accessed'
        push    ebx
        mov     ebx, 1234h
;! dead-handle
        VxDcall VDD_Query_Access
        Check   c, 'video memory of no VM'
;! dead-handle
        VxDcall VDD_Set_VMType
        pop     ebx

        ; message mode
;! not-message-mode
        VxDcall VDD_Msg_ClrScrn
        mov     eax, Begin_Message_Mode
        VMMcall System_Control
        mov     eax, 1
        VxDcall VDD_Msg_ClrScrn
        Check_Eq eax, 80, 'columns: #EAX'
        Check_Eq edx, 25, 'rows: #EDX'
        mov     eax, 0Fh
        VxDcall VDD_Msg_ForColor
        mov     eax, 4
        VxDcall VDD_Msg_BakColor
        mov     esi, OFFSET32 text
        mov     ecx, 7
        mov     eax, 2
        mov     edx, 76                 ; three letters do not fit
        VxDcall VDD_Msg_TextOut
        mov     eax, 2
        mov     edx, 4
        VxDcall VDD_Msg_SetCursPos
        Check_Eq <word ptr ds:[450h]>, 204h, 'the cursor'
        mov     eax, 25                 ; below the screen
        VxDcall VDD_Msg_TextOut
        mov     eax, End_Message_Mode
        VMMcall System_Control
;! not-message-mode
        VxDcall VDD_Msg_TextOut
        VMMcall _MapPhysToLinear, <0B8000h, 4000, 0>
        Check_Eq <dword ptr [eax]>, 17201720h, 'the cleared screen'
        Check_Eq <dword ptr [eax+(2*80+76)*2]>, 4F654F6Dh, 'the text'
        Check_Eq <dword ptr [eax+(3*80)*2]>, 17201720h, 'the next row'

        ; when the VM changed the screen
        VMMcall Get_Cur_VM_Handle
        VxDcall VDD_Get_ModTime
        VMMcall Get_System_Time
        mov     ecx, eax
        VxDcall VDD_Get_ModTime
        cmp     eax, ecx
        Check   be, 'changed in the future: #EAX'
        mov     esi, eax
        mov     edi, [ebx.CB_High_Linear]
        mov     eax, 40
        VMMcall Time_Slice_Sleep
        VxDcall VDD_Get_ModTime
        Check_Eq eax, esi, 'changed by nobody: #EAX'
        mov     byte ptr [edi+0B8FA0h], 'x'
        VxDcall VDD_Check_Update_Soon
        Check_Eq edi, [ebx.CB_High_Linear], 'EDI is not preserved'
        mov     eax, 40
        VMMcall Time_Slice_Sleep
        VxDcall VDD_Get_ModTime
        lea     ecx, [esi+40]
        cmp     eax, ecx
        Check   ae, 'not seen: #EAX'
        VMMcall Get_System_Time
        mov     ecx, eax
        VxDcall VDD_Get_ModTime
        add     eax, 40
        cmp     eax, ecx
        Check   be, 'seen only later: #EAX'
        push    ebx
        mov     ebx, 1234h
;! dead-handle
        VxDcall VDD_Check_Update_Soon
;! dead-handle
        VxDcall VDD_Get_ModTime
        pop     ebx

        ; the mouse
        VxDcall VMD_Get_Version
        Check   nc, 'CF of the version of VMD'
        Check_Eq eax, 400h, 'version of VMD #EAX'
        xor     ebx, ebx
        VxDcall VMD_Get_Mouse_Owner
        mov     esi, ebx
        VMMcall Get_Sys_VM_Handle
        Check_Eq ebx, esi, 'owner of the mouse: #ESI'
        mov     eax, 16
        mov     ecx, 1
        VxDcall VMD_Set_Mouse_Type
        Check   c, 'IRQ 16'
        Check_Eq eax, 1, 'error of IRQ 16: #EAX'
        mov     eax, -74h
        VxDcall VMD_Set_Mouse_Type
        Check   nc, 'vector 74h'
        mov     eax, 4
        VxDcall VMD_Set_Mouse_Type
        Check   c, 'two mice'
        Check_Eq eax, 0, 'error of the second mouse: #EAX'
End_Tests
end

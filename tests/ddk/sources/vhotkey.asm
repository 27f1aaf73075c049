;  VHOTKEY: Alt+D turns a light on, Alt+Shift+D asks for the name of a program.
.386p
    include vmm.inc
    include debug.inc
    include vkd.inc
    include shell.inc

Declare_Virtual_Device VHOTKEY, 4, 0, VHOTKEY_Control, UNDEFINED_DEVICE_ID, VKD_Init_Order+1

SCAN_D      equ 20h
DELAY_MS    equ 2000

VxD_LOCKED_DATA_SEG
hKeys       dd 2 dup (0)
Title_Text  db "Hot key", 0
Body        db "You pressed Alt+Shift+D", 0
VxD_LOCKED_DATA_ENDS

VxD_IDATA_SEG
Table       dd OFFSET32 Light_On, OFFSET32 Ask
VxD_IDATA_ENDS

VxD_CODE_SEG

Begin_Control_Dispatch VHOTKEY
    Control_Dispatch Init_Complete, VHOTKEY_Init_Complete
    Control_Dispatch System_Exit,   VHOTKEY_Exit
    Control_Dispatch Sys_VM_Terminate, <SHORT Nothing>
End_Control_Dispatch VHOTKEY

Nothing:
    clc
    ret

BeginProc Light_On
    cmp     ah, Hot_Key_Pressed
    jnz     @F
    Trace_Out "light, shift state #ECX"
@@: ret
EndProc Light_On

BeginProc Ask
    test    ah, Hot_Key_SysVM_Notify
    .IF ZERO?
        VMMcall Get_Sys_VM_Handle
        mov     ecx, OFFSET32 Body
        mov     edi, OFFSET32 Title_Text
        mov     eax, MB_YESNO + MB_ICONQUESTION + MB_ASAP
        mov     esi, OFFSET32 Answered
        xor     edx, edx
        VxDcall SHELL_Message
        .IF CARRY?
            mov     eax, MB_SYSTEMMODAL OR MB_OK
            VxDcall SHELL_SYSMODAL_Message
        .ENDIF
    .ENDIF
    ret
EndProc Ask

BeginProc Answered
    cmp     eax, IDYES
    je      short Yes
    ret
Yes:
    Trace_Out "yes"
    ret
EndProc Answered

VxD_CODE_ENDS

VxD_ICODE_SEG
BeginProc VHOTKEY_Init_Complete
    mov     al, SCAN_D
    xor     ah, ah
    mov     cl, CallOnPress
    ShiftState <NOT (SS_Alt + SS_Ctrl + SS_LShift + SS_RShift)>, <SS_Alt>
    mov     esi, [Table]
    xor     edx, edx
    xor     edi, edi
    VxDcall VKD_Define_Hot_Key
    jc      short Failed
    mov     [hKeys], eax
    mov     ax, (AllowExtended_B SHL 8) + SCAN_D
    mov     cl, CallOnAll OR PriorityNotify
    ShiftState <NOT (SS_Alt OR SS_LShift)>, <SS_Alt OR SS_LShift>
    mov     esi, Table[4]
    mov     edi, DELAY_MS
    VxDcall VKD_Define_Hot_Key
    jc      short Failed
    mov     hKeys[4], eax
    clc
    ret
Failed:
    Fatal_Error
EndProc VHOTKEY_Init_Complete
VxD_ICODE_ENDS

VxD_PAGEABLE_CODE_SEG
BeginProc VHOTKEY_Exit
    push    esi
    mov     esi, OFFSET32 hKeys
    mov     ecx, 2
Next_Key:
    lodsd
    or      eax, eax
    jz      short Skip
    push    ecx
    VxDcall VKD_Remove_Hot_Key
    pop     ecx
Skip:
    loop    Next_Key
    pop     esi
    clc
    ret
EndProc VHOTKEY_Exit
VxD_PAGEABLE_CODE_ENDS

    end

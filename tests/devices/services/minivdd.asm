; A mini-VDD: what VDD calls when, with which registers; ports taken over, looked at first, and of the adapter's own; the
; special VMs, the screen's owners, selectors, the sleep flag, DISPLAYINFO (Win95 DDK S2816-S28D8).
include check.inc
include minivdd.inc
Declare_Virtual_Device TEST, 1, 0, TEST_Control, Undefined_Device_ID, Undefined_Init_Order
Begin_Control_Dispatch TEST
Control_Dispatch Device_Init, TEST_Device_Init
Control_Dispatch Sys_VM_Init, TEST_Run
End_Control_Dispatch TEST

VxD_LOCKED_DATA_SEG
sys     dd 0
second  dd 0
message_vm dd 0
planar_vm dd 0
table   dd 0
calls   dd 0                            ; functions called since Forget, a byte each, the last one lowest
calls2  dd 0
save_of dd 0                            ; registers of the last SAVE_REGISTERS, RESTORE_REGISTERS, mode change
crtc_of dd 0
memc_of dd 0
mode_of dd 0
busy_of dd 0
index   db 0
extra   db 0
blter   dd 0
old_misc dd 0
misc_seen dd 0
sleep   db 0
info    DISPLAYINFO <>
        db 11h, 22h
VxD_LOCKED_DATA_ENDS

Forget macro
        mov     [calls], 0
        mov     [calls2], 0
endm

; The functions called, in their order: up to eight numbers.
Called macro list:vararg
        local n, low, high
n = 0
low = 0
high = 0
for     f, <list>
high = ((high shl 8) and 0FFFFFFFFh) or ((low shr 24) and 0FFh)
low = ((low and 0FFFFFFh) shl 8) or f
endm
        pushad
        mov     eax, [calls]
        mov     edx, [calls2]
        Check_Eq eax, low, 'other functions were called: #EDX #EAX'
        Check_Eq edx, high, 'other functions were called before: #EDX #EAX'
        popad
        Forget
endm

; Every function: its number is noted, EBP are the client registers of a VM.
Function macro number, name
BeginProc MiniVDD_&name
        pushfd
        push    eax
        mov     eax, [calls]
        shld    [calls2], eax, 8
        shl     [calls], 8
        or      byte ptr [calls], number
        pop     eax
        popfd
endm
Function_End macro name
        ret
EndProc MiniVDD_&name
endm
Of_Windows macro
        Check_Eq ebx, [sys], 'not the Windows VM: #EBX'
        Check_Eq ebp, [ebx.CB_Client_Pointer], 'not its client registers: #EBP'
endm

VxD_LOCKED_CODE_SEG
Function GET_CHIP_ID, GetChipID
        Of_Windows
        mov     eax, 864h
Function_End GetChipID
Function ENABLE_TRAPS, EnableTraps
Function_End EnableTraps
Function DISABLE_TRAPS, DisableTraps
Function_End DisableTraps
Function SAVE_MESSAGE_MODE_STATE, SaveMessageModeState
        Of_Windows
Function_End SaveMessageModeState
Function SAVE_FORCED_PLANAR_STATE, SaveForcedPlanarState
Function_End SaveForcedPlanarState
Function PRE_HIRES_TO_VGA, PreHiresToVGA
        mov     [mode_of], ebx
Function_End PreHiresToVGA
Function POST_HIRES_TO_VGA, PostHiresToVGA
        Check_Eq ebx, [mode_of], 'another VM: #EBX'
        mov     ebx, 1                  ; it has to be preserved
Function_End PostHiresToVGA
Function PRE_VGA_TO_HIRES, PreVGAToHires
        mov     [mode_of], ebx
Function_End PreVGAToHires
Function POST_VGA_TO_HIRES, PostVGAToHires
        Check_Eq ebx, [mode_of], 'another VM: #EBX'
        xor     eax, eax                ; these may change
        mov     ecx, -1
        mov     edx, ecx
        mov     esi, ecx
        mov     edi, ecx
        stc
Function_End PostVGAToHires
Function SAVE_REGISTERS, SaveRegisters
        mov     [save_of], ebx
Function_End SaveRegisters
Function RESTORE_REGISTERS, RestoreRegisters
        mov     [crtc_of], ecx
        mov     [memc_of], esi
Function_End RestoreRegisters
Function MAKE_HARDWARE_NOT_BUSY, MakeHardwareNotBusy
        mov     [busy_of], eax
        Check_Eq ebx, [sys], 'the current VM: #EBX'
        Check_Eq dl, 0Eh, 'the index of the CRTC: #DL'
Function_End MakeHardwareNotBusy
Function 0, RegisterDisplayDriver
Function_End RegisterDisplayDriver

; Register 30h of the CRTC is the adapter's own.
Function VIRTUALIZE_CRTC_OUT, VirtualCRTCOut
        Check_Eq ecx, Byte_Output, 'kind of access: #ECX'
        Check_Eq ebp, [ebx.CB_Client_Pointer], 'client registers of an OUT: #EBP'
        cmp     edx, 3D4h
        jne     @F
        mov     [index], al
        clc
        ret
@@:     cmp     [index], 30h
        clc
        jne     @F
        mov     [extra], al
        xor     eax, eax
        mov     ecx, eax
        mov     edx, eax
        mov     esi, eax
        mov     edi, eax
        stc
@@:
Function_End VirtualCRTCOut
Function VIRTUALIZE_CRTC_IN, VirtualCRTCIn
        Check_Eq ecx, Byte_Input, 'kind of access: #ECX'
        cmp     edx, 3D5h
        clc
        jne     @F
        cmp     [index], 30h
        clc
        jne     @F
        mov     al, [extra]
        stc
@@:
Function_End VirtualCRTCIn
Function VIRTUALIZE_BLTER_IO, VirtualBlterIO
        mov     [blter], edx
        Check_Eq ebx, [sys], 'VM of the BLTer: #EBX'
        test    ecx, Output
        clc
        jz      @F
        Check_Eq ax, 1234h, 'value of the BLTer: #AX'
        Check_Eq ecx, Word_Output, 'kind of access: #ECX'
        stc
@@:
Function_End VirtualBlterIO

; The miscellaneous output register.
BeginProc Misc
        inc     [misc_seen]
        Check_Eq edx, 3CCh, 'port: #EDX'
        Check_Eq ebp, [ebx.CB_Client_Pointer], 'client registers: #EBP'
        jmp     [old_misc]
EndProc Misc

BeginProc TEST_Device_Init
        mov     [sys], ebx
        mov     eax, 11h
        mov     edx, 22h
        mov     esi, 33h
        VxDcall VDD_Get_Mini_Dispatch_Table
        Check_Eq eax, 11h, 'EAX is not preserved'
        Check_Eq edx, 22h, 'EDX is not preserved'
        Check_Eq esi, 33h, 'ESI is not preserved'
        cmp     ecx, NBR_MINI_VDD_FUNCTIONS
        Check   ae, 'room for #ECX functions'
        mov     [table], edi
        MiniVDDDispatch GET_CHIP_ID, GetChipID
        MiniVDDDispatch ENABLE_TRAPS, EnableTraps
        MiniVDDDispatch DISABLE_TRAPS, DisableTraps
        MiniVDDDispatch SAVE_MESSAGE_MODE_STATE, SaveMessageModeState
        MiniVDDDispatch SAVE_FORCED_PLANAR_STATE, MiniVDD_SaveForcedPlanarState
        MiniVDDDispatch PRE_HIRES_TO_VGA, PreHiresToVGA
        MiniVDDDispatch POST_HIRES_TO_VGA, PostHiresToVGA
        MiniVDDDispatch PRE_VGA_TO_HIRES, PreVGAToHires
        MiniVDDDispatch POST_VGA_TO_HIRES, PostVGAToHires
        MiniVDDDispatch SAVE_REGISTERS, SaveRegisters
        MiniVDDDispatch RESTORE_REGISTERS, RestoreRegisters
        MiniVDDDispatch MAKE_HARDWARE_NOT_BUSY, MakeHardwareNotBusy
        MiniVDDDispatch VIRTUALIZE_CRTC_OUT, VirtualCRTCOut
        MiniVDDDispatch VIRTUALIZE_CRTC_IN, VirtualCRTCIn
        MiniVDDDispatch VIRTUALIZE_BLTER_IO, VirtualBlterIO
        Check_Eq <dword ptr [edi+42*4]>, <OFFSET32 MiniVDD_GetChipID>, 'the wrong slot'
        VxDcall VDD_Get_Mini_Dispatch_Table
        Check_Eq edi, [table], 'another table'

        mov     eax, 11h
        mov     ebx, 22h
        VxDcall VDD_Get_Special_VM_IDs
        Check_Eq eax, 11h, 'EAX is not preserved'
        Check_Eq ebx, 22h, 'EBX is not preserved'
        mov     [message_vm], edi
        mov     [planar_vm], esi
        Check_Ne edi, esi, 'one special VM: #EDI'
        Check_Ne edi, [sys], 'the special VM is the System VM'
        mov     eax, [edi]              ; a driver may look for its area there
        mov     ebx, [sys]

        mov     edx, 0BEE8h
        mov     cl, WORD_LENGTHED
        VxDcall VDD_Register_Virtual_Port
        Check_Eq ebx, [sys], 'EBX is not preserved'
        mov     edx, 100h
        mov     cl, BYTE_LENGTHED
        VxDcall VDD_Register_Virtual_Port
        clc
        ret
EndProc TEST_Device_Init

; EBX gets the screen.
BeginProc Focus
        pushad
        mov     eax, Set_Device_Focus
        xor     edx, edx
        xor     esi, esi
        xor     edi, edi
        VMMcall System_Control
        Check   nc, 'Set_Device_Focus was refused'
        popad
        ret
EndProc Focus

; EDI = owner of the screen, ESI = of the memory.
BeginProc Owners
        pushad
        mov     ecx, edi
        mov     edx, esi
        mov     eax, 44h
        mov     ebx, 55h
        VxDcall VDD_Get_VM_Info
        Check_Eq edi, ecx, 'the screen is #EDI''s, not #ECX''s'
        Check_Eq esi, edx, 'the memory is #ESI''s, not #EDX''s'
        Check_Eq eax, 44h, 'EAX is not preserved'
        Check_Eq ebx, 55h, 'EBX is not preserved'
        popad
        ret
EndProc Owners

; DL -> a register of the CRTC at the hardware, in EAX.
BeginProc Physical_CRTC
        push    ebx
        push    ecx
        mov     ebx, [sys]
        movzx   eax, dl
        mov     ecx, Byte_Output
        mov     edx, 3D4h
        VxDcall VDD_Do_Physical_IO
        mov     eax, 0FFFFFF00h
        mov     ecx, Byte_Input
        mov     edx, 3D5h
        VxDcall VDD_Do_Physical_IO
        Check_Eq edx, 3D5h, 'EDX is not preserved'
        Check_Eq ecx, Byte_Input, 'ECX is not preserved'
        movzx   eax, al
        pop     ecx
        pop     ebx
        ret
EndProc Physical_CRTC
VxD_LOCKED_CODE_ENDS

Begin_Tests
        Called  GET_CHIP_ID, ENABLE_TRAPS, SAVE_MESSAGE_MODE_STATE, DISABLE_TRAPS
        mov     edi, [sys]
        mov     esi, edi
        call    Owners

        ; ports of the VM that has the screen are the hardware's; index 30h is the mini-VDD's
        Out_Byte 3D4h, 0Eh
        Out_Byte 3D5h, 12h
        mov     dl, 0Eh
        call    Physical_CRTC
        Check_Eq eax, 12h, 'the hardware has #EAX'
        In_Byte 3D5h
        Check_Eq eax, 12h, 'the VM reads #EAX'
        Out_Byte 3D4h, 30h
        Out_Byte 3D5h, 99h
        In_Byte 3D5h
        Check_Eq eax, 99h, 'the mini-VDD''s register: #EAX'
        mov     dl, 30h
        call    Physical_CRTC
        Check_Eq eax, 0FFh, 'register 30h is at the hardware: #EAX'
        mov     edx, 3D4h               ; index and data in one word
        mov     eax, 340Eh
        mov     ecx, Word_Output
        VMMcall Simulate_VM_IO
        mov     dl, 0Eh
        call    Physical_CRTC
        Check_Eq eax, 34h, 'a word: #EAX'
        Out_Byte 3C4h, 2                ; no function of the mini-VDD's
        In_Byte 3C5h
        Check_Eq eax, 3, 'the sequencer''s map mask: #EAX'
        Out_Byte 3C8h, 7
        Out_Byte 3C9h, 21h
        Out_Byte 3C9h, 22h
        Out_Byte 3C9h, 23h
        Out_Byte 3C7h, 7
        In_Byte 3C9h
        Check_Eq eax, 21h, 'red: #EAX'
        In_Byte 3C9h
        Check_Eq eax, 22h, 'green: #EAX'
        In_Byte 3DAh
        Out_Byte 3C0h, 10h
        In_Byte 3C1h
        Check_Eq eax, 0Ch, 'the attribute controller''s mode: #EAX'

        ; too late for some services
;! init-only
        VxDcall VDD_Get_Mini_Dispatch_Table
        Check_Eq edi, [table], 'another table'
;! init-only
        VxDcall VDD_Get_Special_VM_IDs
        mov     edx, 3000h
        mov     cl, BYTE_LENGTHED
;! init-only
        VxDcall VDD_Register_Virtual_Port

        ; another VM gets the screen
        mov     eax, Create_VM
        VMMcall System_Control
        Check   nc, 'no second VM'
        mov     [second], ebx
        Forget
;! callback-contract
        call    Focus
        Called  PRE_HIRES_TO_VGA, MAKE_HARDWARE_NOT_BUSY, SAVE_REGISTERS, RESTORE_REGISTERS, POST_HIRES_TO_VGA
        Check_Eq [mode_of], ebx, 'VM of the mode change'
        mov     eax, [sys]
        Check_Eq [save_of], eax, 'VM of SAVE_REGISTERS'
        Check_Eq [busy_of], eax, 'VM of MAKE_HARDWARE_NOT_BUSY'
        Check_Eq [crtc_of], ebx, 'screen of RESTORE_REGISTERS'
        Check_Eq [memc_of], ebx, 'memory of RESTORE_REGISTERS'
        mov     edi, ebx
        mov     esi, ebx
        call    Owners
        mov     dl, 0Eh
        call    Physical_CRTC
        Check_Eq eax, 0, 'the second VM''s registers: #EAX'
        Out_Byte 3D4h, 0Eh              ; the System VM has its own
        In_Byte 3D5h
        Check_Eq eax, 34h, 'the System VM''s register: #EAX'
        Out_Byte 3D5h, 56h
        mov     dl, 0Eh
        call    Physical_CRTC
        Check_Eq eax, 0, 'the hardware was changed: #EAX'
        mov     ebx, [second]
        Forget
        call    Focus                   ; it has it already
        Called  0

        mov     ebx, [sys]
        call    Focus
        Called  PRE_VGA_TO_HIRES, MAKE_HARDWARE_NOT_BUSY, SAVE_REGISTERS, RESTORE_REGISTERS, POST_VGA_TO_HIRES
        mov     eax, [second]
        Check_Eq [save_of], eax, 'VM of SAVE_REGISTERS'
        mov     dl, 0Eh
        call    Physical_CRTC
        Check_Eq eax, 56h, 'the System VM''s registers have not come back: #EAX'

        ; in a window: the screen stays, the memory changes hands
        mov     ebx, [second]
        mov     eax, 1
        VxDcall VDD_Set_VMType
        Forget
        call    Focus
        Called  MAKE_HARDWARE_NOT_BUSY, RESTORE_REGISTERS
        mov     edi, [sys]
        mov     esi, ebx
        call    Owners
        mov     edi, [crtc_of]
        Check_Eq edi, [sys], 'screen of RESTORE_REGISTERS: #EDI'
        Check_Eq [memc_of], ebx, 'memory of RESTORE_REGISTERS'
        mov     ebx, [sys]
        call    Focus
        Forget

        ; the display driver is in the middle of a transfer
        mov     ebx, [second]
        xor     eax, eax
        VxDcall VDD_Set_VMType
        mov     [sleep], 0FFh
        mov     eax, OFFSET32 sleep
        mov     esi, 7
        VxDcall VDD_Set_Sleep_Flag_Addr
        Check_Eq eax, <OFFSET32 sleep>, 'EAX is not preserved'
        Check_Eq esi, 7, 'ESI is not preserved'
        call    Focus
        Called  0
        mov     eax, 50
        VMMcall Time_Slice_Sleep
        Called  0
        mov     [sleep], 0
        mov     eax, 50
        VMMcall Time_Slice_Sleep
;! callback-contract
        Called  PRE_HIRES_TO_VGA, MAKE_HARDWARE_NOT_BUSY, SAVE_REGISTERS, RESTORE_REGISTERS, POST_HIRES_TO_VGA
        mov     eax, Destroy_VM         ; its owner goes: the screen is Windows' again
        xor     edx, edx
        VMMcall System_Control
        mov     edi, [sys]
        mov     esi, edi
        call    Owners
        Forget

        ; message mode
        mov     ebx, [sys]
        mov     eax, Begin_Message_Mode
        VMMcall System_Control
        Called  SAVE_REGISTERS, RESTORE_REGISTERS
        mov     eax, [message_vm]
        Check_Eq [crtc_of], eax, 'screen of message mode'
        Check_Eq [memc_of], eax, 'memory of message mode'
        mov     eax, End_Message_Mode
        VMMcall System_Control
        Called  RESTORE_REGISTERS
        mov     eax, [sys]
        Check_Eq [crtc_of], eax, 'screen after message mode'

        ; a port taken over
        mov     edx, 3CCh
        mov     ecx, OFFSET32 Misc
        VxDcall VDD_Takeover_VGA_Port
        Check   nc, 'VDD_Takeover_VGA_Port'
        mov     [old_misc], ecx
        In_Byte 3CCh
        Check_Eq eax, 67h, 'the miscellaneous register: #EAX'
        Check_Eq [misc_seen], 1, 'the procedure was not called'
        mov     edx, 3CCh
        mov     ecx, [old_misc]
        VxDcall VDD_Takeover_VGA_Port
        Check_Eq ecx, <OFFSET32 Misc>, 'the previous procedure'
        In_Byte 3CCh
        Check_Eq [misc_seen], 1, 'the procedure is still called'
        mov     edx, 3BFh
        mov     ecx, OFFSET32 Misc
        VxDcall VDD_Takeover_VGA_Port
        Check   c, 'port 3BFh'
        mov     edx, 3E0h
        VxDcall VDD_Takeover_VGA_Port
        Check   c, 'port 3E0h'

        ; the adapter's own ports: not trapped until somebody says so
        Forget
        mov     edx, 0BEE8h
        mov     eax, 1234h
        mov     ecx, Word_Output
        VMMcall Simulate_VM_IO
        Called  0
        mov     edx, 0BEE8h
        VMMcall Enable_Global_Trapping
        inc     edx
        VMMcall Enable_Global_Trapping
        mov     edx, 0BEE8h
        mov     eax, 1234h
        mov     ecx, Word_Output
        VMMcall Simulate_VM_IO
        Called  VIRTUALIZE_BLTER_IO
        Check_Eq [blter], 0BEE8h, 'port of the BLTer'
        mov     edx, 0BEE8h
        mov     ecx, Word_Input
        VMMcall Simulate_VM_IO
        Called  VIRTUALIZE_BLTER_IO
        Check_Eq ax, 0FFFFh, 'nothing is at the port: #AX'

        ; physical I/O of a string
        mov     ebp, [ebx.CB_Client_Pointer]
        push    [ebp.Client_EDI]
        push    [ebp.Client_ECX]
        mov     word ptr [ebp.Client_EDI], 500h
        mov     word ptr [ebp.Client_ECX], 3
        mov     dword ptr ds:[500h], 0
        mov     edx, 3CCh
        mov     ecx, Byte_Input + String_IO + Rep_IO
        VxDcall VDD_Do_Physical_IO
        Check_Eq <dword ptr ds:[500h]>, 676767h, 'a string'
        movzx   eax, word ptr [ebp.Client_EDI]
        Check_Eq eax, 503h, 'DI after a string: #EAX'
        movzx   eax, word ptr [ebp.Client_ECX]
        Check_Eq eax, 0, 'CX after a string: #EAX'
        pop     [ebp.Client_ECX]
        pop     [ebp.Client_EDI]
        mov     ecx, Word_Input
        mov     edx, 3CCh
        mov     eax, -1
        VxDcall VDD_Do_Physical_IO
        Check_Eq eax, 0FFFFFF67h, 'a word: #EAX'

        ; selectors
        mov     ecx, 8
selector_:
        push    ecx
        lea     eax, [ecx*8+7]
        VxDcall VDD_Register_Extra_Screen_Selector
        pop     ecx
        Check   nc, 'selector #ECX'
        Check_Eq ebx, [sys], 'EBX is not preserved'
        loop    selector_
        mov     eax, 107h
        VxDcall VDD_Register_Extra_Screen_Selector
        Check   c, 'nine selectors'

        ; no display adapter is described
        mov     eax, OFFSET32 info
        mov     ecx, SIZE DISPLAYINFO
        VxDcall VDD_Get_DISPLAYINFO
        Check_Eq eax, 0, 'VDD_Get_DISPLAYINFO: #EAX'
        movzx   eax, [info.diHdrSize]
        Check_Eq eax, 32h, 'size of DISPLAYINFO: #EAX'
        movzx   eax, [info.diInfoFlags]
        Check_Eq eax, <REGISTRY_BPP_NOT_VALID+REGISTRY_RESOLUTION_NOT_VALID+REGISTRY_DPI_NOT_VALID+MONITOR_DEVNODE_NOT_ACTIVE+MONITOR_INFO_NOT_VALID>, 'flags of DISPLAYINFO: #EAX'
        Check_Eq [info.diDevNodeHandle], 0, 'device node of DISPLAYINFO'
        Check_Eq <byte ptr [info+32h]>, 11h, 'behind DISPLAYINFO'
        mov     eax, OFFSET32 info
        mov     ecx, 3
        VxDcall VDD_Get_DISPLAYINFO
        Check_Eq eax, -1, 'a DISPLAYINFO of three bytes: #EAX'
End_Tests
end

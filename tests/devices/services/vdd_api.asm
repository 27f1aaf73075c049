; VDD's API for display drivers, from V86 and protected mode, and what it calls in a mini-VDD; VESA calls that a mini-VDD
; serves or looks at afterwards; INT 2Fh AH=40h (Win95 DDK S2331, S2897-S28A0, S28CE, S28CF).
CLIENT32 equ 1
include check.inc
include minivdd.inc
include dpmi_run.inc
Declare_Virtual_Device TEST, 1, 0, TEST_Control, Undefined_Device_ID, Undefined_Init_Order
Begin_Control_Dispatch TEST
Control_Dispatch Device_Init, TEST_Device_Init
Control_Dispatch Init_Complete, TEST_Run
End_Control_Dispatch TEST

Api_ macro function
        mov     eax, function
        mov     ebx, 1
        call    dword ptr ds:[api - client_start + 100h]
endm
Api32 macro function
        mov     eax, function
        mov     ebx, 1
        db      66h
        call    dword ptr ds:[api - client_start + 100h]
endm

CLIENT_SEG segment para use16 public 'LCODE'
client_start:
        mov     ax, 1684h
        mov     bx, 0Ah
        int     2Fh
        mov     word ptr ds:[api - client_start + 100h], di
        mov     word ptr ds:[api - client_start + 102h], es
        mov     ax, es
        or      ax, di
        Must    nz
        push    ds
        pop     es

        stc
        Api_    0
        Must    nc
        Must_Be ax, 400h
        mov     ecx, 100000h            ; the screen's memory, and planes allowed
        xor     edx, edx
        Api_    VDD_DRIVER_REGISTER
        Must_Be eax, 110000h
        mov     edx, -1                 ; no planes
        Api_    VDD_DRIVER_REGISTER
        Must_Be eax, 100000h
        mov     ecx, 11h
        mov     edx, 22h
        mov     esi, 33h
        mov     edi, 44h
        Api_    VDD_REGISTER_DISPLAY_DRIVER_INFO
        Must_Be ecx, 4711h
        Api_    VDD_PRE_CRTC_MODE_CHANGE
        Api_    VDD_POST_CRTC_MODE_CHANGE
        Api_    VDD_SAVE_DRIVER_STATE
        mov     ecx, 32h
        Off_    edi, info
        Api_    VDD_GET_DISPLAY_CONFIG
        Must_Be eax, 0
        Must_Be <word ptr ds:[info - client_start + 100h]>, 32h
        Must_Be <byte ptr ds:[info - client_start + 132h]>, 0EEh
        mov     ecx, 1
        Api_    VDD_GET_DISPLAY_CONFIG
        Must_Be eax, -1
        mov     dx, ds
        Off_    cx, flag
        Api_    VDD_SET_USER_FLAGS
        Must_Be ax, 0
        mov     eax, 0FFFFh             ; no such function: nothing comes back
        call    dword ptr ds:[api - client_start + 100h]
        Must_Be eax, 0FFFFh

        ; VESA: function 00h is the mini-VDD's, the others are the BIOS's
        mov     ax, 4F00h
        int     10h
        Must_Be ax, 4Fh
        mov     ax, 4F02h
        mov     bx, 103h
        int     10h
        Must_Be ax, 4F02h
        mov     ax, 0F00h
        int     10h
        Must_Be al, 3

        ; INT 2Fh
        mov     ax, 4000h
        int     2Fh
        Must_Be al, 2
        mov     ax, 4003h
        int     2Fh
        mov     ax, 4004h
        int     2Fh
        mov     ax, 4007h
        int     2Fh
        Api_    VDD_DRIVER_UNREGISTER
        Must_Be <byte ptr ds:[flag - client_start + 100h]>, 1

        Enter_PM
        mov     ax, 1684h
        mov     bx, 0Ah
        int     2Fh
        mov     dword ptr ds:[api - client_start + 100h], edi
        mov     word ptr ds:[api - client_start + 104h], es
        push    ds
        pop     es
        Api32   0
        Must_Be ax, 400h
        mov     ecx, 32h
        Off_    edi, info
        mov     word ptr ds:[info - client_start + 100h], 0
        Api32   VDD_GET_DISPLAY_CONFIG
        Must_Be eax, 0
        Must_Be <word ptr ds:[info - client_start + 100h]>, 32h
        mov     edi, 7FFFFFF0h          ; out of reach
        Api32   VDD_GET_DISPLAY_CONFIG
        Must_Be eax, -1
        mov     dx, ds
        mov     cx, 0FFFFh
        Api32   VDD_SET_USER_FLAGS
        xor     dx, dx                  ; no selector
        Api32   VDD_SET_USER_FLAGS
        Must_Be ax, -1
        mov     ecx, 11h
        Api32   VDD_REGISTER_DISPLAY_DRIVER_INFO
        Must_Be ecx, 4711h
        mov     ax, 4C00h
        int     21h

api     dd      0, 0
flag    db      1
info    db      32h dup (0), 0EEh
client_end label byte
CLIENT_SEG ends

VxD_LOCKED_DATA_SEG
sys     dd 0
registered dd 0
banked  dd 0
modes   dd 0
saved   dd 0
disabled dd 0
vesa    dd 0
vesa_done dd 0
VxD_LOCKED_DATA_ENDS

Of_Caller macro
        Check_Eq ebx, [sys], 'VM of a function of the API: #EBX'
        Check_Eq ebp, [ebx.CB_Client_Pointer], 'client registers of a function of the API: #EBP'
endm

VxD_LOCKED_CODE_SEG
BeginProc MiniVDD_RegisterDisplayDriver
        Of_Caller
        Check_Eq ecx, 11h, 'ECX of the display driver: #ECX'
        inc     [registered]
        mov     [ebp.Client_ECX], 4711h
        ret
EndProc MiniVDD_RegisterDisplayDriver

BeginProc MiniVDD_GetVDDBank
        Of_Caller
        Check_Eq ecx, 100000h, 'ECX of GET_VDD_BANK: #ECX'
        Check_Eq [ebp.Client_ECX], 100000h, 'Client_ECX of GET_VDD_BANK'
        inc     [banked]
        mov     edx, 10000h
        mov     ah, 0
        ret
EndProc MiniVDD_GetVDDBank

BeginProc MiniVDD_CRTCModeChange
        Of_Caller
        inc     [modes]
        ret
EndProc MiniVDD_CRTCModeChange

BeginProc MiniVDD_SaveRegisters
        Check_Eq ebx, [sys], 'VM of SAVE_REGISTERS: #EBX'
        inc     [saved]
        ret
EndProc MiniVDD_SaveRegisters

BeginProc MiniVDD_DisplayDriverDisabling
        Of_Caller
        inc     [disabled]
        ret
EndProc MiniVDD_DisplayDriverDisabling

BeginProc MiniVDD_VESASupport
        Of_Caller
        inc     [vesa]
        cmp     [ebp.Client_AX], 4F00h
        clc
        jne     @F
        mov     [ebp.Client_AX], 4Fh
        stc
@@:     ret
EndProc MiniVDD_VESASupport

BeginProc MiniVDD_VESACallPostProcessing
        Of_Caller
        Check_Eq edx, 1034F02h, 'function and mode of the VESA call: #EDX'
        Check_Eq [ebp.Client_AX], 4F02h, 'the answer of the BIOS'
        inc     [vesa_done]
        ret
EndProc MiniVDD_VESACallPostProcessing

BeginProc TEST_Device_Init
        mov     [sys], ebx
        VxDcall VDD_Get_Mini_Dispatch_Table
        MiniVDDDispatch REGISTER_DISPLAY_DRIVER, RegisterDisplayDriver
        MiniVDDDispatch GET_VDD_BANK, GetVDDBank
        MiniVDDDispatch PRE_CRTC_MODE_CHANGE, CRTCModeChange
        MiniVDDDispatch POST_CRTC_MODE_CHANGE, CRTCModeChange
        MiniVDDDispatch SAVE_REGISTERS, SaveRegisters
        MiniVDDDispatch DISPLAY_DRIVER_DISABLING, DisplayDriverDisabling
        MiniVDDDispatch VESA_SUPPORT, VESASupport
        MiniVDDDispatch VESA_CALL_POST_PROCESSING, VESACallPostProcessing
        clc
        ret
EndProc TEST_Device_Init
VxD_LOCKED_CODE_ENDS

Begin_Tests
        call    Run_DPMI_Client
        Check_Eq eax, 0, 'the client ended with #EAX'
        Check_Eq [registered], 2, 'REGISTER_DISPLAY_DRIVER'
        Check_Eq [banked], 1, 'GET_VDD_BANK'
        Check_Eq [modes], 2, 'the mode changes'
        Check_Eq [saved], 1, 'SAVE_REGISTERS'
        Check_Eq [disabled], 1, 'DISPLAY_DRIVER_DISABLING'
        Check_Eq [vesa], 2, 'VESA_SUPPORT'
        Check_Eq [vesa_done], 1, 'VESA_CALL_POST_PROCESSING'
End_Tests
end

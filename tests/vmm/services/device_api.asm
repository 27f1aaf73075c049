; The API of a device for programs: INT 2Fh AX=1684h by id and by name in both modes, hooks of another driver's procedures,
; a device without an API (Win95 DDK S32BF, S32C0).
CLIENT32 equ 1
include check.inc
include dpmi_run.inc

Declare_Virtual_Device TEST, 1, 0, TEST_Control, 7F01h, Undefined_Init_Order, V86_API, PM_API
Begin_Control_Dispatch TEST
Control_Dispatch Device_Init, TEST_Run
End_Control_Dispatch TEST

CLIENT_SEG segment para use16 public 'LCODE'
client_start:
        xor     ebx, ebx
        mov     bx, 7F01h
        call    ask
        mov     ax, es
        Must_Be ax, <word ptr ds:[api - client_start + 102h]>
        or      ax, ax
        Must    nz
        mov     ax, 2
        call    dword ptr ds:[api - client_start + 100h]
        Must_Be ax, 103h                ; the hook, then the procedure
        mov     dx, word ptr ds:[api - client_start + 100h]
        xor     bx, bx
        push    ds
        pop     es
        Off_    di, name_
        call    ask
        Must_Be dx, <word ptr ds:[api - client_start + 100h]>
        mov     bx, 1                   ; the VMM has none
        call    ask
        mov     ax, es
        or      ax, di
        Must    z
        Enter_PM
        mov     bx, 7F01h
        call    ask
        mov     dword ptr ds:[api - client_start + 100h], edi
        mov     word ptr ds:[api - client_start + 104h], es
        mov     ax, 2
        db      66h
        call    dword ptr ds:[api - client_start + 100h]
        Must_Be ax, 1003h
        xor     bx, bx
        push    ds
        pop     es
        xor     edi, edi
        Off_    di, name_
        mov     ax, 1684h
        int     2Fh
        Must_Be edi, <dword ptr ds:[api - client_start + 100h]>
        xor     bx, bx
        mov     edi, 7FFFFFFFh          ; a name out of reach
        push    ds
        pop     es
        mov     ax, 1684h
        int     2Fh
        mov     ax, es
        or      ax, di
        Must    z
        mov     ax, 4C00h
        int     21h

ask:
        mov     ax, 1684h
        int     2Fh
        mov     dword ptr ds:[api - client_start + 100h], 0
        mov     word ptr ds:[api - client_start + 100h], di
        mov     word ptr ds:[api - client_start + 102h], es
        ret

name_   db      'TEST    '
api     dd      0, 0
client_end label byte
CLIENT_SEG ends

VxD_LOCKED_DATA_SEG
old_v86 dd 0
old_pm  dd 0
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
BeginProc V86_API
        Check_Eq ebx, [vm], 'VM of the V86 API: #EBX'
        test    [ebp.Client_EFlags], VM_Mask
        Check   nz, 'the V86 API called in protected mode'
        mov     eax, [psp]
        Check_Eq [ebp.Client_CS], ax, 'CS of the V86 API: the client has not returned'
        inc     [ebp.Client_AX]
        ret
EndProc V86_API

BeginProc PM_API
        test    [ebp.Client_EFlags], VM_Mask
        Check   z, 'the PM API called in V86 mode'
        inc     [ebp.Client_AX]
        ret
EndProc PM_API

BeginProc V86_Hook
        add     [ebp.Client_AX], 100h
        jmp     [old_v86]
EndProc V86_Hook

BeginProc PM_Hook
        add     [ebp.Client_AX], 1000h
        jmp     [old_pm]
EndProc PM_Hook
VxD_LOCKED_CODE_ENDS

Begin_Tests
        mov     eax, 7F01h
        mov     esi, OFFSET32 V86_Hook
        VMMcall Hook_Device_V86_API
        Check   nc, 'Hook_Device_V86_API'
        mov     [old_v86], esi
        Check_Eq esi, <OFFSET32 V86_API>, 'the previous V86 procedure'
        mov     eax, 7F01h
        mov     esi, OFFSET32 PM_Hook
        VMMcall Hook_Device_PM_API
        Check   nc, 'Hook_Device_PM_API'
        mov     [old_pm], esi
        Check_Eq esi, <OFFSET32 PM_API>, 'the previous PM procedure'
        mov     eax, 7F02h
        mov     esi, OFFSET32 PM_Hook
        VMMcall Hook_Device_PM_API
        Check   c, 'an API of no device'
        call    Run_DPMI_Client
        Check_Eq eax, 0, 'the client ended with #EAX'
End_Tests
end

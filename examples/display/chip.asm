; A mini-VDD, as makers of display adapters wrote them: it adds to VDD what their chip has beyond a VGA. VDD loads it because
; the registry names it (chip.reg), or the command line does. Each virtual machine has its own copy of the chip's register 30h
; of the CRTC; the drawing engine's ports are looked at; programs get a VESA BIOS; a Win32 program may ask for the chip
; (control code 1: chip, revision, pixels across).
;
;   vxd build -o chip.vxd chip.asm
;   vxd build -o modes.com modes.asm
;   vxd run --hardware chip.hw --registry chip.reg --vm modes.com chip.vxd
        .386p
        INCLUDE VMM.INC
        INCLUDE DEBUG.INC
        INCLUDE MINIVDD.INC
        INCLUDE CONFIGMG.INC
        INCLUDE VMMREG.INC
        INCLUDE VWIN32.INC

ID_PORT         EQU     9AE8h
BLT_PORT        EQU     9AEAh
CHIP            EQU     0D15h
EXTENDED        EQU     30h             ; of the CRTC
VIDEO_MEMORY    EQU     16              ; of 64 KB each

Declare_Virtual_Device CHIP, 3, 1, MiniVDD_Control, Undefined_Device_ID, VDD_Init_Order

Regs    STRUC                           ; of a virtual machine, in its control block
rIndex  DB      ?
rExtended DB    ?
        DW      ?
Regs    ENDS

VxD_DATA_SEG
Windows_VM      DD      0
Message_VM      DD      0
Planar_VM       DD      0
CB_Offset       DD      0
Chip_ID         DD      0
Message_Regs    Regs    <>              ; as they have to be for blue screens
Display         DISPLAYINFO <>
VxD_DATA_ENDS

VxD_IDATA_SEG
Wrong_Chip      DB      "CHIP: this is another adapter", 13, 10, 0
VxD_IDATA_ENDS

VxD_DATA_SEG
Loaded          DB      "CHIP: revision 0A is here, #AX pixels across", 13, 10, 0
Restored        DB      "CHIP: register 30h is now #AL", 13, 10, 0
VxD_DATA_ENDS

VxD_CODE_SEG
Begin_Control_Dispatch MiniVDD
        Control_Dispatch Sys_Dynamic_Device_Init, MiniVDD_Dynamic_Init
        Control_Dispatch Device_Init, MiniVDD_Dynamic_Init
        Control_Dispatch W32_DeviceIoControl, MiniVDD_PM_API
End_Control_Dispatch MiniVDD
VxD_CODE_ENDS

VxD_ICODE_SEG
; EBX = the System VM. CF = 1: VDD goes on without.
BeginProc MiniVDD_Dynamic_Init
        mov     [Windows_VM], ebx
        mov     dx, ID_PORT
        in      ax, dx
        cmp     ax, CHIP
        jne     Not_Ours
        movzx   eax, ax
        mov     [Chip_ID], eax

        VMMCall _Allocate_Device_CB_Area, <<SIZE Regs>, 0>
        or      eax, eax
        jz      Failed
        mov     [CB_Offset], eax

        VxDCall VDD_Get_Mini_Dispatch_Table
        cmp     ecx, NBR_MINI_VDD_FUNCTIONS
        jb      Failed
        MiniVDDDispatch SAVE_REGISTERS, SaveRegisters
        MiniVDDDispatch RESTORE_REGISTERS, RestoreRegisters
        MiniVDDDispatch ENABLE_TRAPS, EnableTraps
        MiniVDDDispatch DISABLE_TRAPS, DisableTraps
        MiniVDDDispatch VIRTUALIZE_CRTC_IN, VirtualCRTCIn
        MiniVDDDispatch VIRTUALIZE_CRTC_OUT, VirtualCRTCOut
        MiniVDDDispatch SAVE_MESSAGE_MODE_STATE, SaveMsgModeState
        MiniVDDDispatch GET_CHIP_ID, GetChipID
        MiniVDDDispatch VESA_SUPPORT, VESASupport

        VxDCall VDD_Get_Special_VM_IDs
        mov     [Message_VM], edi
        mov     [Planar_VM], esi

        mov     edx, BLT_PORT
        mov     cl, WORD_LENGTHED
        VxDCall VDD_Register_Virtual_Port
        clc
        ret
Not_Ours:
        mov     esi, OFFSET32 Wrong_Chip
        VMMCall Out_Debug_String
Failed: stc
        ret
EndProc MiniVDD_Dynamic_Init
VxD_ICODE_ENDS

VxD_CODE_SEG
; ESI -> text; the debug service shows the registers that PUSHAD left on the stack.
BeginProc Tell
        pushad
        VMMCall Out_Debug_String
        popad
        ret
EndProc Tell

BeginProc MiniVDD_GetChipID
        pushad
        mov     eax, OFFSET32 Display
        mov     ecx, SIZE DISPLAYINFO
        VxDCall VDD_Get_DISPLAYINFO
        mov     ax, [Display.diXRes]
        mov     esi, OFFSET32 Loaded
        call    Tell
        popad
        mov     eax, [Chip_ID]
        ret
EndProc MiniVDD_GetChipID

; The drawing engine is watched while VDD asks for it.
BeginProc MiniVDD_EnableTraps
        mov     edx, BLT_PORT
        VMMCall Enable_Global_Trapping
        inc     edx
        VMMCall Enable_Global_Trapping
        ret
EndProc MiniVDD_EnableTraps

BeginProc MiniVDD_DisableTraps
        mov     edx, BLT_PORT
        VMMCall Disable_Global_Trapping
        inc     edx
        VMMCall Disable_Global_Trapping
        ret
EndProc MiniVDD_DisableTraps

; ECX = a virtual machine or one of VDD's own -> EDX = its registers.
BeginProc Regs_Of
        mov     edx, OFFSET32 Message_Regs
        cmp     ecx, [Message_VM]
        je      @F
        cmp     ecx, [Planar_VM]
        je      @F
        mov     edx, ecx
        add     edx, [CB_Offset]
@@:     ret
EndProc Regs_Of

; The registers are kept as they are written: there is nothing to save that is not in the control block.
BeginProc MiniVDD_SaveRegisters
        ret
EndProc MiniVDD_SaveRegisters

BeginProc MiniVDD_RestoreRegisters
        pushad
        call    Regs_Of
        mov     al, [edx.rExtended]
        mov     esi, OFFSET32 Restored
        call    Tell
        popad
        ret
EndProc MiniVDD_RestoreRegisters

BeginProc MiniVDD_SaveMsgModeState
        pushad
        mov     esi, ebx
        add     esi, [CB_Offset]
        mov     edi, OFFSET32 Message_Regs
        mov     ecx, SIZE Regs
        cld
        rep     movsb
        popad
        ret
EndProc MiniVDD_SaveMsgModeState

; AL = value, EBX = VM, EDX = port. CF = 1: done.
BeginProc MiniVDD_VirtualCRTCOut
        push    ebx
        add     ebx, [CB_Offset]
        cmp     dl, 0D4h
        jne     Data_Out
        mov     [ebx.rIndex], al
        jmp     Not_Done_Out
Data_Out:
        cmp     [ebx.rIndex], EXTENDED
        jne     Not_Done_Out
        mov     [ebx.rExtended], al
        pop     ebx
        stc
        ret
Not_Done_Out:
        pop     ebx
        clc
        ret
EndProc MiniVDD_VirtualCRTCOut

BeginProc MiniVDD_VirtualCRTCIn
        push    ebx
        add     ebx, [CB_Offset]
        cmp     dl, 0D5h
        jne     Not_Done_In
        cmp     [ebx.rIndex], EXTENDED
        jne     Not_Done_In
        mov     al, [ebx.rExtended]
        pop     ebx
        stc
        ret
Not_Done_In:
        pop     ebx
        clc
        ret
EndProc MiniVDD_VirtualCRTCIn

; INT 10h AH=4Fh of the current VM. Function 00h tells of the adapter, all others are left to the BIOS.
BeginProc MiniVDD_VESASupport
        cmp     [ebp.Client_AX], 4F00h
        clc
        jne     Not_Served
        pushad
        movzx   edi, [ebp.Client_ES]
        shl     edi, 4
        movzx   eax, [ebp.Client_DI]
        add     edi, eax
        add     edi, [ebx.CB_High_Linear]
        mov     dword ptr [edi], 'ASEV'
        mov     word ptr [edi+4], 102h
        mov     word ptr [edi+12h], VIDEO_MEMORY
        mov     [ebp.Client_AX], 4Fh
        popad
        stc
Not_Served:
        ret
EndProc MiniVDD_VESASupport

; ESI -> DIOCParams.
BeginProc MiniVDD_PM_API
        mov     ecx, [esi.dwIoControlCode]
        cmp     ecx, DIOC_Open
        je      Done
        cmp     ecx, DIOC_CloseHandle
        je      Done
        cmp     ecx, 1
        mov     eax, 50                 ; not supported
        jne     Api_Over
        cmp     [esi.cbOutBuffer], 6
        mov     eax, 122                ; the buffer is too small
        jb      Api_Over
        mov     edi, [esi.lpvOutBuffer]
        mov     eax, [Chip_ID]
        mov     [edi], ax
        mov     word ptr [edi+2], 0Ah
        mov     ax, [Display.diXRes]
        mov     [edi+4], ax
        mov     eax, [esi.lpcbBytesReturned]
        or      eax, eax
        jz      Done
        mov     dword ptr [eax], 6
Done:   xor     eax, eax
Api_Over:
        ret
EndProc MiniVDD_PM_API
VxD_CODE_ENDS
        END

; A driver and the DOS program that talks to it (program.asm) in four ways: through the driver's API (INT 2Fh AX=1684h),
; an interrupt the driver serves (INT 60h), a port it traps (300h), and a hardware interrupt (IRQ 5) that it turns into
; one of the virtual machine.
;
;   vxd build -o door.vxd examples/dos/driver.asm
;   vxd build -o door.com examples/dos/program.asm
;   vxd run --vm door.com --irq 5@20ms door.vxd

        .386p
        include vmm.inc
        include vpicd.inc

DOOR_ID         EQU     3ABCh
BELL_IRQ        EQU     5
LOCK_PORT       EQU     300h

Declare_Virtual_Device DOOR, 1, 0, DOOR_Control, DOOR_ID, Undefined_Init_Order, DOOR_API, DOOR_API

VxD_LOCKED_DATA_SEG
lock_state      dd      0               ; what the program has written to the port
bell_handle     dd      0
Bell    VPICD_IRQ_Descriptor <BELL_IRQ, VPICD_OPT_CAN_SHARE, OFFSET32 Bell_Hw_Int, OFFSET32 Bell_Virt_Int, OFFSET32 Bell_EOI, 0, 0, 500>
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG

Begin_Control_Dispatch DOOR
        Control_Dispatch Device_Init, DOOR_Device_Init
End_Control_Dispatch DOOR

BeginProc DOOR_Device_Init
        mov     eax, 60h
        mov     esi, OFFSET32 Int_60
        VMMCall Hook_V86_Int_Chain
        jc      short failed
        mov     esi, OFFSET32 Lock_IO
        mov     edx, LOCK_PORT
        VMMCall Install_IO_Handler
        jc      short failed
        mov     edi, OFFSET32 Bell
        VxDCall VPICD_Virtualize_IRQ
        jc      short failed
        mov     [bell_handle], eax
        VxDCall VPICD_Physically_Unmask
        clc
failed: ret
EndProc DOOR_Device_Init

; The API of V86 programs: AX = 0 version, AX = 1 the lock's state. EBP = client registers.
BeginProc DOOR_API
        mov     ax, [ebp.Client_AX]
        and     [ebp.Client_EFlags], NOT 1
        cmp     ax, 1
        ja      short unknown
        mov     eax, [lock_state]
        je      short give
        mov     eax, 0102h
give:   mov     [ebp.Client_AX], ax
        ret
unknown: or     [ebp.Client_EFlags], 1
        ret
EndProc DOOR_API

; INT 60h with AH = 1: the VM that calls. Everything else goes on to whoever hooked it before.
BeginProc Int_60
        cmp     [ebp.Client_AH], 1
        jne     short pass
        mov     eax, [ebx.CB_VMID]
        mov     [ebp.Client_AX], ax
        clc
        ret
pass:   stc
        ret
EndProc Int_60

; Bytes only: what is written comes back upside down.
BeginProc Lock_IO
        Dispatch_Byte_IO Fall_Through, <SHORT Lock_Out>
        mov     eax, [lock_state]
        not     al
        ret
Lock_Out:
        movzx   eax, al
        mov     [lock_state], eax
        ret
EndProc Lock_IO

; The bell rings: for whoever has the focus.
BeginProc Bell_Hw_Int
        VMMCall Get_Execution_Focus
        mov     eax, [bell_handle]
        VxDCall VPICD_Phys_EOI
        VxDCall VPICD_Set_Int_Request
        clc
        ret
EndProc Bell_Hw_Int

BeginProc Bell_Virt_Int
        VxDCall VPICD_Clear_Int_Request
        ret
EndProc Bell_Virt_Int

BeginProc Bell_EOI
        ret
EndProc Bell_EOI

VxD_LOCKED_CODE_ENDS
        END

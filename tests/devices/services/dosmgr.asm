; DOSMGR: DOS's flags, its chain of devices, drives of VMs (VDAG31 Virtual_MS-DOS_Manager).
include check.inc
include dosmgr.inc

Declare_Virtual_Device TEST, 1, 0, TEST_Control, Undefined_Device_ID, Undefined_Init_Order
Begin_Control_Dispatch TEST
Control_Dispatch Device_Init, Early
Control_Dispatch Init_Complete, TEST_Run
End_Control_Dispatch TEST

VxD_LOCKED_DATA_SEG
header  dd 0
last    dd 0
none    db 'NOTHERE '
nul     db 'NUL     '
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
; EDX = the last device header of the current VM.
BeginProc Last_Device
        push    eax
        mov     edx, [last]             ; of the NUL device
@@:
        mov     eax, [edx]
        cmp     eax, -1
        je      @F
        movzx   edx, ax
        shr     eax, 16
        shl     eax, 4
        add     edx, eax
        jmp     @B
@@:
        pop     eax
        ret
EndProc Last_Device

BeginProc Early
        ; INT 21h AH=52h would tell where NUL is; here its name is searched for in DOS's data.
        mov     edi, 1000h
@@:
        inc     edi
        cmp     dword ptr [edi], ' LUN'
        jne     @B
        sub     edi, 10
        mov     [last], edi
        VMMcall _Allocate_Global_V86_Data_Area, <32, GVDAParaAlign+GVDAZeroInit>
        Check_Ne eax, 0, 'no global area'
        mov     [header], eax
        mov     word ptr [eax+4], 8000h
        xor     ebx, ebx
        VxDcall DOSMGR_Add_Device
        Check   nc, 'not added'
        call    Last_Device
        Check_Eq edx, [header], 'not the last: #EDX'
        mov     eax, [header]
        VxDcall DOSMGR_Add_Device
        Check   c, 'added twice'
;! input-range
        mov     eax, 100000h
        VxDcall DOSMGR_Add_Device
        Check   c, 'added above 1 MB'
        mov     eax, [header]
        VxDcall DOSMGR_Remove_Device
        Check   nc, 'not removed'
        call    Last_Device
        Check_Ne edx, [header], 'still there'
        mov     eax, [header]
        VxDcall DOSMGR_Remove_Device
        Check   c, 'removed twice'
        mov     word ptr [eax+4], 0     ; a block device
        VxDcall DOSMGR_Add_Device
        Check   c, 'a block device was added'
        mov     word ptr [eax+4], 8000h
        VxDcall DOSMGR_Enable_Indos_Polling
        Check   nc, 'polling was on'
        VxDcall DOSMGR_Enable_Indos_Polling
        Check   c, 'polling was off'
        clc
        ret
EndProc Early
VxD_LOCKED_CODE_ENDS

Begin_Tests
        VxDcall DOSMGR_Get_Version
        Check   nc, 'CF of the version'
        Check_Eq eax, 400h, 'version #EAX'
        VxDcall DOSMGR_Get_IndosPtr
        cmp     eax, 100000h
        Check   b, 'not a low address: #EAX'
        Check_Eq <word ptr [eax]>, 0, 'DOS is busy'
        VxDcall DOSMGR_Get_DOS_Crit_Status
        Check   z, 'DOS may not be called'
        inc     byte ptr [eax+1]        ; InDOS
        VxDcall DOSMGR_Get_DOS_Crit_Status
        Check   nz, 'DOS may be called'
        dec     byte ptr [eax+1]
        inc     byte ptr [eax]          ; critical error
        VxDcall DOSMGR_Get_DOS_Crit_Status
        Check   nz, 'DOS may be called in a critical error'
        dec     byte ptr [eax]

        VMMcall Get_Cur_VM_Handle
        mov     eax, [header]
        VxDcall DOSMGR_Add_Device
        Check   nc, 'not added to the VM'
        call    Last_Device
        Check_Eq edx, [header], 'not the last of the VM: #EDX'
        mov     eax, [header]
        VxDcall DOSMGR_Remove_Device
        Check   nc, 'not removed from the VM'
;! init-only
        xor     ebx, ebx
        VxDcall DOSMGR_Add_Device
        Check   c, 'a global device was added late'
;! dead-handle
        mov     ebx, 1234h
        VxDcall DOSMGR_Add_Device
        Check   c, 'added to no VM'
        mov     esi, OFFSET32 none
        VxDcall DOSMGR_Instance_Device
        Check   c, 'instanced what is not there'
        mov     esi, OFFSET32 nul
        VxDcall DOSMGR_Instance_Device
        Check   c, 'instanced a device of DOS'
        VMMcall Get_Cur_VM_Handle
        mov     esi, ebx
        VxDcall DOSMGR_Copy_VM_Drive_State
;! dead-handle
        mov     esi, 1234h
        VxDcall DOSMGR_Copy_VM_Drive_State
        VxDcall DOSMGR_BackFill_Allowed
        Check   nc, 'DOS is high'
        mov     edx, 0C0h
        mov     edi, 0C0h
        VxDcall DOSMGR_LocalGlobalReg
        Check_Eq eax, 3, 'the video BIOS: #EAX'
End_Tests
end

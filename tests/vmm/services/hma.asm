; The high memory area of a VM, the nul page, and the view of V86 memory for interrupt handlers at ring 0 (Win95 DDK
; S3250, S3252, S32C7; VDAG31 _GetGlblRng0V86IntBase).
include check.inc
Declare_Virtual_Device TEST, 1, 0, TEST_Control, Undefined_Device_ID, Undefined_Init_Order
Begin_Control_Dispatch TEST
Control_Dispatch Sys_Critical_Init, TEST_Critical
Control_Dispatch Device_Init, TEST_Run
Control_Dispatch Init_Complete, TEST_Complete
End_Control_Dispatch TEST

VxD_LOCKED_DATA_SEG
window  dd 0
base    dd 0
nul     dd 0
pte     dd 0
alias   dd 16 dup (0)
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
BeginProc TEST_Critical
        VMMcall _GetGlblRng0V86IntBase
        Check_Eq eax, 0, 'the view is there at Sys_Critical_Init'
        clc
        ret
EndProc TEST_Critical

BeginProc TEST_Run
        VMMcall Get_Sys_VM_Handle
        mov     eax, [ebx].CB_High_Linear
        mov     [window], eax
        VMMcall _MMGR_Toggle_HMA, <ebx, MMGRHMAQuery>
        Check_Eq eax, 1, 'the high memory area is off'
;! input-range
        VMMcall _MMGR_Toggle_HMA, <ebx, MMGRHMADisable>
        Check_Eq eax, 0, 'switched without its pages'
        VMMcall _Assign_Device_V86_Pages, <100h, 10h, 0, 0>
        Check_Eq eax, 1, 'cannot assign'
;! input-range
        VMMcall _MMGR_Toggle_HMA, <ebx, MMGRHMADisable+MMGRHMAEnable>
        Check_Eq eax, 0, 'on and off at once'

        ; off: addresses wrap
        mov     esi, [window]
        mov     dword ptr [esi+100500h], 11h
        mov     dword ptr [esi+500h], 22h
        VMMcall _MMGR_Toggle_HMA, <ebx, MMGRHMADisable>
        Check_Eq eax, 1, 'cannot be disabled'
        Check_Eq <dword ptr [esi+100500h]>, 22h, 'no wrap'
        mov     dword ptr [esi+100500h], 33h
        Check_Eq <dword ptr [esi+500h]>, 33h, 'no wrap of a write'
        VMMcall _MMGR_Toggle_HMA, <ebx, MMGRHMAQuery>
        Check_Eq eax, 0, 'still on'
        VMMcall _MMGR_Toggle_HMA, <ebx, MMGRHMAEnable+MMGRHMAPhysical>
        Check_Eq eax, 1, 'cannot be enabled'
        Check_Eq <dword ptr [esi+100500h]>, 11h, 'the global area is another one'

        ; a local one: nothing is there until a driver maps it
        VMMcall _MMGR_Toggle_HMA, <ebx, MMGRHMAEnable>
        mov     eax, [window]
        shr     eax, 12
        add     eax, 100h
        VMMcall _CopyPageTable, <eax, 1, <OFFSET32 pte>, 0>
        test    [pte], P_PRES
        Check   z, 'a local area has pages of its own'
        VMMcall _GetNulPageHandle
        mov     [nul], eax
        VMMcall _MapIntoV86, <[nul], ebx, 100h, 10h, 0, 0>
        Check_Eq eax, 1, 'cannot map into a local area'
        mov     eax, [esi+100500h]

        ; another physical area
        VMMcall _PageAllocate, <16, PG_SYS, 0, 0, 0, 0, 0, PAGEFIXED+PAGEZEROINIT>
        mov     edi, eax
        mov     dword ptr [edi+500h], 77h
        shr     eax, 12
        VMMcall _CopyPageTable, <eax, 16, <OFFSET32 alias>, 0>
        mov     esi, OFFSET32 alias
        VMMcall Set_Physical_HMA_Alias
        mov     esi, [window]
        VMMcall _MMGR_Toggle_HMA, <ebx, MMGRHMAEnable+MMGRHMAPhysical>
        Check_Eq <dword ptr [esi+100500h]>, 77h, 'the alias is not used'

        ; the view at ring 0
        VMMcall _GetGlblRng0V86IntBase
        mov     [base], eax
        Check_Ne eax, 0, 'no view'
        mov     edi, eax
        mov     dword ptr [esi+504h], 1234h
        Check_Eq <dword ptr [edi+504h]>, 1234h, 'the view shows something else'
        Check_Eq <dword ptr [edi+100500h]>, 77h, 'high memory of the view'
        VMMcall _GetGlblRng0V86IntBase
        Check_Eq eax, [base], 'two views'
        VMMcall _MMGR_Toggle_HMA, <ebx, MMGRHMADisable>
        Check_Eq <dword ptr [edi+100500h]>, 77h, 'high memory of the view is on at all times'
        clc
        ret
EndProc TEST_Run

BeginProc TEST_Complete
        mov     eax, 0FFFFF000h
        VMMcall MMGR_SetNULPageAddr
        Check_Eq eax, 0FFFFF000h, 'MMGR_SetNULPageAddr changes EAX'
        VMMcall Get_Sys_VM_Handle
        VMMcall _MapIntoV86, <[nul], ebx, 20h, 1, 0, 0>
        Check_Eq eax, 1, 'cannot map the nul page'
        mov     eax, [window]
        shr     eax, 12
        add     eax, 20h
        VMMcall _CopyPageTable, <eax, 1, <OFFSET32 pte>, 0>
        mov     eax, [pte]
        and     eax, 0FFFFF000h
        Check_Eq eax, 0FFFFF000h, 'the nul page lies elsewhere: #EAX'
        Say     'done'
        clc
        ret
EndProc TEST_Complete
VxD_LOCKED_CODE_ENDS
end

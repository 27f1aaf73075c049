; Physical pages (Win95 DDK S31FC-S3201) and free physical regions (VDAG31 Free_Physical_Memory_Management).
include check.inc
Declare_Virtual_Device TEST, 1, 0, TEST_Control, Undefined_Device_ID, Undefined_Init_Order
Begin_Control_Dispatch TEST
Control_Dispatch Device_Init, TEST_Run
Control_Dispatch Init_Complete, TEST_Complete
Control_Dispatch Sys_VM_Init, TEST_Use
End_Control_Dispatch TEST

VxD_LOCKED_DATA_SEG
region  dd 0
page0   dd 0
block   dd 0
taken   dd 0
needs   dd 0
gifts   dd 0
mapped  dd 0
have    dd 0
most    dd 0
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
; Gives pages back while the region has some.
BeginProc Callback
        cmp     eax, 1
        je      needed
        inc     [gifts]
        clc
        ret
needed: inc     [needs]
        cmp     [mapped], 0
        je      nothing
        mov     eax, [page0]
        VMMcall _UnmapFreePhysReg, <eax, [mapped], 0>
        mov     [mapped], 0
        stc
        ret
nothing:
        clc
        ret
EndProc Callback

BeginProc Second
        Check_Ne eax, 2, 'a request that does not exist'
        clc
        ret
EndProc Second

BeginProc TEST_Run
        VMMcall _GetPhysPageInfo, <0, 10h, 0>
        Check_Eq eax, PHYSINFO_ALL, 'the lowest pages: #EAX'
        VMMcall _GetPhysPageInfo, <200h, 10h, 0>
        Check_Eq eax, PHYSINFO_ALL, 'extended memory: #EAX'
        VMMcall _GetPhysPageInfo, <0F0000h, 10h, 0>
        Check_Eq eax, PHYSINFO_NONE, 'pages that do not exist: #EAX'
        VMMcall _GetPhysPageInfo, <9Fh, 10h, 0>
        Check_Eq eax, PHYSINFO_SOME, 'the end of conventional memory: #EAX'
;! input-range
        VMMcall _GetPhysPageInfo, <0, 1, 1>
        Check_Eq eax, PHYSINFO_NONE, 'reserved flags'

        VMMcall _PageAllocate, <2, PG_SYS, 0, 0, 0, 0, 0, 0>
        mov     [block], eax
        VMMcall _PageResetHandlePAddr, <[block], 0, 1, 200h, 0>
        Check_Eq eax, 0, 'memory that the system has'
        VMMcall _PageResetHandlePAddr, <[block], 1, 2, 0F0000h, 0>
        Check_Eq eax, 0, 'behind the block'

        VMMcall _PageAllocate, <8, PG_SYS, 0, 0, 0, 0, 0, PAGEMAPFREEPHYSREG>
        Check_Ne eax, 0, 'no region'
        mov     [region], eax
        shr     eax, 12
        mov     [page0], eax
        VMMcall _PageCheckLinRange, <[page0], 8, 0>
        Check_Eq eax, 0, 'the region has pages'
        VMMcall _SetFreePhysRegCalBk, <<OFFSET32 Callback>, 0>
        Check_Eq eax, 1, 'no callback: #EAX'
        VMMcall _SetFreePhysRegCalBk, <<OFFSET32 Second>, 0>
        Check_Eq eax, 1, 'no second callback: #EAX'
        VMMcall _SetFreePhysRegCalBk, <<OFFSET32 Callback>, 1>
        Check_Eq eax, 0, 'reserved flags of _SetFreePhysRegCalBk'
        clc
        ret
EndProc TEST_Run

BeginProc TEST_Complete
        VMMcall _PageFree, <[block], 0>
        Check_Eq [gifts], 0, 'asked before Sys_VM_Init'
        clc
        ret
EndProc TEST_Complete

BeginProc TEST_Use
        VMMcall _MapFreePhysReg, <[page0], 4, 0>
        Check_Eq eax, 1, '_MapFreePhysReg: #EAX'
        mov     ebx, [region]
        mov     dword ptr [ebx+1000h], 0AAh
        VMMcall _MapFreePhysReg, <[page0], 1, 0>
        Check_Eq eax, 0, 'mapped twice'
        mov     ecx, [page0]
        add     ecx, 6
        VMMcall _MapFreePhysReg, <ecx, 4, 0>
        Check_Eq eax, 0, 'mapped behind the region'
        VMMcall _PageDecommit, <[page0], 1, 0>
        Check_Eq eax, 0, 'decommitted'
        VMMcall _PageFree, <[region], 0>
        Check_Eq eax, 0, 'freed'

        ; page 1 moves to place 6
        mov     ecx, [page0]
        inc     ecx
        VMMcall _XchgFreePhysReg, <ecx, 0, 0>
        Check_Ne eax, 0, 'nothing was present'
        mov     edx, eax
        mov     ecx, [page0]
        add     ecx, 6
        VMMcall _XchgFreePhysReg, <ecx, edx, 0>
        Check_Eq eax, 0, 'something was present: #EAX'
        Check_Eq <dword ptr [ebx+6000h]>, 0AAh, 'the page did not move'
        VMMcall _XchgFreePhysReg, <0C0000h, 0, 0>
        Check_Eq eax, -1, 'somebody else''s page'
        VMMcall _UnmapFreePhysReg, <[page0], 2, 0>
        Check_Eq eax, 0, 'an absent page unmapped'
        mov     ecx, [page0]
        add     ecx, 6
        VMMcall _UnmapFreePhysReg, <ecx, 1, 0>
        Check_Eq eax, 1, '_UnmapFreePhysReg: #EAX'

        ; fixed pages stay
        mov     ecx, [page0]
        add     ecx, 5
        VMMcall _MapFreePhysReg, <ecx, 1, PAGEFIXED>
        Check_Eq eax, 1, 'PAGEFIXED: #EAX'
        mov     ecx, [page0]
        add     ecx, 5
        VMMcall _UnmapFreePhysReg, <ecx, 1, 0>
        Check_Eq eax, 0, 'a fixed page unmapped'
        mov     ecx, [page0]
        add     ecx, 5
        VMMcall _XchgFreePhysReg, <ecx, 0, 0>
        Check_Eq eax, -1, 'a fixed page taken away'
        mov     ecx, [page0]
        inc     ecx
        VMMcall _MapFreePhysReg, <ecx, 1, 0>
        mov     [mapped], 4

        ; the system needs what the region has
        mov     [gifts], 0
        VMMcall _GetFreePageCount, <0>
        sub     eax, 20
        VMMcall _PageAllocate, <eax, PG_SYS, 0, 0, 0, 0, 0, PAGEFIXED>
        mov     [most], eax
        VMMcall _GetFreePageCount, <0>
        mov     [have], eax
        add     eax, 2
        VMMcall _PageAllocate, <eax, PG_SYS, 0, 0, 0, 0, 0, PAGEFIXED>
        Check_Ne eax, 0, 'the region gave nothing'
        mov     [block], eax
        Check_Eq [needs], 1, 'calls for pages'
        mov     eax, [have]
        add     eax, 2
        VMMcall _PageAllocate, <eax, PG_SYS, 0, 0, 0, 0, 0, PAGEFIXED>
        Check_Eq eax, 0, 'more than there is'
        Check_Eq [needs], 2, 'calls in vain'
        VMMcall _PageFree, <[block], 0>
        Check_Eq eax, 1, 'not freed'
        Check_Eq [gifts], 1, 'calls with pages'
        VMMcall _PageFree, <[most], 0>
        Say     'done'
        clc
        ret
EndProc TEST_Use
VxD_LOCKED_CODE_ENDS
end

; V86 memory: mapping, bits, hooks of pages, device pages, data areas (VDAG31 V86_Address_Space_Mapping_and_Allocation,
; Device_V86_Page_Management).
include check.inc
Test_Driver

VxD_LOCKED_DATA_SEG
vm      dd 0
high_   dd 0
block   dd 0
entry   dd 2 dup (0)
array   dd 9 dup (-1)
first   dd 0
area    dd 0
item    InstDataStruc <0, 0, 1000h, 4, ALWAYS_Field>
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
Page_Hook:
        ret
VxD_LOCKED_CODE_ENDS

Begin_Tests
        VMMcall Get_Cur_VM_Handle
        mov     [vm], ebx
        mov     eax, [ebx].CB_High_Linear
        mov     [high_], eax

        ; data areas
        VMMcall _GetFirstV86Page
        mov     [first], eax
        Check_Ne eax, 0, 'no first V86 page'
        VMMcall _GetLastV86Page
        cmp     eax, [first]
        Check   a, 'the last V86 page is not behind the first: #EAX'
        VMMcall _Allocate_Global_V86_Data_Area, <0, GVDAInquire>
        Check_Ne eax, 0, 'no room below the first V86 page'
        VMMcall _Allocate_Global_V86_Data_Area, <100, GVDAParaAlign+GVDAZeroInit>
        Check_Ne eax, 0, 'no global area'
        mov     [area], eax
        test    eax, 0Fh
        Check   z, 'not at a paragraph: #EAX'
        Check_Eq <dword ptr [eax]>, 0, 'not zero'
        cmp     eax, 100000h
        Check   b, 'not in the first megabyte: #EAX'
        VMMcall _TestGlobalV86Mem, <[area], 100, 0>
        Check_Eq eax, 1, 'the area is not global: #EAX'
        VMMcall _Allocate_Global_V86_Data_Area, <16, GVDAInstance>
        VMMcall _TestGlobalV86Mem, <eax, 16, 0>
        Check_Eq eax, 3, 'the area is not instanced: #EAX'
        VMMcall _TestGlobalV86Mem, <50000h, 16, 0>
        Check_Eq eax, 0, 'free memory is global: #EAX'
        VMMcall _Allocate_Global_V86_Data_Area, <10000h, GVDAPageAlign>
        Check_Ne eax, 0, 'no 64 KB'
        test    eax, 0FFFh
        Check   z, 'not at a page: #EAX'
        VMMcall _GetFirstV86Page
        cmp     eax, [first]
        Check   a, 'the first V86 page did not move'
        mov     [first], eax
;! input-range
        VMMcall _Allocate_Global_V86_Data_Area, <16, GVDAWordAlign+GVDAPageAlign>
        Check_Eq eax, 0, 'two alignments'
        VMMcall _Allocate_Temp_V86_Data_Area, <64, 0>
        Check_Ne eax, 0, 'no temporary area'
        test    eax, 0Fh
        Check   z, 'temporary area not at a paragraph'
;! input-range
        VMMcall _Allocate_Temp_V86_Data_Area, <64, 0>
        Check_Eq eax, 0, 'two temporary areas'
;! input-range
        VMMcall _Allocate_Global_V86_Data_Area, <16, 0>
        Check_Eq eax, 0, 'a global area while a temporary one exists'
        VMMcall _Free_Temp_V86_Data_Area
        Check_Ne eax, 0, 'the temporary area cannot be freed'
        VMMcall _Free_Temp_V86_Data_Area
        Check_Eq eax, 0, 'freed twice'
        VMMcall _AddInstanceItem, <<OFFSET32 item>, 0>
        Check_Ne eax, 0, 'no instance item'
;! input-range
        mov     [item.InstSize], 0
        VMMcall _AddInstanceItem, <<OFFSET32 item>, 0>
        Check_Eq eax, 0, 'an instance item of no bytes'

        ; mapping
        VMMcall _PageAllocate, <2, PG_VM, [vm], 0, 0, 0, 0, PAGEZEROINIT>
        mov     [block], eax
        mov     dword ptr [eax+1000h], 4711
        VMMcall _MapIntoV86, <[block], [vm], 90h, 1, 1, 0>
        Check_Ne eax, 0, '_MapIntoV86 fails'
        Check_Eq <dword ptr ds:[90000h]>, 4711, 'not there at the low address'
        mov     ecx, [high_]
        Check_Eq <dword ptr [ecx+90000h]>, 4711, 'not there at the high address'
        mov     dword ptr ds:[90000h], 4712
        mov     eax, [block]
        Check_Eq <dword ptr [eax+1000h]>, 4712, 'a V86 write is lost'
        VMMcall _CopyPageTable, <90h, 1, <OFFSET32 entry>, 0>
        mov     eax, [entry]
        and     eax, P_PRES+P_WRITE+P_USER
        Check_Eq eax, P_PRES+P_WRITE+P_USER, 'bits of a mapped page: #EAX'
        VMMcall _GetNulPageHandle
        Check_Ne eax, 0, 'no nul page'
        VMMcall _MapIntoV86, <eax, [vm], 90h, 2, 0, 0>
        Check_Ne eax, 0, 'the nul page cannot be mapped'
        Check_Ne <dword ptr ds:[90000h]>, 4712, 'the block is still mapped'
;! input-range
        VMMcall _MapIntoV86, <[block], [vm], 90h, 3, 0, 0>
        Check_Eq eax, 0, 'mapped beyond the block'
;! input-range
        mov     ecx, [first]
        dec     ecx
        VMMcall _MapIntoV86, <[block], [vm], ecx, 2, 0, 0>
        Check_Eq eax, 0, 'mapped across the first V86 page'
;! input-range
        VMMcall _PhysIntoV86, <0B8h, 12345h, 91h, 1, 0>
        Check_Eq eax, 0, 'mapped into no VM'
        VMMcall _PhysIntoV86, <0B8h, [vm], 91h, 2, 0>
        Check_Ne eax, 0, '_PhysIntoV86 fails'
        VMMcall _CopyPageTable, <91h, 2, <OFFSET32 entry>, 0>
        mov     eax, [entry+4]
        shr     eax, 12
        Check_Eq eax, 0B9h, 'physical page #EAX'
        mov     ecx, [block]
        shr     ecx, 12
        VMMcall _LinMapIntoV86, <ecx, [vm], 93h, 2, 0>
        Check_Ne eax, 0, '_LinMapIntoV86 fails'
        Check_Eq edx, 93h, 'page used: #EDX'
        Check_Eq <dword ptr ds:[94000h]>, 4712, 'not mapped'
        VMMcall _LinMapIntoV86, <40h, [vm], 93h, 1, 0>
        Check_Ne eax, 0, 'a V86 source'
        Check_Eq edx, 40h, 'a V86 source stays where it is: #EDX'

        ; hooks and bits
        mov     eax, 0B0h
        mov     esi, OFFSET32 Page_Hook
        VMMcall Hook_V86_Page
        Check   nc, 'a page cannot be hooked'
        mov     esi, OFFSET32 Page_Hook+1
        VMMcall Hook_V86_Page
        Check   c, 'a page was hooked twice'
;! input-range
        mov     eax, 20h
        VMMcall Hook_V86_Page
        Check   c, 'a page of programs was hooked'
        VMMcall _ModifyPageBits, <[vm], 0B0h, 1, <NOT P_PRES>, 0, PG_HOOKED, 0>
        Check_Ne eax, 0, '_ModifyPageBits fails'
        VMMcall _CopyPageTable, <0B0h, 1, <OFFSET32 entry>, 0>
        test    [entry], P_PRES
        Check   z, 'the page is still present'
;! input-range
        VMMcall _ModifyPageBits, <[vm], 0B1h, 1, <NOT P_PRES>, 0, PG_HOOKED, 0>
        Check_Eq eax, 0, 'cleared without a hook'
;! input-range
        VMMcall _ModifyPageBits, <[vm], 0B0h, 1, -1, P_PRES, PG_IGNORE, 0>
        Check_Eq eax, 0, 'P_PRES was set'
        VMMcall _PhysIntoV86, <0B0h, [vm], 0B0h, 1, 0>
        mov     eax, 0B0h
        mov     esi, OFFSET32 Page_Hook
        VMMcall Unhook_V86_Page
        Check   nc, 'cannot unhook'
        VMMcall Unhook_V86_Page
        Check   c, 'unhooked twice'

        ; device pages
        VMMcall _Assign_Device_V86_Pages, <0B0h, 8, 0, 0>
        Check_Ne eax, 0, 'pages cannot be assigned'
        VMMcall _Assign_Device_V86_Pages, <0B7h, 2, 0, 0>
        Check_Eq eax, 0, 'assigned twice'
;! input-range
        VMMcall _Assign_Device_V86_Pages, <0C0h, 1, [vm], 0>
        Check_Eq eax, 0, 'assigned locally during initialisation'
        VMMcall _Get_Device_V86_Pages_Array, <0, <OFFSET32 array>, 0>
        Check_Ne eax, 0, 'no array'
        Check_Eq [array+20], 0FF0000h, 'bits of pages A0h-BFh'
        Check_Eq [array+32], 0, 'bits of pages 100h-10Fh'
        VMMcall _DeAssign_Device_V86_Pages, <0B0h, 8, 0, 0>
        Check_Ne eax, 0, 'cannot be given back'
        VMMcall _DeAssign_Device_V86_Pages, <0B0h, 1, 0, 0>
        Check_Eq eax, 0, 'given back twice'

        ; control-block areas
        VMMcall _Allocate_Device_CB_Area, <20, 0>
        Check_Ne eax, 0, 'no control-block area'
        mov     ecx, eax
        add     ecx, [vm]
        Check_Eq <dword ptr [ecx+16]>, 0, 'the area is not zero'
        mov     dword ptr [ecx], -1
        mov     esi, eax
        VMMcall _Allocate_Device_CB_Area, <4, 0>
        Check_Ne eax, esi, 'two areas at one place'
        VMMcall _Deallocate_Device_CB_Area, <esi, 0>
        Check_Ne eax, 0, 'the area cannot be given back'
;! dead-handle
        VMMcall _Deallocate_Device_CB_Area, <esi, 0>
        Check_Eq eax, 0, 'given back twice'
        VMMcall _Allocate_Device_CB_Area, <20, 0>
        Check_Eq eax, esi, 'the room was not used again: #EAX'
        add     eax, [vm]
        Check_Eq <dword ptr [eax]>, 0, 'what a former owner left'
        VMMcall _Allocate_Device_CB_Area, <100000h, 0>
        Check_Eq eax, 0, 'an area of 1 MB'
End_Tests
end

; Descriptors, selectors and addresses (Win95 DDK S3242, S3244, S32C6; VDAG31 GDT_sl_LDT_Management, Map_Flat).
include check.inc
Test_Driver

VxD_LOCKED_DATA_SEG
vm      dd 0
high_   dd 0
low_    dd 0
sel     dd 0
crs     dd 0
VxD_LOCKED_DATA_ENDS

Begin_Tests
        VMMcall Get_Cur_VM_Handle
        mov     [vm], ebx
        mov     eax, [ebx].CB_Client_Pointer
        mov     [crs], eax
        VMMcall _BuildDescriptorDWORDs, <12345678h, 0ABCDEh, RW_Data_Type, D_GRAN_PAGE+D_DEF32, 0>
        Check_Eq eax, 5678BCDEh, 'low dword: #EAX'
        Check_Eq edx, 12CAF234h, 'high dword: #EDX'
        VMMcall _BuildDescriptorDWORDs, <12345678h, 0FFFFh, RW_Data_Type, 0, BDDExplicitDPL>
        Check_Eq edx, 12009234h, 'high dword with its own DPL: #EDX'
        mov     [high_], edx
        mov     [low_], eax
;! input-range
        VMMcall _BuildDescriptorDWORDs, <0, 100000h, 92h, 0, 0>

        VMMcall _Allocate_GDT_Selector, <[high_], [low_], 0>
        Check_Ne eax, 0, 'no global selector'
        Check_Ne edx, 0, 'EDX of a global selector'
        mov     [sel], eax
        test    eax, 7
        Check   z, 'RPL and table of a DPL 0 selector: #EAX'
        VMMcall _SelectorMapFlat, <[vm], [sel], 0>
        Check_Eq eax, 12345678h, 'its base: #EAX'
        VMMcall _GetDescriptor, <[sel], [vm], 0>
        Check_Eq edx, [high_], '_GetDescriptor: #EDX'
        Check_Eq eax, [low_], '_GetDescriptor: #EAX'
        VMMcall _BuildDescriptorDWORDs, <40000h, 0FFFFh, RW_Data_Type, 0, BDDExplicitDPL>
        VMMcall _SetDescriptor, <[sel], [vm], edx, eax, 0>
        Check_Ne eax, 0, '_SetDescriptor fails'
        VMMcall _SelectorMapFlat, <[vm], [sel], 0>
        Check_Eq eax, 40000h, 'the base did not change: #EAX'
        push    es                      ; the processor takes it, too
        mov     eax, [sel]
        mov     es, ax
        mov     dword ptr es:[10h], 99
        pop     es
        Check_Eq <dword ptr ds:[40010h]>, 99, 'a write through the selector'
        VMMcall _Free_GDT_Selector, <[sel], 0>
        Check_Ne eax, 0, 'cannot be freed'
        VMMcall _SelectorMapFlat, <[vm], [sel], 0>
        Check_Eq eax, -1, 'a freed selector has a base'
;! dead-handle
        VMMcall _Free_GDT_Selector, <[sel], 0>
        Check_Eq eax, 0, 'freed twice'
;! dead-handle
        xor     ecx, ecx
        mov     cx, cs
        VMMcall _Free_GDT_Selector, <ecx, 0>
        Check_Eq eax, 0, 'a selector of the system was freed'
;! dead-handle
        xor     ecx, ecx
        mov     cx, ds
        VMMcall _SetDescriptor, <ecx, [vm], 0, 0, 0>
        Check_Eq eax, 0, 'a descriptor of the system was set'

        VMMcall _Allocate_LDT_Selector, <[vm], [high_], [low_], 3, 0>
        Check_Ne eax, 0, 'no local selectors'
        mov     [sel], eax
        test    eax, 4
        Check   nz, 'not of the local table: #EAX'
        mov     ecx, eax
        add     ecx, 16
        VMMcall _SelectorMapFlat, <[vm], ecx, 0>
        Check_Eq eax, 12345678h, 'the third selector: #EAX'
        mov     ecx, [sel]
        add     ecx, 24
        VMMcall _SelectorMapFlat, <[vm], ecx, 0>
        Check_Eq eax, -1, 'a fourth selector'
        VMMcall _Allocate_LDT_Selector, <[vm], [high_], [low_], 407h, ALDTSpecSel>
        shr     eax, 3
        Check_Eq eax, 80h, 'the selector wanted: #EAX'
        VMMcall _Allocate_LDT_Selector, <[vm], [high_], [low_], 407h, ALDTSpecSel>
        Check_Eq eax, 0, 'a taken selector'
        VMMcall _Free_LDT_Selector, <[vm], [sel], 0>
        Check_Ne eax, 0, 'a local selector cannot be freed'
;! dead-handle
        VMMcall _Free_LDT_Selector, <[vm], [sel], 0>
        Check_Eq eax, 0, 'freed twice'
;! dead-handle
        VMMcall _Allocate_LDT_Selector, <12345h, [high_], [low_], 1, 0>
        Check_Eq eax, 0, 'a VM that is none'
        VMMcall _GetAppFlatDSAlias
        mov     ecx, eax
        VMMcall _SelectorMapFlat, <[vm], ecx, 0>
        Check_Eq eax, 0, 'the flat alias: #EAX'

        ; addresses of the client
        mov     ebp, [crs]
        push    dword ptr [ebp].Client_DS
        push    [ebp].Client_EDX
        mov     [ebp].Client_DS, 1234h
        mov     [ebp].Client_EDX, 10005h
        mov     eax, (Client_DS SHL 8) + Client_EDX
        VMMcall Map_Flat
        Check_Eq eax, 12345h, 'Map_Flat: #EAX'
        mov     eax, (Client_DS SHL 8) + 0FFh
        VMMcall Map_Flat
        Check_Eq eax, 12340h, 'Map_Flat without an offset: #EAX'
        pop     [ebp].Client_EDX
        pop     eax
        mov     [ebp].Client_DS, ax
;! input-range
        mov     eax, 0FFFFh
        VMMcall Map_Flat
        Check_Eq eax, -1, 'Map_Flat of no field: #EAX'
        mov     eax, 12345h
        mov     ecx, 10h
        VMMcall Map_Lin_To_VM_Addr
        Check   nc, 'no VM address'
        movzx   ecx, cx
        shl     ecx, 4
        add     ecx, edx
        Check_Eq ecx, 12345h, 'another address: #ECX'
        mov     eax, 120000h
        mov     ecx, 10h
        VMMcall Map_Lin_To_VM_Addr
        Check   c, 'an address above the high memory area'
End_Tests
end

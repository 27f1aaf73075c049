; V86MMGR: translation buffers, the mapping region, what it says about pages (VDAG31 Virtual_V86_Mode_Memory_Manager).
include check.inc
include v86mmgr.inc

Declare_Virtual_Device TEST, 1, 0, TEST_Control, Undefined_Device_ID, 90000000h
Begin_Control_Dispatch TEST
Control_Dispatch Device_Init, Early
Control_Dispatch Init_Complete, TEST_Run
End_Control_Dispatch TEST

VxD_LOCKED_DATA_SEG
vm      dd 0
high_   dd 0
size_   dd 0
total   dd 0
handle  dd 0
second  dd 0
at_     dd 0
block   dd 0
text    db 'translated', 0
back    db 16 dup (0)
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
; Before V86MMGR's own Device_Init.
BeginProc Early
        mov     eax, 0602h              ; at least 2, at most 6 pages
        mov     ebx, 0304h              ; 4 of its own, 3 together with others
        mov     ecx, 10
        VxDcall V86MMGR_Set_Mapping_Info
        clc
        ret
EndProc Early
VxD_LOCKED_CODE_ENDS

Begin_Tests
        VxDcall V86MMGR_Get_Version
        Check   nc, 'CF of the version'
        Check_Eq eax, 400h, 'version #EAX'
        VMMcall Get_Cur_VM_Handle
        mov     [vm], ebx
        mov     eax, [ebx].CB_High_Linear
        mov     [high_], eax

        ; what was asked for
        mov     ecx, 12340000h
        VxDcall V86MMGR_Get_Mapping_Info
        Check_Eq ecx, 12340A0Ah, 'mapping region: #ECX'
;! init-only
        VxDcall V86MMGR_Set_Mapping_Info

        ; the buffer
        VxDcall V86MMGR_Get_Xlat_Buff_State
        Check_Eq edx, 6000h, 'size of the buffer: #EDX'
        Check_Eq ecx, edx, 'free bytes: #ECX'
        mov     [at_], eax
        VMMcall Get_Cur_VM_Handle
        mov     ebp, [ebx.CB_Client_Pointer]
        mov     esi, OFFSET32 text
        mov     ecx, 11
        stc
        VxDcall V86MMGR_Allocate_Buffer
        Check   nc, 'no buffer'
        Check_Eq ecx, 11, 'bytes: #ECX'
        Check_Eq di, 0, 'offset: #EDI'
        Check_Eq esi, <OFFSET32 text>, 'ESI changed'
        shr     edi, 16
        Check_Eq edi, [at_], 'segment: #EDI'
        shl     edi, 4
        Check_Eq <dword ptr [edi]>, 'nart', 'not copied: low'
        add     edi, [high_]
        Check_Eq <dword ptr [edi]>, 'nart', 'not copied: high'
        mov     byte ptr [edi], 'T'
        mov     ecx, 100
        clc
        VxDcall V86MMGR_Allocate_Buffer
        Check   nc, 'no second buffer'
        Check_Eq di, 11, 'offset of the second: #EDI'
        VxDcall V86MMGR_Get_Xlat_Buff_State
        Check_Eq ecx, 6000h-111, 'free bytes with two buffers: #ECX'
        mov     ecx, 6000h-110
        clc
        VxDcall V86MMGR_Allocate_Buffer
        Check   c, 'more than there is'
        Check_Eq ecx, 6000h-110, 'ECX changed: #ECX'
        mov     ecx, 100
        clc
        VxDcall V86MMGR_Free_Buffer
        mov     ecx, 11
        mov     esi, OFFSET32 back
        stc
        VxDcall V86MMGR_Free_Buffer
        Check_Eq ecx, 11, 'Free_Buffer changed ECX'
        Check_Eq <dword ptr [back]>, 'narT', 'not copied back'
        Check_Eq <byte ptr [back+11]>, 0, 'too much copied back'
;! input-range
        mov     ecx, 1
        clc
        VxDcall V86MMGR_Free_Buffer

        ; a segment that ends sooner
        VMMcall _BuildDescriptorDWORDs, <<OFFSET32 text>, 7, <RW_Data_Type>, 0, 0>
        VMMcall _Allocate_LDT_Selector, <[vm], edx, eax, 1, 0>
        mov     [handle], eax
        mov     fs, ax
        mov     esi, 3
        mov     ecx, 11
        stc
        VxDcall V86MMGR_Allocate_Buffer
        Check   nc, 'no buffer for the short segment'
        Check_Eq ecx, 5, 'bytes of the short segment: #ECX'
        mov     eax, fs
        Check_Eq eax, [handle], 'FS changed: #EAX'
        clc
        VxDcall V86MMGR_Free_Buffer
        mov     esi, 8
        mov     ecx, 11
        clc
        VxDcall V86MMGR_Allocate_Buffer
        Check   c, 'beyond the end of the segment'
        mov     ax, ss
        mov     fs, ax

        ; pointers of the client
        mov     ebp, [ebx.CB_Client_Pointer]
        push    [ebp.Client_EDX]
        push    dword ptr [ebp.Client_DS]
        mov     eax, [handle]
        mov     [ebp.Client_DS], ax
        mov     [ebp.Client_EDX], 0FFFF0003h
        mov     eax, (Client_DS SHL 8) + Client_DX
        VxDcall V86MMGR_Load_Client_Ptr
        Check_Eq esi, 3, 'offset of a 16-bit client: #ESI'
        mov     ecx, fs
        Check_Eq ecx, [handle], 'segment of the client: #ECX'
        Check_Eq <dword ptr fs:[esi]>, 'alsn', 'what it points to'
        mov     eax, (Client_DS SHL 8) + 0FFh
        VxDcall V86MMGR_Load_Client_Ptr
        Check_Eq esi, 0, 'no offset: #ESI'
        mov     ax, ss
        mov     fs, ax
;! client-pointer
        mov     word ptr [ebp.Client_DS], 0FFF7h
        mov     esi, 4711
        mov     eax, (Client_DS SHL 8) + Client_DX
        VxDcall V86MMGR_Load_Client_Ptr
        Check_Eq esi, 4711, 'ESI with a bad selector: #ESI'
;! input-range
        mov     eax, 0FF00h
        VxDcall V86MMGR_Load_Client_Ptr
        pop     dword ptr [ebp.Client_DS]
        pop     [ebp.Client_EDX]

        ; another buffer
        mov     eax, 6000h
        mov     ecx, 80h
        mov     edx, 100h
        VxDcall V86MMGR_Set_Xlat_Buff_State
        xor     eax, eax
        VxDcall V86MMGR_Get_Xlat_Buff_State
        Check_Eq eax, 6000h, 'segment set: #EAX'
        Check_Eq ecx, 80h, 'free set: #ECX'
        Check_Eq edx, 100h, 'size set: #EDX'
        mov     esi, OFFSET32 text
        mov     ecx, 11
        stc
        VxDcall V86MMGR_Allocate_Buffer
        Check_Eq edi, 60000080h, 'in the other buffer: #EDI'
        Check_Eq <dword ptr ds:[60080h]>, 'nart', 'copied there'
;! input-range
        mov     ecx, 101h
        VxDcall V86MMGR_Set_Xlat_Buff_State
;! dead-handle
        mov     ebx, 1234h
        VxDcall V86MMGR_Set_Xlat_Buff_State
        mov     ebx, [vm]
        mov     eax, [at_]
        mov     ecx, 6000h
        mov     edx, ecx
        VxDcall V86MMGR_Set_Xlat_Buff_State
;! dead-handle
        mov     ebx, 1234h
        VxDcall V86MMGR_Get_Xlat_Buff_State
;! dead-handle
        VxDcall V86MMGR_Load_Client_Ptr
        mov     ecx, 4
        mov     esi, OFFSET32 text
;! dead-handle
        clc
        VxDcall V86MMGR_Allocate_Buffer
        Check   c, 'a buffer in no VM'
;! dead-handle
        clc
        VxDcall V86MMGR_Free_Buffer
        mov     ebx, [vm]

        ; the flat selector
        VxDcall V86MMGR_Get_VM_Flat_Sel
        mov     [second], eax
        test    eax, 4
        Check   nz, 'no local selector: #EAX'
        VxDcall V86MMGR_Get_VM_Flat_Sel
        Check_Eq eax, [second], 'another selector: #EAX'
        VMMcall _SelectorMapFlat, <[vm], [second], 0>
        Check_Eq eax, [high_], 'base of the selector: #EAX'
        mov     fs, word ptr [second]
        mov     eax, fs:[10FFFCh]
        mov     ax, ss
        mov     fs, ax
;! dead-handle
        mov     ebx, 1234h
        VxDcall V86MMGR_Get_VM_Flat_Sel
        Check_Eq eax, 0, 'a selector of no VM: #EAX'
        mov     ebx, [vm]

        ; memory mapped into all VMs
        VMMcall _PageAllocate, <2, PG_SYS, 0, 0, 0, 0, 0, <PAGEZEROINIT+PAGEFIXED>>
        mov     [block], eax
        mov     dword ptr [eax+0FF0h], 4711
        lea     esi, [eax+0FF0h]
        mov     ecx, 20h
        VxDcall V86MMGR_Map_Pages
        Check   nc, 'cannot be mapped'
        mov     [handle], esi
        mov     [at_], edi
        cmp     edi, 100000h
        Check   b, 'not in the first megabyte: #EDI'
        Check_Eq <dword ptr [edi]>, 4711, 'what was there is not'
        mov     dword ptr [edi+10h], 4712
        mov     eax, [block]
        Check_Eq <dword ptr [eax+1000h]>, 4712, 'a V86 write is lost'
        add     edi, [high_]
        Check_Eq <dword ptr [edi]>, 4711, 'high address'
        VxDcall V86MMGR_Get_Mapping_Info
        Check_Eq cl, 8, 'pages left: #ECX'
        xor     esi, esi
        mov     ecx, 8000h
        VxDcall V86MMGR_Map_Pages
        Check   nc, 'cannot be reserved'
        mov     [second], esi
        cmp     edi, [at_]
        Check   ne, 'reserved what is mapped'
        mov     esi, [block]
        mov     ecx, 1
        VxDcall V86MMGR_Map_Pages
        Check   c, 'mapped without room'
        mov     ecx, [at_]
        shr     ecx, 12
        VxDcall V86MMGR_GetPgStatus
        Check_Eq eax, V86PS_MAP, 'status of a mapped page: #EAX'
        mov     edx, ecx
        mov     edi, ecx
        VxDcall V86MMGR_LocalGlobalReg
        Check_Eq eax, 1, 'a mapped page is not global: #EAX'
        VxDcall V86MMGR_Get_Xlat_Buff_State
        mov     ecx, eax
        shr     ecx, 8
        push    ecx
        VxDcall V86MMGR_GetPgStatus
        Check_Eq eax, V86PS_MAP, 'status of the buffer: #EAX'
        pop     edx
        push    edx
        mov     edi, edx
        VxDcall V86MMGR_LocalGlobalReg
        Check_Eq eax, 0, 'the buffer is not local: #EAX'
        pop     edx
        mov     edi, [at_]
        shr     edi, 12
        VxDcall V86MMGR_LocalGlobalReg
        Check_Eq eax, 2, 'buffer and region are not mixed: #EAX'
        mov     edx, 0C0h
        mov     edi, 0C0h
        VxDcall V86MMGR_LocalGlobalReg
        Check_Eq eax, 3, 'a page of the video BIOS: #EAX'
        mov     ecx, 0C0h
        VxDcall V86MMGR_GetPgStatus
        Check_Eq eax, 0, 'status of the video BIOS: #EAX'
;! input-range
        mov     ecx, 111h
        VxDcall V86MMGR_GetPgStatus
        mov     esi, [second]
        VxDcall V86MMGR_Free_Page_Map_Region
        mov     esi, [handle]
        VxDcall V86MMGR_Free_Page_Map_Region
        mov     edi, [at_]
        Check_Ne <dword ptr [edi]>, 4711, 'still mapped'
        VxDcall V86MMGR_Get_Mapping_Info
        Check_Eq cl, 10, 'pages free again: #ECX'
;! dead-handle
        mov     esi, [handle]
        VxDcall V86MMGR_Free_Page_Map_Region
        mov     esi, 0C7000000h         ; nothing is committed there
        mov     ecx, 1
        VxDcall V86MMGR_Map_Pages
        Check   c, 'mapped nothing'
        VxDcall V86MMGR_Get_Mapping_Info
        Check_Eq cl, 10, 'pages free after a failure: #ECX'

        ; pages that a driver gives: two of its own, then one that it never had
        VMMcall _Assign_Device_V86_Pages, <0F2h, 2, 0, 0>
        mov     eax, 0F2h
        mov     ecx, 2
        stc
        VxDcall V86MMGR_SetAvailMapPgs
        Check   nc, 'cannot be given'
        Check_Eq eax, 0F2h, 'EAX of the pages given: #EAX'
        Check_Eq ecx, 2, 'ECX of the pages given: #ECX'
        VxDcall V86MMGR_Get_Mapping_Info
        Check_Eq cx, 0C0Ch, 'pages with two more: #ECX'
        clc
        mov     eax, 0F4h
        mov     ecx, 1
        VxDcall V86MMGR_SetAvailMapPgs
        Check   nc, 'the third cannot be given'
        VMMcall _Assign_Device_V86_Pages, <0F4h, 1, 0, 0>
        Check_Eq eax, 0, 'a page given is still free for devices'
        mov     eax, 0F1h
        mov     ecx, 2
        VxDcall V86MMGR_SetAvailMapPgs
        Check   c, 'one page given twice'
        mov     eax, 9Fh
        mov     ecx, 2
        VxDcall V86MMGR_SetAvailMapPgs
        Check   c, 'the last V86 page given'
        mov     eax, 0FFh
        mov     ecx, 2
        VxDcall V86MMGR_SetAvailMapPgs
        Check   c, 'pages above the first megabyte'
        mov     eax, 0F8h
        mov     ecx, -1
        VxDcall V86MMGR_SetAvailMapPgs
        Check   c, 'all of memory given'
        mov     eax, 0F8h
        xor     ecx, ecx
        VxDcall V86MMGR_SetAvailMapPgs
        Check   c, 'nothing given'
        VxDcall V86MMGR_Get_Xlat_Buff_State
        shr     eax, 8
        mov     ecx, 1
        VxDcall V86MMGR_SetAvailMapPgs
        Check   c, 'the buffer given'
        VxDcall V86MMGR_Get_Mapping_Info
        Check_Eq cx, 0D0Dh, 'pages with three more: #ECX'
        mov     ecx, 0F4h
        VxDcall V86MMGR_GetPgStatus
        Check_Eq eax, V86PS_MAP, 'status of a page given: #EAX'
        mov     edx, 0F2h
        mov     edi, 0F4h
        VxDcall V86MMGR_LocalGlobalReg
        Check_Eq eax, 1, 'pages given are not global: #EAX'
        mov     edi, 0F5h
        VxDcall V86MMGR_LocalGlobalReg
        Check_Eq eax, 3, 'a page behind those given: #EAX'
        xor     esi, esi
        mov     ecx, 0A000h             ; all that it has of its own
        VxDcall V86MMGR_Map_Pages
        Check   nc, 'its own pages cannot be reserved'
        mov     [second], esi
        mov     esi, [block]
        mov     dword ptr [esi], 4713
        mov     ecx, 2000h
        VxDcall V86MMGR_Map_Pages
        Check   nc, 'pages given cannot be mapped'
        Check_Eq edi, 0F2000h, 'mapped in the pages given: #EDI'
        Check_Eq <dword ptr [edi]>, 4713, 'what is mapped there'
        mov     [handle], esi
        mov     esi, [block]
        mov     ecx, 2000h
        VxDcall V86MMGR_Map_Pages
        Check   c, 'two pages mapped where one is left'
        mov     esi, [handle]
        VxDcall V86MMGR_Free_Page_Map_Region
        mov     esi, [second]
        VxDcall V86MMGR_Free_Page_Map_Region
        VxDcall V86MMGR_Get_Mapping_Info
        Check_Eq cx, 0D0Dh, 'all free at the end: #ECX'

        ; EMS and XMS of a VM: as much as there is, until somebody says otherwise; not of the System VM
        mov     ebx, [vm]
        VxDcall V86MMGR_Get_EMS_XMS_Limits
        Check_Eq eax, 0, 'least EMS: #EAX'
        Check_Eq esi, 0, 'least XMS: #ESI'
        Check_Eq ecx, 1, 'HMA: #ECX'
        Check_Eq edx, edi, 'most: #EDX #EDI'
        test    edx, 3
        Check   z, 'not a multiple of 4: #EDX'
        cmp     edx, 400h
        Check   ae, 'less than a megabyte: #EDX'
;! input-range
        VxDcall V86MMGR_Set_EMS_XMS_Limits
        Check   c, 'limits of the System VM'
        stc
        VxDcall V86MMGR_SetLocalA20
End_Tests
end

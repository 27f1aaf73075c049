; What initialisation asks about the machine, and what only the paging device asks.
;! input-range
;ini [386Enh]
;ini Other=1
;windows 98
include check.inc
Test_Driver

VxD_LOCKED_DATA_SEG
vm      dd 0
array   dd 8 dup (-1)
block   dd 0
began   dd 0
VxD_LOCKED_DATA_ENDS

Begin_Tests
        VMMcall Get_Cur_VM_Handle
        mov     [vm], ebx
        VMMcall GetDOSVectors
        mov     ecx, ds:[4*23h]
        Check_Eq eax, ecx, 'the vector of interrupt 23h'
        mov     ecx, ds:[4*24h]
        Check_Eq edx, ecx, 'the vector of interrupt 24h'
        mov     ecx, 1
        mov     edx, 5
        VMMcall GetSet_HMA_Info
        xor     ecx, ecx
        mov     edx, 9
        VMMcall GetSet_HMA_Info
        Check_Eq edx, 5, 'the count of A20'
        Check_Eq eax, 0, 'somebody has taken the HMA'
        mov     ebx, 1
        VMMcall Get_Name_Of_Ugly_TSR
        Check   z, 'an ugly TSR'
        Check_Eq eax, 0, 'half a name'
        Check_Eq ebx, 0, 'the other half'
        xor     ecx, ecx
        VMMcall Get_Next_Arena
        Check_Eq ecx, 0, 'upper memory blocks'
        Check_Eq <dword ptr [edx]>, 0, 'the list of arenas is not empty'
        inc     ecx
        VMMcall Get_Next_Arena          ; must be zero
        mov     al, 0CFh                ; IRET
        VMMcall Locate_Byte_In_ROM
        Check   nc, 'no IRET in the ROM'
        Check_Eq <byte ptr [eax]>, 0CFh, 'another byte'
        cmp     eax, 0F0000h
        Check   ae, 'not in the ROM'

        VMMcall _GetFirstV86Page
        mov     ecx, eax
        VMMcall _Add_Global_V86_Data_Area, <1000h, 100, 0>
        Check_Ne eax, 0, 'memory below the first V86 page is not global'
        VMMcall _Add_Global_V86_Data_Area, <90000h, 100, 0>
        Check_Eq eax, 0, 'private memory becomes global'
        VMMcall _AddFreePhysPage, <8000h, 4, 0>
        Check_Eq eax, 0, 'pages from nowhere'

        VMMcall _GetV86PageableArray, <[vm], <OFFSET32 array>, 0>
        Check_Ne eax, 0, '_GetV86PageableArray'
        Check_Eq [array], 0, 'pageable at first'
        VMMcall _SetResetV86Pageable, <[vm], 20h, 33, PAGESETV86PAGEABLE>
        Check_Ne eax, 0, '_SetResetV86Pageable'
        VMMcall _GetV86PageableArray, <[vm], <OFFSET32 array>, 0>
        Check_Eq [array], 0, 'pages 0 to 1Fh'
        Check_Eq [array+4], -1, 'pages 20h to 3Fh'
        Check_Eq [array+8], 1, 'page 40h'
        mov     ebx, [vm]
        test    [ebx.CB_VM_Status], VMStat_PageableV86
        Check   nz, 'VMStat_PageableV86'
        VMMcall _SetResetV86Pageable, <[vm], 0, 100h, PAGECLEARV86PAGEABLE+PAGESETV86INTSLOCKED>
        Check_Ne eax, 0, 'two flags'
        test    [ebx.CB_VM_Status], VMStat_PageableV86
        Check   z, 'VMStat_PageableV86 stays'
        test    [ebx.CB_VM_Status], VMStat_V86IntsLocked
        Check   nz, 'VMStat_V86IntsLocked'
        VMMcall _SetResetV86Pageable, <[vm], 0, 1, PAGECLEARV86INTSLOCKED>
        test    [ebx.CB_VM_Status], VMStat_V86IntsLocked
        Check   z, 'VMStat_V86IntsLocked stays'
        VMMcall _SetResetV86Pageable, <[vm], 0FFh, 2, PAGESETV86PAGEABLE>
        Check_Eq eax, 0, 'pages above 1 MB'
        VMMcall _SetResetV86Pageable, <[vm], 20h, 1, PAGESETV86PAGEABLE+PAGECLEARV86PAGEABLE>
        Check_Eq eax, 0, 'flags that exclude each other'

        VMMcall _PageOutDirtyPages, <10, 0>
        Check_Eq eax, 0, 'dirty pages'
        VMMcall _GetSetPageOutCount, <7, 0>
        VMMcall _GetSetPageOutCount, <0, GSPOC_F_Get>
        Check_Eq eax, 7, '_GetSetPageOutCount'
        VMMcall _PageAllocate, <1, PG_SYS, 0, 0, 0, 0, 0, 0>
        mov     [block], eax
        mov     dword ptr [eax], 1234h
        shr     eax, 12
        VMMcall _PageDiscardPages, <eax, 0, 1, PAGEZEROINIT>
        Check_Ne eax, 0, '_PageDiscardPages'
        mov     eax, [block]
        Check_Eq <dword ptr [eax]>, 1234h, 'PAGEZEROINIT without PAGEDISCARD'
        shr     eax, 12
        VMMcall _LinPageLock, <eax, 1, 0>
        mov     eax, [block]
        shr     eax, 12
        VMMcall _PageDiscardPages, <eax, 0, 1, PAGEDISCARD+PAGEZEROINIT>
        Check_Ne eax, 0, '_PageDiscardPages of a locked page'
        mov     eax, [block]
        Check_Eq <dword ptr [eax]>, 1234h, 'a locked page was discarded'
        shr     eax, 12
        VMMcall _LinPageUnLock, <eax, 1, 0>
        mov     eax, [block]
        shr     eax, 12
        VMMcall _PageDiscardPages, <eax, 0, 1, PAGEDISCARD+PAGEZEROINIT>
        mov     eax, [block]
        Check_Eq <dword ptr [eax]>, 0, 'a discarded page is not zero'
        VMMcall _PageDiscardPages, <0FFFE0h, 0, 1, 0>
        Check_Eq eax, 0, 'a page that does not exist'

        VMMcall Get_System_Time_Address
        mov     esi, eax
        mov     eax, [esi]
        mov     [began], eax
        sti
Wait_A_Tick:
        mov     eax, [esi]
        cmp     eax, [began]
        je      Wait_A_Tick
        VMMcall Get_System_Time
        sub     eax, [esi]
        cmp     eax, 50
        Check   b, 'the counter is late'
        VMMcall Get_Cur_Thread_Handle
        mov     eax, 9
        VMMcall Set_Thread_Win32_Pri_NoYield
        Check   nc, 'Set_Thread_Win32_Pri_NoYield'
        VMMcall Get_Thread_Win32_Pri
        Check_Eq eax, 9, 'the priority'
        mov     eax, 8
        VMMcall Set_Thread_Win32_Pri_NoYield
End_Tests
end

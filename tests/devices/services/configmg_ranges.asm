; CONFIGMG: range lists (Win95 DDK S2492, S2508, S250F-S2519, S2534, S2535, S253D, S2558).
include check.inc
include configmg.inc
include cm.inc
Test_Driver
;> range 00000100h-000001FFh
;> range 00000300h-000003FFh

; A list has the ranges given, in order, and no others: Is_List list, <start, end, start, end ...>
Is_List macro list, ranges
        local n
        n = 0
        irp     value, <ranges>
        if n eq 0
        CM      _CONFIGMG_First_Range, <[list], OFFSET32 start, OFFSET32 last, OFFSET32 element, 0>, CR_SUCCESS
        endif
        if n and 1
        Check_Eq [last], value, 'end of a range of &list: not &value'
        else
        if n ne 0
        CM      _CONFIGMG_Next_Range, <OFFSET32 element, OFFSET32 start, OFFSET32 last, 0>, CR_SUCCESS
        endif
        Check_Eq [start], value, 'start of a range of &list: not &value'
        endif
        n = n + 1
        endm
        CM      _CONFIGMG_Next_Range, <OFFSET32 element, OFFSET32 start, OFFSET32 last, 0>, CR_FAILURE
endm

Is_Empty macro list
        CM      _CONFIGMG_First_Range, <[list], OFFSET32 start, OFFSET32 last, OFFSET32 element, 0>, CR_FAILURE
endm

VxD_LOCKED_DATA_SEG
one     dd      0
two     dd      0
three   dd      0
old     dd      0
start   dd      0
last    dd      0
element dd      0
lists   dd      300 dup (0)
VxD_LOCKED_DATA_ENDS

Begin_Tests
        ; lists come and go
        CM      _CONFIGMG_Create_Range_List, <OFFSET32 one, 1>, CR_INVALID_FLAG
        CM      _CONFIGMG_Create_Range_List, <0, 0>, CR_INVALID_POINTER
        CM      _CONFIGMG_Create_Range_List, <OFFSET32 one, 0>, CR_SUCCESS
        CM      _CONFIGMG_Create_Range_List, <OFFSET32 two, 0>, CR_SUCCESS
        CM      _CONFIGMG_Create_Range_List, <OFFSET32 three, 0>, CR_SUCCESS
        CM      _CONFIGMG_Create_Range_List, <OFFSET32 old, 0>, CR_SUCCESS
        CM      _CONFIGMG_Free_Range_List, <[old], 1>, CR_INVALID_FLAG
        CM      _CONFIGMG_Free_Range_List, <[old], 0>, CR_SUCCESS
        CM      _CONFIGMG_Free_Range_List, <[old], 0>, CR_INVALID_RANGE_LIST
        Is_Empty one

        ; adding: sorted; in the way or merged
        CM      _CONFIGMG_Add_Range, <300h, 3FFh, [one], CM_ADD_RANGE_DONOTADDIFCONFLICT>, CR_SUCCESS
        CM      _CONFIGMG_Add_Range, <100h, 1FFh, [one], CM_ADD_RANGE_ADDIFCONFLICT>, CR_SUCCESS
        Is_List one, <100h, 1FFh, 300h, 3FFh>
        CM      _CONFIGMG_Add_Range, <1FFh, 200h, [one], CM_ADD_RANGE_DONOTADDIFCONFLICT>, CR_FAILURE
        CM      _CONFIGMG_Add_Range, <0, 0FFFFFFFFh, [one], CM_ADD_RANGE_DONOTADDIFCONFLICT>, CR_FAILURE
        Is_List one, <100h, 1FFh, 300h, 3FFh>
        CM      _CONFIGMG_Dump_Range_List, <[one], 0>, CR_SUCCESS
        CM      _CONFIGMG_Dup_Range_List, <[one], [two], 0>, CR_SUCCESS
        CM      _CONFIGMG_Add_Range, <180h, 37Fh, [two], CM_ADD_RANGE_ADDIFCONFLICT>, CR_SUCCESS
        Is_List two, <100h, 3FFh>
        CM      _CONFIGMG_Add_Range, <80h, 500h, [two], CM_ADD_RANGE_ADDIFCONFLICT>, CR_SUCCESS
        Is_List two, <80h, 500h>
        CM      _CONFIGMG_Add_Range, <501h, 510h, [two], CM_ADD_RANGE_ADDIFCONFLICT>, CR_SUCCESS
        Is_List two, <80h, 500h, 501h, 510h>
        CM      _CONFIGMG_Add_Range, <0, 7Fh, [two], CM_ADD_RANGE_DONOTADDIFCONFLICT>, CR_SUCCESS
        CM      _CONFIGMG_Add_Range, <0FFFFFFFFh, 0FFFFFFFFh, [two], CM_ADD_RANGE_DONOTADDIFCONFLICT>, CR_SUCCESS
        Is_List two, <0, 7Fh, 80h, 500h, 501h, 510h, 0FFFFFFFFh, 0FFFFFFFFh>
        CM      _CONFIGMG_Add_Range, <500h, 501h, [two], CM_ADD_RANGE_ADDIFCONFLICT>, CR_SUCCESS
        Is_List two, <0, 7Fh, 80h, 510h, 0FFFFFFFFh, 0FFFFFFFFh>
        CM      _CONFIGMG_Add_Range, <2, 1, [one], 0>, CR_INVALID_RANGE
        CM      _CONFIGMG_Add_Range, <1, 2, [old], 0>, CR_INVALID_RANGE_LIST
        CM      _CONFIGMG_Add_Range, <1, 2, [one], 2>, CR_INVALID_FLAG
        Is_List one, <100h, 1FFh, 300h, 3FFh>

        ; what is free
        CM      _CONFIGMG_Test_Range_Available, <200h, 2FFh, [one], 0>, CR_SUCCESS
        CM      _CONFIGMG_Test_Range_Available, <0, 0FFh, [one], 0>, CR_SUCCESS
        CM      _CONFIGMG_Test_Range_Available, <400h, 0FFFFFFFFh, [one], 0>, CR_SUCCESS
        CM      _CONFIGMG_Test_Range_Available, <1FFh, 1FFh, [one], 0>, CR_FAILURE
        CM      _CONFIGMG_Test_Range_Available, <200h, 300h, [one], 0>, CR_FAILURE
        CM      _CONFIGMG_Test_Range_Available, <0, 400h, [one], 0>, CR_FAILURE
        CM      _CONFIGMG_Test_Range_Available, <2, 1, [one], 0>, CR_INVALID_RANGE
        CM      _CONFIGMG_Test_Range_Available, <1, 2, [old], 0>, CR_INVALID_RANGE_LIST
        CM      _CONFIGMG_Test_Range_Available, <1, 2, [one], 1>, CR_INVALID_FLAG
        CM      _CONFIGMG_Find_Range, <OFFSET32 start, 0F0h, 20h, 0FFFFFFF0h, 0FFFFh, [one], 0>, CR_SUCCESS
        Check_Eq [start], 200h, 'found at #EAX'
        CM      _CONFIGMG_Find_Range, <OFFSET32 start, 0F1h, 8, 0FFFFFFF8h, 0FFFFh, [one], 0>, CR_SUCCESS
        Check_Eq [start], 0F8h, 'found elsewhere'
        CM      _CONFIGMG_Find_Range, <OFFSET32 start, 100h, 101h, 0FFFFFF00h, 4FFh, [one], 0>, CR_FAILURE
        CM      _CONFIGMG_Find_Range, <OFFSET32 start, 100h, 101h, 0FFFFFF00h, 500h, [one], 0>, CR_SUCCESS
        Check_Eq [start], 400h, 'found before the last one'
        CM      _CONFIGMG_Find_Range, <0, 100h, 100h, 0FFFFFF00h, 500h, [one], 0>, CR_INVALID_POINTER
        CM      _CONFIGMG_Find_Range, <OFFSET32 start, 100h, 100h, 0FFFFFF00h, 500h, [old], 0>, CR_INVALID_RANGE_LIST
        CM      _CONFIGMG_Find_Range, <OFFSET32 start, 100h, 100h, 0FFFFFF00h, 500h, [one], 1>, CR_INVALID_FLAG

        ; inverting, the page's example; and a list into itself
        CM      _CONFIGMG_Delete_Range, <0, 0FFFFFFFFh, [two], 0>, CR_SUCCESS
        Is_Empty two
        CM      _CONFIGMG_Delete_Range, <0, 0FFFFFFFFh, [two], 0>, CR_SUCCESS
        CM      _CONFIGMG_Add_Range, <6, 8, [two], 0>, CR_SUCCESS
        CM      _CONFIGMG_Add_Range, <2, 4, [two], 0>, CR_SUCCESS
        CM      _CONFIGMG_Invert_Range_List, <[two], [three], 15, 0>, CR_SUCCESS
        Is_List three, <0, 1, 5, 5, 9, 15>
        CM      _CONFIGMG_Invert_Range_List, <[three], [three], 15, 0>, CR_SUCCESS
        Is_List three, <2, 4, 6, 8>
        CM      _CONFIGMG_Invert_Range_List, <[two], [three], 7, 0>, CR_SUCCESS
        Is_List three, <0, 1, 5, 5>
        CM      _CONFIGMG_Invert_Range_List, <[two], [three], 0FFFFFFFFh, 0>, CR_SUCCESS
        Is_List three, <0, 1, 5, 5, 9, 0FFFFFFFFh>
        CM      _CONFIGMG_Invert_Range_List, <[three], [three], 0FFFFFFFFh, 0>, CR_SUCCESS
        Is_List three, <2, 4, 6, 8>
        CM      _CONFIGMG_Invert_Range_List, <[old], [three], 15, 0>, CR_INVALID_RANGE_LIST
        CM      _CONFIGMG_Invert_Range_List, <[two], [old], 15, 0>, CR_INVALID_RANGE_LIST
        CM      _CONFIGMG_Invert_Range_List, <[two], [three], 15, 1>, CR_INVALID_FLAG

        ; what two lists have in common
        CM      _CONFIGMG_Delete_Range, <0, 0FFFFFFFFh, [three], 0>, CR_SUCCESS
        CM      _CONFIGMG_Add_Range, <180h, 30Fh, [three], 0>, CR_SUCCESS
        CM      _CONFIGMG_Add_Range, <3F0h, 3F7h, [three], 0>, CR_SUCCESS
        CM      _CONFIGMG_Intersect_Range_List, <[one], [three], [two], 0>, CR_SUCCESS
        Is_List two, <180h, 1FFh, 300h, 30Fh, 3F0h, 3F7h>
        CM      _CONFIGMG_Intersect_Range_List, <[three], [one], [three], 0>, CR_SUCCESS
        Is_List three, <180h, 1FFh, 300h, 30Fh, 3F0h, 3F7h>
        CM      _CONFIGMG_Intersect_Range_List, <[one], [old], [two], 0>, CR_INVALID_RANGE_LIST
        CM      _CONFIGMG_Intersect_Range_List, <[one], [three], [two], 1>, CR_INVALID_FLAG
        CM      _CONFIGMG_Dup_Range_List, <[one], [one], 0>, CR_SUCCESS
        Is_List one, <100h, 1FFh, 300h, 3FFh>
        CM      _CONFIGMG_Dup_Range_List, <[old], [one], 0>, CR_INVALID_RANGE_LIST
        CM      _CONFIGMG_Dup_Range_List, <[two], [one], 1>, CR_INVALID_FLAG

        ; deleting: the ends, the middle, several
        CM      _CONFIGMG_Delete_Range, <180h, 18Fh, [one], 0>, CR_SUCCESS
        Is_List one, <100h, 17Fh, 190h, 1FFh, 300h, 3FFh>
        CM      _CONFIGMG_Delete_Range, <170h, 30Fh, [one], 0>, CR_SUCCESS
        Is_List one, <100h, 16Fh, 310h, 3FFh>
        CM      _CONFIGMG_Delete_Range, <3F0h, 0FFFFFFFFh, [one], 0>, CR_SUCCESS
        Is_List one, <100h, 16Fh, 310h, 3EFh>
        CM      _CONFIGMG_Delete_Range, <200h, 2FFh, [one], 0>, CR_FAILURE
        CM      _CONFIGMG_Delete_Range, <100h, 16Fh, [one], 0>, CR_SUCCESS
        Is_List one, <310h, 3EFh>
        CM      _CONFIGMG_Delete_Range, <2, 1, [one], 0>, CR_INVALID_RANGE
        CM      _CONFIGMG_Delete_Range, <1, 2, [old], 0>, CR_INVALID_RANGE_LIST
        CM      _CONFIGMG_Delete_Range, <310h, 320h, [one], 1>, CR_INVALID_FLAG
        Is_List one, <310h, 3EFh>

        ; walking: what was taken out is no element any more
        CM      _CONFIGMG_First_Range, <[two], OFFSET32 start, OFFSET32 last, OFFSET32 element, 0>, CR_SUCCESS
        CM      _CONFIGMG_Delete_Range, <0, 0FFFFFFFFh, [two], 0>, CR_SUCCESS
        CM      _CONFIGMG_Next_Range, <OFFSET32 element, OFFSET32 start, OFFSET32 last, 0>, CR_INVALID_RANGE
        CM      _CONFIGMG_First_Range, <[one], 0, OFFSET32 last, OFFSET32 element, 0>, CR_INVALID_POINTER
        CM      _CONFIGMG_First_Range, <[one], OFFSET32 start, 0, OFFSET32 element, 0>, CR_INVALID_POINTER
        CM      _CONFIGMG_First_Range, <[one], OFFSET32 start, OFFSET32 last, 0, 0>, CR_INVALID_POINTER
        CM      _CONFIGMG_First_Range, <[one], OFFSET32 start, OFFSET32 last, OFFSET32 element, 1>, CR_INVALID_FLAG
        CM      _CONFIGMG_First_Range, <[old], OFFSET32 start, OFFSET32 last, OFFSET32 element, 0>, CR_INVALID_RANGE_LIST
        CM      _CONFIGMG_Next_Range, <0, OFFSET32 start, OFFSET32 last, 0>, CR_INVALID_POINTER
        CM      _CONFIGMG_Next_Range, <OFFSET32 element, OFFSET32 start, OFFSET32 last, 1>, CR_INVALID_FLAG

        ; no room: the list that was to be written is empty (S2534, S2535), emptying always works (S2510)
        xor     ecx, ecx
fill:
        push    ecx
        lea     eax, [ecx+ecx]
        VxDCall _CONFIGMG_Add_Range, <eax, eax, [one], 0>
        pop     ecx
        inc     ecx
        test    eax, eax
        jz      fill
        Check_Eq eax, CR_OUT_OF_MEMORY, 'full: #EAX'
        CM      _CONFIGMG_Dup_Range_List, <[one], [two], 0>, CR_OUT_OF_MEMORY
        Is_Empty two
        CM      _CONFIGMG_Delete_Range, <0, 0FFFFFFFFh, [one], 0>, CR_SUCCESS
        Is_Empty one
        xor     ecx, ecx
many:
        push    ecx
        lea     eax, lists[ecx*4]
        VxDCall _CONFIGMG_Create_Range_List, <eax, 0>
        pop     ecx
        inc     ecx
        test    eax, eax
        jz      many
        Check_Eq eax, CR_OUT_OF_MEMORY, 'lists: #EAX'
End_Tests
END

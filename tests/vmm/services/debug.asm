; The debug VMM's printing and checks (Win95 DDK S31B3-S31CF).
;> number 5: #5 ?! 100%
;> 12345678 5678 78 56 00000002
;> trace 0000ABCD bx=0042
;> out 0000ABCD
;> n=-1 u=7 x=ab X=0AB c=Z s=text b=101 o=17 A=0000BEEF %
;> Q
;> mono 00000009
include check.inc
Test_Driver

VxD_LOCKED_DATA_SEG
plain   db "number 5: #5 ?! 100%", 13, 10, 0
regs    db '#EAX #AX #al #ah #Ecx', 13, 10, 0
trace   db 'trace #EAX bx=#BX', 13, 10, 0
out_    db 'out #EAX', 13, 10, 0
form    db 'n=%d u=%u x=%x X=%3.3X c=%c s=%s b=%b o=%o A=%A %%\n', 0
text    db 'text', 0
args    dd -1, 7, 0ABh, 0ABh, 'Z', OFFSET32 text, 5, 15, 0BEEFh
mono    db 'mono #EDX', 13, 10, 0
queued  db 'queued #EAX #EBX', 13, 10, 0
flags_  dd 0
esp_    dd 0
struc_  dd 1, 2, 31415926h
VxD_LOCKED_DATA_ENDS

Begin_Tests
        pushfd
        pushad
        mov     esi, OFFSET32 plain
        VMMcall Out_Debug_String
        popad
        popfd
        mov     eax, 12345678h
        mov     ecx, 2
        pushfd
        pushad
        mov     esi, OFFSET32 regs
        xor     eax, eax
        VMMcall Out_Debug_String
        popad
        popfd
        Check_Eq eax, 12345678h, 'popad'

        ; these two preserve everything
        mov     eax, 0ABCDh
        mov     ebx, 42h
        mov     ecx, 3
        mov     edx, 4
        mov     esi, 5
        mov     edi, 6
        mov     ebp, 7
        mov     [esp_], esp
        stc
        push    OFFSET32 trace
        VMMcall _Trace_Out_Service
        push    OFFSET32 out_
        VMMcall _Debug_Out_Service
        Check   c, 'carry is lost'
        cmp     esp, [esp_]
        Check   e, 'the argument was not removed'
        Check_Eq eax, 0ABCDh, 'EAX changed'
        Check_Eq ebx, 42h, 'EBX changed'
        Check_Eq ecx, 3, 'ECX changed'
        Check_Eq edx, 4, 'EDX changed'
        Check_Eq esi, 5, 'ESI changed'
        Check_Eq edi, 6, 'EDI changed'
        Check_Eq ebp, 7, 'EBP changed'
        VMMcall _Debug_Printf_Service, <<OFFSET32 form>, <OFFSET32 args>>

        mov     al, 'Q'
        VMMcall Out_Debug_Chr
        mov     al, 10
        VMMcall Out_Debug_Chr
        VMMcall Clear_Mono_Screen
        mov     dx, 0203h
        VMMcall Set_Mono_Cur_Pos
        mov     edx, 9
        pushfd
        pushad
        mov     esi, OFFSET32 mono
        VMMcall Out_Mono_String
        popad
        popfd
        VMMcall Get_Mono_Cur_Pos
        Check_Eq dx, 300h, 'cursor after a line: #EDX'
        mov     dx, 0203h
        VMMcall Set_Mono_Cur_Pos
        VMMcall Get_Mono_Chr
        Check_Eq ax, 76Dh, 'character and attribute: #EAX'
;! input-range
        mov     dx, 1900h
        VMMcall Set_Mono_Cur_Pos

        mov     al, 10110b
        VMMcall Debug_Convert_Hex_Binary
        Check_Eq eax, 00010110h, 'binary: #EAX'
        mov     al, 255
        VMMcall Debug_Convert_Hex_Decimal
        Check_Eq eax, 255h, 'decimal: #EAX'
        VMMcall Test_Debug_Installed
        Check   z, 'there is a debugger'
        VMMcall Is_Debug_Chr
        Check   z, 'somebody types'
        mov     [esp_], esp
        push    1
        push    2
        mov     esi, OFFSET32 queued
        VMMcall Queue_Debug_String
        cmp     esp, [esp_]
        Check   e, 'Queue_Debug_String leaves its values'

        ; checks
        VMMcall Get_Cur_VM_Handle
        VMMcall Debug_Test_Valid_Handle
        VMMcall Debug_Test_Cur_VM
        VMMcall Get_Cur_Thread_Handle
        VMMcall Debug_Test_Valid_Thread_Handle
        VMMcall Debug_Test_Cur_Thread
        mov     ebp, [ebx].CB_Client_Pointer
        VMMcall Validate_Client_Ptr
;! client-pointer
        mov     ebp, 12345h
        VMMcall Validate_Client_Ptr
        VMMcall Test_Reenter
        VMMcall Log_Proc_Call
        stc
        mov     eax, 11h
        push    DFS_LOG+DFS_TEST_CLD+DFS_TEST_REENTER+DFS_NEVER_REENTER+DFS_TEST_BLOCK+DFS_NOT_SWAPPING
        VMMcall _Debug_Flags_Service
        Check   c, '_Debug_Flags_Service lost carry'
        Check_Eq eax, 11h, '_Debug_Flags_Service changed EAX'
;! direction-flag
        std
        push    DFS_TEST_CLD
        VMMcall _Debug_Flags_Service
        cld
        push    DFS_ENTER_NOBLOCK
        VMMcall _Debug_Flags_Service
;! blocked-in-no-block
        push    DFS_TEST_BLOCK
        VMMcall _Debug_Flags_Service
        push    DFS_EXIT_NOBLOCK
        VMMcall _Debug_Flags_Service
        push    DFS_TEST_BLOCK
        VMMcall _Debug_Flags_Service
;! no-block
        push    DFS_EXIT_NOBLOCK
        VMMcall _Debug_Flags_Service
;! nested-execution
        push    DFS_TEST_NEST_EXEC
        VMMcall _Debug_Flags_Service

        ; the profile counter of a debug service
        call    Profiled
        call    Profiled
        Check_Eq <dword ptr [Profiled-4]>, 2, 'the profile counter'

        VMMcall _Assert_Range, <<OFFSET32 struc_>, 12, 31415926h, 8, ASSERT_RANGE_NO_DEBUG>
        Check_Ne eax, 0, 'a valid structure'
        VMMcall _Assert_Range, <<OFFSET32 struc_>, 12, 31415927h, 8, ASSERT_RANGE_NO_DEBUG>
        Check_Eq eax, 0, 'a wrong signature'
        VMMcall _Assert_Range, <0, 12, 0, 0, ASSERT_RANGE_NULL_OK>
        Check_Ne eax, 0, 'NULL is fine'
        VMMcall _Assert_Range, <0, 12, 0, 0, ASSERT_RANGE_NO_DEBUG>
        Check_Eq eax, 0, 'NULL is not fine'
;! assert-range
        VMMcall _Assert_Range, <0FFFE0000h, 12, 0, 0, 0>
        Check_Eq eax, 0, 'an invalid pointer'
        VMMcall Enable_Touch_1st_Meg
        VMMcall Disable_Touch_1st_Meg
        VMMcall Open_Boot_Log
        Check   nc, 'no boot log'
        VMMcall Write_Boot_Log
        VMMcall Close_Boot_Log
        Check   nc, 'the boot log is not closed'

        jmp     Over
        ALIGN 4
        dd      0
Profiled:
        push    DFS_PROFILE
        VMMcall _Debug_Flags_Service
        ret
Over:
End_Tests
end

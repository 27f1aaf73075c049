; V86MMGR_Xlat_API: every entry of a script, an interrupt answered by a driver, failures (Win95 DDK S34FA-S3502).
include check.inc
include v86mmgr.inc

Declare_Virtual_Device TEST, 1, 0, TEST_Control, Undefined_Device_ID, Undefined_Init_Order
Begin_Control_Dispatch TEST
Control_Dispatch Init_Complete, TEST_Run
End_Control_Dispatch TEST

VxD_LOCKED_DATA_SEG
vm      dd 0
calls   dd 0
first   dd 0                            ; seg:off that the interrupt saw in DS:DX
other   dd 0                            ; in ES:DI
said    dd 0                            ; its first four bytes
free_   dd 0
saved   db size Client_Reg_Struc dup (0)

Rename label byte
        Xlat_API_ASCIIZ ds, dx
        Xlat_API_ASCIIZ es, di
        Xlat_API_Exec_Int 65h
Fixed   label byte
        Xlat_API_Fixed_Len ds, dx, 8
        Xlat_API_Exec_Int 65h
Var     label byte
        Xlat_API_Var_Len ds, dx, cx
        Xlat_API_Exec_Int 65h
Calc    label byte
        Xlat_API_Calc_Len ds, dx, Length_Of
        Xlat_API_Exec_Int 65h
Return_ label byte
        Xlat_API_Return_Ptr es, bx
        Xlat_API_Return_Seg ds
        Xlat_API_Exec_Int 65h
Jump    label byte
        Xlat_API_Fixed_Len ds, dx, 8
        Xlat_API_Jmp_To_Proc Choose
        db 47
        Xlat_API_Exec_Int 65h
Jump_Fails label byte
        Xlat_API_Jmp_To_Proc Refuse
Large   label byte
        Xlat_API_Fixed_Len ds, dx, 1
        Xlat_API_Fixed_Len ds, dx, 8000h
        Xlat_API_Exec_Int 65h
Wrong   label byte
        db 0, 1, 2, 3
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
; INT 65h: notes its pointers, changes the buffer, answers ES:BX and DS, AX, carry.
BeginProc Int_65
        inc     [calls]
        movzx   eax, [ebp.Client_DS]
        mov     word ptr [first+2], ax
        shl     eax, 4
        movzx   ecx, word ptr [ebp.Client_EDX]
        mov     word ptr [first], cx
        add     eax, ecx
        mov     ecx, [eax]
        mov     [said], ecx
        inc     byte ptr [eax]
        mov     ax, [ebp.Client_ES]
        mov     word ptr [other+2], ax
        mov     ax, word ptr [ebp.Client_EDI]
        mov     word ptr [other], ax
        mov     [ebp.Client_ES], 0F000h
        mov     word ptr [ebp.Client_EBX], 0E000h
        mov     [ebp.Client_DS], 40h
        mov     word ptr [ebp.Client_EAX], 1234h
        or      [ebp.Client_EFlags], CF_Mask
        clc
        ret
EndProc Int_65

BeginProc Length_Of
        movzx   ecx, byte ptr fs:[esi]
        ret
EndProc Length_Of

; The script goes on behind a byte of the procedure's own.
BeginProc Choose
        Check_Eq <byte ptr [edx]>, 47, 'EDX is not behind the entry'
        Check_Eq ebx, [vm], 'EBX of the procedure: #EBX'
        Check_Eq ebp, [ebx.CB_Client_Pointer], 'EBP of the procedure: #EBP'
        inc     edx
        VxDcall V86MMGR_Xlat_API
        ret
EndProc Choose

BeginProc Refuse
        stc
        ret
EndProc Refuse

; The client as it calls: DS:DX = 6000:0010 "name", ES:DI = 6000:0020 "other".
BeginProc Prepare
        pushad
        mov     dword ptr ds:[60010h], 'eman'
        mov     byte ptr ds:[60014h], 0
        mov     dword ptr ds:[60020h], 'hto'
        mov     [ebp.Client_DS], 6000h
        mov     [ebp.Client_ES], 6000h
        mov     [ebp.Client_EDX], 10h
        mov     [ebp.Client_EDI], 20h
        mov     [ebp.Client_EBX], 0
        mov     [ebp.Client_EAX], 0
        mov     [ebp.Client_ECX], 5
        and     [ebp.Client_EFlags], NOT CF_Mask
        mov     [calls], 0
        popad
        ret
EndProc Prepare

; What must be as it was before: the pointers, the buffer, the interrupts executed.
BeginProc After
        pushfd
        pushad
        Check_Eq [ebp.Client_DS], 6000h, 'DS is not restored'
        Check_Eq [ebp.Client_EDX], 10h, 'EDX is not restored'
        Check_Eq [calls], 1, 'calls of the interrupt'
        Check_Eq <word ptr [ebp.Client_EAX]>, 1234h, 'the result in AX is lost'
        test    [ebp.Client_EFlags], CF_Mask
        Check   nz, 'the carry flag of the interrupt is lost'
        VxDcall V86MMGR_Get_Xlat_Buff_State
        Check_Eq ecx, [free_], 'not all of the buffer is free'
        shl     eax, 16
        Check_Eq eax, [first], 'the interrupt was given #EAX'
        Check_Eq [said], 'eman', 'what it read there'
        popad
        popfd
        ret
EndProc After
VxD_LOCKED_CODE_ENDS

Begin_Tests
        VMMcall Get_Cur_VM_Handle
        mov     [vm], ebx
        mov     ebp, [ebx.CB_Client_Pointer]
        mov     edi, OFFSET32 saved
        VMMcall Save_Client_State
        mov     eax, 65h
        mov     esi, OFFSET32 Int_65
        VMMcall Hook_V86_Int_Chain
        VxDcall V86MMGR_Get_Xlat_Buff_State
        mov     [free_], ecx

        call    Prepare
        mov     edx, OFFSET32 Rename
        mov     ecx, 11111111h
        stc
        VxDcall V86MMGR_Xlat_API
        Check   nc, 'two strings fail'
        Check_Eq ecx, 11111111h, 'ECX changed: #ECX'
        Check_Eq ebx, [vm], 'EBX changed: #EBX'
        call    After
        Check_Eq [ebp.Client_ES], 6000h, 'ES is not restored'
        mov     eax, [first]
        add     eax, 5
        Check_Eq eax, [other], 'the second string: #EAX'
        Check_Eq <dword ptr ds:[60010h]>, 'eman', 'a string is copied back'

        call    Prepare
        mov     edx, OFFSET32 Fixed
        VxDcall V86MMGR_Xlat_API
        Check   nc, 'a fixed length fails'
        call    After
        Check_Eq <dword ptr ds:[60010h]>, 'emao', 'not copied back'

        call    Prepare
        mov     edx, OFFSET32 Var
        VxDcall V86MMGR_Xlat_API
        Check   nc, 'a length in CX fails'
        call    After
        Check_Eq <dword ptr ds:[60010h]>, 'emao', 'not copied back, CX'

        call    Prepare
        mov     edx, OFFSET32 Calc
        VxDcall V86MMGR_Xlat_API
        Check   nc, 'a calculated length fails'
        call    After
        Check_Eq <dword ptr ds:[60010h]>, 'emao', 'not copied back, calculated'
        mov     eax, fs
        mov     ecx, ss
        Check_Eq ax, cx, 'FS: #EAX'

        call    Prepare
        mov     edx, OFFSET32 Return_
        VxDcall V86MMGR_Xlat_API
        Check   nc, 'returned pointers fail'
        Check_Eq [ebp.Client_ES], 0F000h, 'the segment returned'
        Check_Eq [ebp.Client_EBX], 0E000h, 'the offset returned'
        Check_Eq [ebp.Client_DS], 40h, 'the segment alone'

        call    Prepare
        mov     edx, OFFSET32 Jump
        VxDcall V86MMGR_Xlat_API
        Check   nc, 'a procedure fails'
        call    After
        Check_Eq <dword ptr ds:[60010h]>, 'emao', 'not copied back, procedure'

        call    Prepare
        mov     edx, OFFSET32 Jump_Fails
        VxDcall V86MMGR_Xlat_API
        Check   c, 'the carry flag of the procedure is lost'

        mov     edx, OFFSET32 Large
        VxDcall V86MMGR_Xlat_API
        Check   c, 'more than the buffer holds'
        Check_Eq [calls], 0, 'the interrupt was executed'
        Check_Eq [ebp.Client_DS], 6000h, 'DS changed'
        VxDcall V86MMGR_Get_Xlat_Buff_State
        Check_Eq ecx, [free_], 'the buffer is not free after a failure'
;! input-range
        mov     edx, OFFSET32 Wrong
        VxDcall V86MMGR_Xlat_API
        Check   c, 'a wrong script'
;! dead-handle
        mov     ebx, 1234h
        mov     edx, OFFSET32 Fixed
        VxDcall V86MMGR_Xlat_API
        Check   c, 'no VM'
        mov     esi, OFFSET32 saved
        VMMcall Restore_Client_State
End_Tests
end

; What no tidy driver does: an I/O handler that nests execution, in it an interrupt hook that nests, in it a trapped port
; whose handler nests again; a hook that moves the client on.
include check.inc
Test_Driver
PORT equ 3E8h
VxD_LOCKED_DATA_SEG
code dd 0
depth dd 0
log_ dd 0
V86_CODE segment para use16 public 'LCODE'
assume ds:nothing
Begin_16:
Outer_16 proc far
        mov dx, PORT
        mov ax, 1111h
        in al, dx               ; handler nests: int 60h -> hook -> nests: int 61h
        mov ds:[200h], ax
        int 62h                 ; hook skips the next instruction
        inc word ptr ds:[202h]
        nop
        retf
Outer_16 endp
Int60:  inc word ptr cs:[304h]
        push dx
        mov dx, PORT+1
        in al, dx               ; another trapped port inside
        pop dx
        iret
Int61:  inc word ptr cs:[306h]
        iret
End_16:
V86_CODE ends
VxD_LOCKED_DATA_ENDS
VxD_LOCKED_CODE_SEG
BeginProc Handler
        push ebp
        mov ebp, [ebx].CB_Client_Pointer
        Push_Client_State
        VMMcall Begin_Nest_V86_Exec
        mov eax, 60h
        VMMcall Exec_Int
        VMMcall End_Nest_Exec
        Pop_Client_State
        pop ebp
        mov al, 77h
        ret
EndProc Handler
BeginProc Handler2
        push ebp
        inc [depth]
        Push_Client_State
        VMMcall Begin_Nest_V86_Exec
        mov eax, 61h
        VMMcall Exec_Int
        VMMcall End_Nest_Exec
        Pop_Client_State
        pop ebp
        mov al, 88h
        ret
EndProc Handler2
BeginProc Hook60
        Push_Client_State
        VMMcall Begin_Nest_V86_Exec
        mov eax, 61h
        VMMcall Exec_Int
        VMMcall End_Nest_Exec
        Pop_Client_State
        stc
        ret
EndProc Hook60
BeginProc Hook62
        add [ebp].Client_EIP, 4
        clc
        ret
EndProc Hook62
BeginProc Set_Vector
        mov ecx, [code]
        shr ecx, 4
        sub edx, OFFSET32 Begin_16 - 100h
        VMMcall Set_V86_Int_Vector
        ret
EndProc Set_Vector
VxD_LOCKED_CODE_ENDS
Begin_Tests
        VMMcall _Allocate_Global_V86_Data_Area, <400h, GVDAParaAlign+GVDAZeroInit>
        mov [code], eax
        add eax, 100h
        VMMcall _lmemcpy, <eax, <OFFSET32 Begin_16>, <OFFSET32 End_16 - OFFSET32 Begin_16>>
        mov edx, PORT
        mov esi, OFFSET32 Handler
        VMMcall Install_IO_Handler
        mov edx, PORT+1
        mov esi, OFFSET32 Handler2
        VMMcall Install_IO_Handler
        mov eax, 60h
        mov edx, OFFSET32 Int60
        call Set_Vector
        mov eax, 61h
        mov edx, OFFSET32 Int61
        call Set_Vector
        mov eax, 60h
        mov esi, OFFSET32 Hook60
        VMMcall Hook_V86_Int_Chain
        mov eax, 62h
        mov esi, OFFSET32 Hook62
        VMMcall Hook_V86_Int_Chain
        VMMcall Get_Cur_VM_Handle
        mov ebp, [ebx].CB_Client_Pointer
        Push_Client_State
        VMMcall Begin_Nest_V86_Exec
        mov ecx, [code]
        shr ecx, 4
        mov [ebp].Client_DS, cx
        mov edx, 100h
        VMMcall Simulate_Far_Call
        VMMcall Resume_Exec
        VMMcall End_Nest_Exec
        Pop_Client_State
        mov esi, [code]
        Check_Eq <word ptr [esi+200h]>, 1177h, 'AX after the handler that nests'
        Check_Eq <word ptr [esi+202h]>, 0, 'the hook did not skip'
        Check_Eq <word ptr [esi+304h]>, 1, 'int 60h'
        Check_Eq <word ptr [esi+306h]>, 2, 'int 61h'
        Check_Eq [depth], 1, 'inner handler'
        VMMcall Get_Nest_Exec_Status
        Check z, 'still nested'
End_Tests
end

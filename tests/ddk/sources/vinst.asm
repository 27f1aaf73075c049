;; Instance data, segments by time of use, lists, semaphores, nested execution
.386P
.XLIST
include vmm.inc
include debug.inc
include v86mmgr.inc
include dosmgr.inc
include int2fapi.inc
.LIST

Declare_Virtual_Device VINST, 1, 2, VINST_Control, Undefined_Device_ID, DOSMGR_Init_Order + 40000h

VxD_IDATA_SEG
Cursor_Type     InstDataStruc <, , 460h, 2, ALWAYS_Field>
Keyboard        InstDataStruc <,,417h,2,INDOS_Field>
VxD_IDATA_ENDS

VxD_PAGEABLE_DATA_SEG
Strings         dd OFFSET32 One, OFFSET32 Two, 0
One             db "C:\AUTOEXEC.BAT",0
Two             db 'C:\CONFIG.SYS',0
Script:
        Xlat_API_ASCIIZ ds, dx
        Xlat_API_Exec_Int 21h
VxD_PAGEABLE_DATA_ENDS

VxD_LOCKED_DATA_SEG
Sem             dd 0
TheList         dd 0
Client_Save     Client_Reg_Struc <>
VxD_LOCKED_DATA_ENDS

Node            struc
N_Link          dd ?
N_VM            dd ?
Node            ends

VxD_LOCKED_CODE_SEG
BeginProc VINST_Control, LOCKED
        Control_Dispatch Sys_Critical_Init, VINST_Crit
        Control_Dispatch Device_Init, VINST_Init
        Control_Dispatch VM_Init, VINST_VM_Init
        Control_Dispatch Destroy_VM, VINST_Destroy
        clc
        ret
EndProc VINST_Control
VxD_LOCKED_CODE_ENDS

BeginProc VINST_Crit, INIT
        mov     eax, OFFSET32 Cursor_Type
        VMMCall _AddInstanceItem, <eax, 0>
        VMMCall _AddInstanceItem, <<OFFSET32 Keyboard>, 0>
        test    eax, eax
        .IF ZERO?
                Fatal_Error
        .ENDIF
        VMMCall _Allocate_Global_V86_Data_Area, <64, <GVDAParaAlign OR GVDAZeroInit>>
        clc
        ret
EndProc VINST_Crit

BeginProc VINST_Init, INIT
        mov     eax, LF_Alloc_Error OR LF_Use_Heap
        mov     ecx, SIZE Node
        VMMCall List_Create
        jc      Fail
        mov     TheList, esi
        xor     eax, eax
        VMMCall Create_Semaphore
        jc      Fail
        mov     Sem, eax
        mov     eax, 21h
        mov     esi, OFFSET32 On_Int21
        VMMCall Hook_V86_Int_Chain
        mov     esi, OFFSET32 PM_Int
        mov     edx, OFFSET32 Script
        VMMCall Allocate_PM_Call_Back
        jc      Fail
        movzx   edx, ax
        shr     eax, 16
        mov     ecx, eax
        mov     eax, 60h
        VMMCall Set_PM_Int_Vector
        clc
        ret
Fail:   stc
        ret
EndProc VINST_Init

BeginProc VINST_VM_Init, VMCREATE
        mov     esi, TheList
        VMMCall List_Allocate
        jc      short @f
        mov     [eax.N_VM], ebx
        VMMCall List_Attach_Tail
@@:     Push_Client_State USES_EDI
        VMMCall Begin_Nest_V86_Exec
        mov     [ebp.Client_AH], 30h
        mov     eax, 21h
        VMMCall Exec_Int
        mov     ax, [ebp.Client_AX]
        VMMCall End_Nest_Exec
        Pop_Client_State USES_ESI
        clc
        ret
EndProc VINST_VM_Init

BeginProc VINST_Destroy, VMDESTROY
        mov     esi, TheList
        VMMCall List_Get_First
        jz      short Nothing
Search: cmp     [eax].N_VM, ebx
        je      short Found
        VMMCall List_Get_Next
        jnz     Search
Nothing: clc
        ret
Found:  VMMCall List_Remove
        VMMCall List_Deallocate
        clc
        ret
EndProc VINST_Destroy

BeginProc On_Int21, DOSVM
        cmp     [ebp.Client_AH], 4Bh
        jne     short Pass
        Client_Ptr_Flat esi, DS, DX
        Client_Ptr_Flat edi, ES, BX
        VMMCall Test_Cur_VM_Handle
Pass:   stc
        ret
EndProc On_Int21

BeginProc PM_Int, W16
        VMMCall Simulate_Iret
        VxDCall V86MMGR_Xlat_API
        jnc     short @f
        or      [ebp.Client_Flags], CF_Mask
@@:     ret
EndProc PM_Int

BeginProc Rare_One, RARE, PUBLIC
        VxDInt  21h
        VMMCall Wait_Semaphore
        VMMJmp  Signal_Semaphore
EndProc Rare_One

BeginProc Static_One, STATIC
        ret
EndProc Static_One

BeginProc Lock_Me, LOCKABLE
        MarkCodeLocked
        nop
        MarkCodeUnlocked
        ret
EndProc Lock_Me

        end

; Default handling (Win95 DDK S34AE): the virtual machine that first unmasks IRQ 5, which was masked when Windows started,
; owns it; another one that unmasks it is terminated. IRQ 7 is made global before, so that both may unmask it.
        .386p
        include vmm.inc
        include vpicd.inc
        include print.inc

Declare_Virtual_Device OWNER, 1, 0, OWNER_Control, Undefined_Device_ID, Undefined_Init_Order

VxD_LOCKED_DATA_SEG
First   dd      0
Second  dd      0
; +0 unmask the IRQs that AH names; +10h handler: inc byte [CS:30h], EOI; +20h mask register in AL
V86_Code db     0E4h, 21h, 20h, 0E0h, 0E6h, 21h, 0CFh, 9 dup (90h)
         db     2Eh, 0FEh, 06h, 30h, 00h, 50h, 0B0h, 20h, 0E6h, 20h, 58h, 0CFh, 4 dup (90h)
         db     0E4h, 21h, 0CFh
V86_Size EQU $ - V86_Code
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG

Begin_Control_Dispatch OWNER
        Control_Dispatch Sys_VM_Init, OWNER_Sys_VM_Init
        Control_Dispatch VM_Not_Executeable, OWNER_VM_Not_Executeable
        Control_Dispatch Debug_Query, OWNER_Query
End_Control_Dispatch OWNER

; EBX = VM -> EAX = how often its handler has run.
BeginProc Handled
        mov     eax, [ebx.CB_High_Linear]
        movzx   eax, BYTE PTR [eax + 730h]
        ret
EndProc Handled

; EBX = 1: the first VM is suspended; 2: it is closed, and IRQ 5 is looked at; else what the handlers counted.
BeginProc OWNER_Query
        cmp     ebx, 1
        mov     ebx, [First]
        jb      count
        ja      close
        VMMCall Suspend_VM
        PrintCarry "suspended"
        clc
        ret
close:
        mov     eax, 5
        VxDCall VPICD_Get_IRQ_Complete_Status
        Print   "status #ECX"
        VMMCall Nuke_VM
        mov     eax, 5
        VxDCall VPICD_Get_IRQ_Complete_Status
        Print   "status without its owner #ECX"
        clc
        ret
count:
        mov     ebx, [First]
        call    Handled
        mov     ecx, eax
        mov     ebx, [Second]
        call    Handled
        Print   "first #ECX second #EAX"
        clc
        ret
EndProc OWNER_Query

BeginProc OWNER_VM_Not_Executeable
        cmp     ebx, [Second]
        jne     other
        Print   "the second VM ends, flags #EDX"
other:
        clc
        ret
EndProc OWNER_VM_Not_Executeable

BeginProc New_VM
        mov     eax, Create_VM
        VMMCall System_Control
        mov     edx, [ebx.CB_High_Linear]
        mov     esi, OFFSET32 V86_Code
        lea     edi, [edx + 700h]
        mov     ecx, V86_Size
        cld
        rep movsb
        mov     BYTE PTR [edx + 730h], 0
        mov     DWORD PTR [edx + 60h * 4], 00700000h
        mov     DWORD PTR [edx + 0Dh * 4], 00700010h
        mov     DWORD PTR [edx + 0Fh * 4], 00700010h
        ret
EndProc New_VM

; DL = mask whose clear bits are unmasked in the current VM.
BeginProc Unmask
        Push_Client_State
        VMMCall Begin_Nest_Exec
        mov     [ebp.Client_AH], dl
        mov     eax, 60h
        VMMCall Exec_Int
        VMMCall End_Nest_Exec
        Pop_Client_State
        VMMCall Enable_VM_Ints
        ret
EndProc Unmask

BeginProc In_First
        mov     dl, 5Fh
        call    Unmask
        Print   "unmasked in the first VM"
        ret
EndProc In_First

BeginProc In_Second
        mov     dl, 7Fh
        call    Unmask
        Print   "IRQ 7 unmasked in the second VM"
        mov     dl, 0DFh
        call    Unmask
        Print   "NOT REACHED"
        ret
EndProc In_Second

BeginProc Later
        mov     ebx, [Second]
        mov     esi, OFFSET32 In_Second
        VMMCall Schedule_VM_Event
        ret
EndProc Later

BeginProc Make_VMs
        call    New_VM
        mov     [First], ebx
        call    New_VM
        mov     [Second], ebx
        mov     eax, 7
        xor     ebx, ebx
        VxDCall VPICD_Force_Default_Owner
        mov     ebx, [First]
        mov     esi, OFFSET32 In_First
        VMMCall Schedule_VM_Event
        mov     eax, 100
        mov     esi, OFFSET32 Later
        VMMCall Set_Global_Time_Out
        ret
EndProc Make_VMs

BeginProc OWNER_Sys_VM_Init
        mov     esi, OFFSET32 Make_VMs
        VMMCall Schedule_Global_Event
        clc
        ret
EndProc OWNER_Sys_VM_Init

VxD_LOCKED_CODE_ENDS
        END

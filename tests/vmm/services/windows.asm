; The first megabyte of several VMs: at 0 while current, at CB_High_Linear always; pages come at their first touch; a
; window is used again after its VM.
include check.inc
Declare_Virtual_Device TEST, 1, 0, TEST_Control, Undefined_Device_ID, Undefined_Init_Order
Begin_Control_Dispatch TEST
Control_Dispatch Sys_VM_Init, TEST_Sys_VM_Init
Control_Dispatch VM_Init, TEST_VM_Init
Control_Dispatch Destroy_VM, TEST_Destroy_VM
End_Control_Dispatch TEST

MADE     equ 4
PLACE   equ 70000h

VxD_LOCKED_DATA_SEG
vms     dd MADE dup (0)
inits   dd 0
gone    dd 0
window  dd 0
entries dd 2 dup (0)
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
BeginProc TEST_Sys_VM_Init
        xor     edi, edi
Make:   push    edi
        mov     eax, Create_VM
        VMMcall System_Control
        pop     edi
        Check   nc, 'no VM'
        mov     [vms+edi*4], ebx
        mov     eax, [ebx].CB_High_Linear
        mov     [eax+PLACE], edi                ; before it ever ran
        Check_Eq <dword ptr [eax+PLACE+4]>, 0, 'fresh memory is not zero'
        inc     edi
        cmp     edi, MADE
        jb      Make

        VMMcall Get_Sys_VM_Handle
        mov     eax, [ebx].CB_High_Linear
        mov     dword ptr ds:[PLACE], 1234h
        Check_Eq <dword ptr [eax+PLACE]>, 1234h, 'the System VM at its high linear address'
        mov     ecx, [vms]
        mov     ecx, [ecx].CB_High_Linear
        mov     edx, ds:[20h*4]
        Check_Eq [ecx+20h*4], edx, 'a new VM does not begin with the vectors'
        pushad
        mov     eax, 20h
        VMMcall Get_Instanced_V86_Int_Vector
        Check_Eq eax, edx, 'vector of the System VM: #EAX'
        mov     eax, 20h
        mov     ebx, [vms]
        VMMcall Get_Instanced_V86_Int_Vector
        Check_Eq eax, edx, 'vector of another VM: #EAX'
        popad
        mov     dword ptr [eax+60h*4], 55555555h ; the System VM's own now
        Check_Ne <dword ptr [ecx+60h*4]>, 55555555h, 'vectors are shared'
        mov     dword ptr [ecx+61h*4], 66666666h
        Check_Ne <dword ptr ds:[61h*4]>, 66666666h, 'vectors are shared the other way'

        ; what V86 code or a driver touched shows in the page table, low or high
        shr     eax, 12
        VMMcall _CopyPageTable, <<PLACE / 1000h>, 1, <OFFSET32 entries>, 0>
        VMMcall Get_Sys_VM_Handle
        mov     eax, [ebx].CB_High_Linear
        shr     eax, 12
        add     eax, PLACE / 1000h
        VMMcall _CopyPageTable, <eax, 1, <OFFSET32 entries+4>, 0>
        mov     eax, [entries]
        Check_Eq [entries+4], eax, 'the two views have different entries'
        and     eax, P_PRES+P_DIRTY+P_ACC
        Check_Eq eax, P_PRES+P_DIRTY+P_ACC, 'a page written is not present, accessed and dirty'
        mov     eax, 100
        mov     esi, OFFSET32 Later
        VMMcall Set_Global_Time_Out
        clc
        ret
EndProc TEST_Sys_VM_Init

; In each new VM: its number is at the place.
BeginProc TEST_VM_Init
        mov     eax, ds:[PLACE]
        Check_Eq [vms+eax*4], ebx, 'memory written before the VM ran'
        inc     [inits]
        mov     dword ptr ds:[PLACE+8], ebx
        mov     eax, [ebx].CB_High_Linear
        Check_Eq [eax+PLACE+8], ebx, 'low write, high read'
        mov     [eax+PLACE+2000h], ebx          ; first touched high
        Check_Eq <dword ptr ds:[PLACE+2000h]>, ebx, 'high write, low read'
        clc
        ret
EndProc TEST_VM_Init

BeginProc TEST_Destroy_VM
        inc     [gone]
        clc
        ret
EndProc TEST_Destroy_VM

BeginProc Later                         ; in any VM
        VMMcall Get_Sys_VM_Handle
        mov     esi, OFFSET32 In_System_VM
        VMMcall Schedule_VM_Event
        ret
EndProc Later

BeginProc In_System_VM
        Check_Eq [inits], MADE, 'VM_Init in every VM'
        xor     edi, edi
Each_VM: mov     ebx, [vms+edi*4]
        mov     eax, [ebx].CB_High_Linear
        Check_Eq [eax+PLACE], edi, 'memory of a VM that is not current'
        Check_Eq [eax+PLACE+8], ebx, 'what the VM wrote'
        inc     edi
        cmp     edi, MADE
        jb      Each_VM
        VMMcall Get_Cur_VM_Handle
        Check_Eq <dword ptr ds:[PLACE]>, 1234h, 'memory of the System VM'
        mov     ebx, [vms+4]
        mov     eax, [ebx].CB_High_Linear
        mov     [window], eax
        mov     [inits], 100                    ; the next VM_Init finds no number
        VMMcall Nuke_VM
        Check_Eq [gone], 1, 'Nuke_VM does not destroy'
        mov     eax, Create_VM
        VMMcall System_Control
        Check   nc, 'no VM after one has gone'
        mov     eax, [ebx].CB_High_Linear
        Check_Eq [window], eax, 'the window is not used again'
        Check_Eq <dword ptr [eax+PLACE]>, 0, 'the memory of a dead VM comes back'
        mov     [vms], ebx
        Say     'done'
        ret
EndProc In_System_VM
VxD_LOCKED_CODE_ENDS
end

; Reclaimable items (Win95 DDK S32B2, S32B9, S32CC), what is instanced (Win98 DDK kernel_8zg7), boot flags (S32CB), and
; control messages of drivers' own (S32CF).
include check.inc
Declare_Virtual_Device TEST, 1, 0, TEST_Control, Undefined_Device_ID, Undefined_Init_Order
BeginProc TEST_Control, LOCKED
        cmp     eax, BEGIN_RESERVED_PRIVATE_SYSTEM_CONTROL+5
        je      TEST_Private
        Control_Dispatch Device_Init, TEST_Run
        Control_Dispatch Sys_VM_Terminate, TEST_Terminate
        Control_Dispatch System_Exit, TEST_Exit
        clc
        ret
EndProc TEST_Control

VxD_LOCKED_DATA_SEG
high_item ReclaimStruc <9000h, 800h, OFFSET32 Callback, 9, 0, RS_RECLAIM>
low_item ReclaimStruc <3000h, 100h, OFFSET32 Callback, 3, 0, 0>
no_item ReclaimStruc <5000h, 100h, OFFSET32 Callback, 5, 0, 0>
found   ReclaimStruc <>
told    dd 0
private dd 0
leaving dd 0
item    InstDataStruc <0, 0, 0, 0, ALWAYS_Field>
area    dd 0
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
BeginProc Callback
        mov     eax, [esp+4]
        shl     [told], 4
        mov     ecx, [eax].RS_RefData
        or      [told], ecx
        Check_Eq [leaving], 1, 'called before the end'
        ret
EndProc Callback

BeginProc TEST_Private
        mov     [private], edx
        clc
        ret
EndProc TEST_Private

BeginProc TEST_Run
        VMMcall _EnumReclaimableItem, <0, <OFFSET32 found>, 0>
        Check_Eq eax, 0, 'items that nobody added'
        VMMcall _AddReclaimableItem, <<OFFSET32 high_item>, 0>
        Check_Ne eax, 0, 'not added'
        VMMcall _AddReclaimableItem, <<OFFSET32 low_item>, 0>
        VMMcall _AddReclaimableItem, <<OFFSET32 no_item>, 0>
;! input-range
        VMMcall _AddReclaimableItem, <<OFFSET32 no_item>, 1>
        Check_Eq eax, 0, 'added with reserved flags'
        VMMcall _EnumReclaimableItem, <0, <OFFSET32 found>, 0>
        Check_Eq [found.RS_Linear], 3000h, 'first item'
        mov     edi, eax
        VMMcall _EnumReclaimableItem, <eax, <OFFSET32 found>, 0>
        Check_Eq [found.RS_Linear], 5000h, 'second item'
        VMMcall _EnumReclaimableItem, <eax, <OFFSET32 found>, 0>
        Check_Eq [found.RS_Linear], 9000h, 'third item'
        Check_Eq [found.RS_Bytes], 800h, 'its size'
        VMMcall _EnumReclaimableItem, <eax, <OFFSET32 found>, 0>
        Check_Eq eax, 0, 'a fourth item'
        mov     [low_item.RS_Flags], RS_RECLAIM+RS_RESTORE
        VMMcall _SetReclaimableItem, <edi, <OFFSET32 low_item>, 0>
        Check_Ne eax, 0, 'not set'
        VMMcall _SetReclaimableItem, <999, <OFFSET32 low_item>, 0>
        Check_Eq eax, 0, 'an item that does not exist'

        ; instance data
        VMMcall _Allocate_Global_V86_Data_Area, <64, GVDADWordAlign>
        mov     [area], eax
        add     eax, 16
        mov     [item.InstLinAddr], eax
        mov     [item.InstSize], 8
        VMMcall _AddInstanceItem, <<OFFSET32 item>, 0>
        mov     eax, [area]
        VMMcall _GetInstanceInfo, <eax, 64>
        Check_Eq eax, INSTINFO_SOME, 'an area with an item: #EAX'
        VMMcall _GetInstanceInfo, <[item.InstLinAddr], 8>
        Check_Eq eax, INSTINFO_ALL, 'an item: #EAX'
        VMMcall _GetInstanceInfo, <[area], 16>
        Check_Eq eax, INSTINFO_NONE, 'before the item: #EAX'
;! input-range
        VMMcall _GetInstanceInfo, <0C0000000h, 16>
        Check_Eq eax, INSTINFO_NONE, 'outside'

        ; boot flags
        VMMcall Get_Boot_Flags
        Check_Eq eax, 0, 'boot flags: #EAX'
        mov     eax, BOOT_NETCLEAN
        VMMcall Set_Boot_Flags
        xor     eax, eax
        VMMcall Get_Boot_Flags
        Check_Eq eax, BOOT_NETCLEAN, 'boot flags that were set: #EAX'

        ; messages of drivers' own
        mov     eax, BEGIN_RESERVED_PRIVATE_SYSTEM_CONTROL+5
        mov     edx, 4711h
        VMMcall System_Control
        Check   nc, 'a private message was refused'
        Check_Eq [private], 4711h, 'a private message did not arrive'
        clc
        ret
EndProc TEST_Run

BeginProc TEST_Terminate
        mov     [leaving], 1
        clc
        ret
EndProc TEST_Terminate

BeginProc TEST_Exit
        Check_Eq [told], 39h, 'who was told, and when'
        Say     'done'
        clc
        ret
EndProc TEST_Exit
VxD_LOCKED_CODE_ENDS
end

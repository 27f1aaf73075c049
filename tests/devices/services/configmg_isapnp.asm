; CONFIGMG: resource data of an ISA Plug and Play card as logical configurations (Win95 DDK S2536; Plug and Play ISA
; Specification 1.0a, 6.2).
include check.inc
include configmg.inc
include cm.inc
Test_Driver

; The descriptor of a kind in lc is in `buffer`.
Des macro kind, bytes
        CM      _CONFIGMG_Get_Next_Res_Des, <OFFSET32 rd, [lc], kind, 0, 0>, CR_SUCCESS
        CM      _CONFIGMG_Get_Res_Des_Data_Size, <OFFSET32 number, [rd], 0>, CR_SUCCESS
        Check_Eq [number], bytes, 'size of the descriptor: kind'
        CM      _CONFIGMG_Get_Res_Des_Data, <[rd], OFFSET32 buffer, 64, 0>, CR_SUCCESS
endm

VxD_LOCKED_DATA_SEG
root    dd      0
node_a  dd      0
node_b  dd      0
node_c  dd      0
lc      dd      0
rd      dd      0
number  dd      0
buffer  db      64 dup (0)
id_a    db      'TEST\A\0', 0
id_b    db      'TEST\B\0', 0
id_c    db      'TEST\C\0', 0
card    db      0Ah, 10h, 0             ; version 1.0
        db      82h, 4, 0, 'Card'       ; its name
        ; logical device 0
        db      15h, 41h, 0D0h, 80h, 1, 0
        db      1Ch, 41h, 0D0h, 80h, 2  ; compatible
        db      2Ah, 0Ah, 2             ; DMA 1 or 3, 16 bits
        db      31h, 0                  ; good
        db      22h, 20h, 0             ; IRQ 5
        db      47h, 1, 20h, 2, 20h, 2, 1, 16  ; ports 220h, 16 address lines
        db      31h, 2                  ; suboptimal
        db      23h, 0A0h, 2, 8         ; IRQ 5, 7, 9, low level
        db      47h, 0, 0, 2, 80h, 3, 20h, 8   ; 8 ports in 200h-380h, 10 address lines
        db      38h
        db      4Bh, 0, 1, 4            ; fixed: 100h-103h
        ; logical device 1
        db      16h, 41h, 0D0h, 80h, 3, 0, 0
        db      81h, 9, 0, 0, 00h, 0Ch, 00h, 0Dh, 0, 0, 20h, 0    ; 8 KB in C0000h-D0000h, aligned to 64 KB
        db      85h, 17, 0, 0
        dd      0F0000000h, 0F8000000h, 100000h, 80000h
        db      86h, 9, 0, 0
        dd      0FE000000h, 1000h
        db      79h, 0
broken  db      15h, 41h, 0D0h, 80h, 1, 0
        db      5000 dup (70h)          ; without an end
VxD_LOCKED_DATA_ENDS

Begin_Tests
        CM      _CONFIGMG_Locate_DevNode, <OFFSET32 root, 0, 0>, CR_SUCCESS
        CM      _CONFIGMG_Create_DevNode, <OFFSET32 node_a, OFFSET32 id_a, [root], 0>, CR_SUCCESS
        CM      _CONFIGMG_Create_DevNode, <OFFSET32 node_b, OFFSET32 id_b, [root], 0>, CR_SUCCESS
        CM      _CONFIGMG_Create_DevNode, <OFFSET32 node_c, OFFSET32 id_c, [root], 0>, CR_SUCCESS

        CM      _CONFIGMG_ISAPNP_To_CM, <OFFSET32 card, 5, 0, CM_ISAPNP_ADD_RES_DES>, CR_INVALID_DEVNODE
        CM      _CONFIGMG_ISAPNP_To_CM, <0, [node_a], 0, CM_ISAPNP_ADD_RES_DES>, CR_INVALID_POINTER
        CM      _CONFIGMG_ISAPNP_To_CM, <OFFSET32 card, [node_a], 0, 3>, CR_INVALID_FLAG
        CM      _CONFIGMG_ISAPNP_To_CM, <OFFSET32 card, [node_a], 2, CM_ISAPNP_ADD_RES_DES>, CR_NO_SUCH_LOGICAL_DEV
        CM      _CONFIGMG_ISAPNP_To_CM, <OFFSET32 broken, [node_a], 0, CM_ISAPNP_ADD_RES_DES>, CR_INVALID_DATA
        CM      _CONFIGMG_Get_First_Log_Conf, <OFFSET32 lc, [node_a], BASIC_LOG_CONF>, CR_NO_MORE_LOG_CONF
        CM      _CONFIGMG_ISAPNP_To_CM, <OFFSET32 card, [node_a], 0, CM_ISAPNP_ADD_RES_DES>, CR_SUCCESS
        CM      _CONFIGMG_ISAPNP_To_CM, <OFFSET32 card, [node_a], 0, CM_ISAPNP_ADD_RES_DES>, CR_DEVNODE_HAS_REQS

        ; the good function: what both need, and its own
        CM      _CONFIGMG_Get_First_Log_Conf, <OFFSET32 lc, [node_a], BASIC_LOG_CONF>, CR_SUCCESS
        Des     ResType_DMA, <SIZE DMA_DES>
        Check_Eq <byte ptr [buffer.DD_Flags]>, fDD_WORD, 'width of the channel'
        Check_Eq <byte ptr [buffer.DD_Req_Mask]>, 0Ah, 'channels'
        Des     ResType_IRQ, <SIZE IRQ_DES>
        Check_Eq <word ptr [buffer.IRQD_Flags]>, 0, 'an edge is shared'
        Check_Eq <word ptr [buffer.IRQD_Req_Mask]>, 20h, 'lines'
        Des     ResType_IO, <SIZE IO_DES + SIZE IO_RANGE>
        Check_Eq <word ptr [buffer.IOD_Count]>, 1, 'ranges'
        Check_Eq <word ptr [buffer + SIZE IO_DES + IOR_Min]>, 220h, 'lowest port'
        Check_Eq <word ptr [buffer + SIZE IO_DES + IOR_Max]>, 22Fh, 'highest port'
        Check_Eq <word ptr [buffer + SIZE IO_DES + IOR_nPorts]>, 16, 'how many ports'
        Check_Eq <word ptr [buffer + SIZE IO_DES + IOR_Align]>, 0FFFFh, 'alignment'
        Check_Eq <byte ptr [buffer + SIZE IO_DES + IOR_Alias]>, 0, 'aliases'
        CM      _CONFIGMG_Get_Next_Res_Des, <OFFSET32 rd, [rd], ResType_IO, 0, 0>, CR_SUCCESS
        CM      _CONFIGMG_Get_Res_Des_Data, <[rd], OFFSET32 buffer, 64, 0>, CR_SUCCESS
        Check_Eq <word ptr [buffer + SIZE IO_DES + IOR_Min]>, 100h, 'fixed port'
        Check_Eq <word ptr [buffer + SIZE IO_DES + IOR_nPorts]>, 4, 'how many fixed ports'

        ; the suboptimal one
        CM      _CONFIGMG_Get_Next_Log_Conf, <OFFSET32 lc, [lc], 0>, CR_SUCCESS
        Des     ResType_IRQ, <SIZE IRQ_DES>
        Check_Eq <word ptr [buffer.IRQD_Flags]>, fIRQD_Share, 'a level is not shared'
        Check_Eq <word ptr [buffer.IRQD_Req_Mask]>, 2A0h, 'lines of the other one'
        Des     ResType_IO, <SIZE IO_DES + SIZE IO_RANGE>
        Check_Eq <word ptr [buffer + SIZE IO_DES + IOR_Max]>, 387h, 'highest port of the other one'
        Check_Eq <word ptr [buffer + SIZE IO_DES + IOR_Align]>, 0FFE0h, 'alignment of the other one'
        Check_Eq <byte ptr [buffer + SIZE IO_DES + IOR_Alias]>, 4, 'aliases of the other one'
        Check_Eq <byte ptr [buffer + SIZE IO_DES + IOR_Decode]>, 3, 'decoding of the other one'
        CM      _CONFIGMG_Get_Next_Log_Conf, <OFFSET32 lc, [lc], 0>, CR_NO_MORE_LOG_CONF

        ; memory of the second logical device
        CM      _CONFIGMG_ISAPNP_To_CM, <OFFSET32 card, [node_b], 1, CM_ISAPNP_ADD_RES_DES>, CR_SUCCESS
        CM      _CONFIGMG_Get_First_Log_Conf, <OFFSET32 lc, [node_b], BASIC_LOG_CONF>, CR_SUCCESS
        Des     ResType_Mem, <SIZE MEM_DES + SIZE MEM_RANGE>
        Check_Eq <dword ptr [buffer + SIZE MEM_DES + MR_Min]>, 0C0000h, 'lowest address'
        Check_Eq <dword ptr [buffer + SIZE MEM_DES + MR_Max]>, 0D1FFFh, 'highest address'
        Check_Eq <dword ptr [buffer + SIZE MEM_DES + MR_nBytes]>, 2000h, 'bytes'
        Check_Eq <dword ptr [buffer + SIZE MEM_DES + MR_Align]>, 0FFFF0000h, 'alignment of memory'
        CM      _CONFIGMG_Get_Next_Res_Des, <OFFSET32 rd, [rd], ResType_Mem, 0, 0>, CR_SUCCESS
        CM      _CONFIGMG_Get_Res_Des_Data, <[rd], OFFSET32 buffer, 64, 0>, CR_SUCCESS
        Check_Eq <dword ptr [buffer + SIZE MEM_DES + MR_Max]>, 0F807FFFFh, 'highest address of 32 bits'
        Check_Eq <dword ptr [buffer + SIZE MEM_DES + MR_Align]>, 0FFF00000h, 'alignment of 32 bits'
        CM      _CONFIGMG_Get_Next_Res_Des, <OFFSET32 rd, [rd], ResType_Mem, 0, 0>, CR_SUCCESS
        CM      _CONFIGMG_Get_Res_Des_Data, <[rd], OFFSET32 buffer, 64, 0>, CR_SUCCESS
        Check_Eq <dword ptr [buffer + SIZE MEM_DES + MR_Min]>, 0FE000000h, 'fixed address'
        Check_Eq <dword ptr [buffer + SIZE MEM_DES + MR_Max]>, 0FE000FFFh, 'end of the fixed address'

        ; as it was found at boot: what it has
        CM      _CONFIGMG_ISAPNP_To_CM, <OFFSET32 card, [node_c], 0, CM_ISAPNP_ADD_BOOT_RES_DES>, CR_SUCCESS
        CM      _CONFIGMG_Get_First_Log_Conf, <OFFSET32 lc, [node_c], BOOT_LOG_CONF>, CR_SUCCESS
        Des     ResType_IRQ, <SIZE IRQ_DES>
        Check_Eq <word ptr [buffer.IRQD_Alloc_Num]>, 5, 'line at boot'
        Des     ResType_IO, <SIZE IO_DES + SIZE IO_RANGE>
        Check_Eq <word ptr [buffer.IOD_Alloc_Base]>, 220h, 'ports at boot'
        Check_Eq <word ptr [buffer.IOD_Alloc_End]>, 22Fh, 'last port at boot'
        Des     ResType_DMA, <SIZE DMA_DES>
        Check_Eq <byte ptr [buffer.DD_Alloc_Chan]>, 1, 'channel at boot'
        CM      _CONFIGMG_Get_Next_Log_Conf, <OFFSET32 lc, [lc], 0>, CR_NO_MORE_LOG_CONF
End_Tests
END

# i686-w64-mingw32-as -o gas.obj gas.s
        .file   "gas.s"
        .text
        .globl  _c_procedure
        .def    _c_procedure; .scl 2; .type 32; .endef
_c_procedure:
        movl    _a_counter_with_a_long_name, %eax
        call    helper
        ret
        .section .text.unlikely,"x"
_seldom:
        jmp     _c_procedure
        .comm   _a_counter_with_a_long_name, 4, 2
        .section .rdata$zzz,"dr"
        .ascii  "GCC"

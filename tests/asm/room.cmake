# asm-try: one source into an object, until the command can do it.
vxdkit_test_program(asm-try ${CMAKE_CURRENT_SOURCE_DIR}/asm/asm_try.c)

# Prints the case files of tests/asm with another assembler's objects; run by hand (tests/asm/oracle.c).
add_executable(asm_oracle ${CMAKE_CURRENT_SOURCE_DIR}/asm/oracle.c)
target_include_directories(asm_oracle PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/tests)
target_link_libraries(asm_oracle PRIVATE vxdkit)

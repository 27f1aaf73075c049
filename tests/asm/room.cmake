# Prints the case files of tests/asm with another assembler's objects; run by hand (tests/asm/oracle.c).
add_executable(asm_oracle ${CMAKE_CURRENT_SOURCE_DIR}/asm/oracle.c)
target_include_directories(asm_oracle PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/tests)
target_link_libraries(asm_oracle PRIVATE vxdkit)

# What JWasm says today against what the case files hold; skipped unless VXDKIT_JWASM names it.
add_test(NAME asm.differential
         COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/asm/differential.sh $<TARGET_FILE:asm_oracle> tests/asm/instructions32.txt
                 tests/asm/instructions16.txt tests/asm/language.txt tests/asm/flow.txt tests/asm/options.txt tests/asm/sources.txt tests/asm/words.txt
         WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
set_tests_properties(asm.differential PROPERTIES LABELS "asm;slow" SKIP_RETURN_CODE 77 TIMEOUT 300)

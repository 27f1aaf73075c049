# Programs beside the cmocka tests: the conformance runner and the test ROM runner. Both land in build/tests.
vxdkit_test_program(cpu-conformance ${CMAKE_CURRENT_LIST_DIR}/cpu_conformance.c)
vxdkit_test_program(cpu-rom ${CMAKE_CURRENT_LIST_DIR}/cpu_rom.c)

# The captures lie beside the project, not in it.
add_test(NAME x86.conformance COMMAND ${CMAKE_CURRENT_LIST_DIR}/conformance.sh $<TARGET_FILE:cpu-conformance>
         ${PROJECT_SOURCE_DIR}/../shared/data/cpu286)
set_tests_properties(x86.conformance PROPERTIES LABELS x86 TIMEOUT 300 SKIP_RETURN_CODE 77)

add_test(NAME x86.rom COMMAND ${CMAKE_CURRENT_LIST_DIR}/rom.sh $<TARGET_FILE:cpu-rom>)
set_tests_properties(x86.rom PROPERTIES LABELS x86)

# Programs beside the cmocka tests: the conformance runner and the test ROM runner. Both land in build/tests.
vxdkit_test_program(cpu-conformance ${CMAKE_CURRENT_LIST_DIR}/cpu_conformance.c)
vxdkit_test_program(cpu-rom ${CMAKE_CURRENT_LIST_DIR}/cpu_rom.c)

# The captures lie beside the project, not in it.
add_test(NAME x86.conformance COMMAND ${CMAKE_CURRENT_LIST_DIR}/conformance.sh $<TARGET_FILE:cpu-conformance>
         ${PROJECT_SOURCE_DIR}/../shared/data/cpu286)
set_tests_properties(x86.conformance PROPERTIES LABELS x86 TIMEOUT 300 SKIP_RETURN_CODE 77)

add_test(NAME x86.rom COMMAND ${CMAKE_CURRENT_LIST_DIR}/rom.sh $<TARGET_FILE:cpu-rom>)
set_tests_properties(x86.rom PROPERTIES LABELS x86)

# Differential test against the host's processor: a 32-bit program without a library, where the compiler can make one.
set(native_flags -m32 -nostdlib -static -ffreestanding -O1 -fno-stack-protector -fno-pic -fcf-protection=none
    -fno-sanitize=all)
set(native_helper ${CMAKE_CURRENT_BINARY_DIR}/native-helper)
target_sources(x86_test_native PRIVATE ${CMAKE_CURRENT_LIST_DIR}/random_code.c)
target_compile_definitions(x86_test_native PRIVATE VXDKIT_NATIVE_HELPER="${native_helper}")
set_tests_properties(x86.test_native PROPERTIES SKIP_RETURN_CODE 77)
if(CMAKE_SYSTEM_NAME STREQUAL Linux AND CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|i.86|AMD64")
  add_custom_command(OUTPUT ${native_helper}
    COMMAND ${CMAKE_C_COMPILER} ${native_flags} ${CMAKE_CURRENT_LIST_DIR}/native_helper.c -o ${native_helper}
            || ${CMAKE_COMMAND} -E touch ${native_helper}
    DEPENDS ${CMAKE_CURRENT_LIST_DIR}/native_helper.c ${CMAKE_CURRENT_LIST_DIR}/native.h VERBATIM)
  add_custom_target(x86-native-helper ALL DEPENDS ${native_helper})
endif()

# Differential test against Unicorn where it is installed. The glob made a program of it: without Unicorn it is not built.
find_path(UNICORN_INCLUDE unicorn/unicorn.h)
find_library(UNICORN_LIBRARY unicorn)
if(UNICORN_INCLUDE AND UNICORN_LIBRARY)
  target_sources(x86_test_unicorn PRIVATE ${CMAKE_CURRENT_LIST_DIR}/random_code.c)
  target_include_directories(x86_test_unicorn PRIVATE ${UNICORN_INCLUDE})
  target_link_libraries(x86_test_unicorn PRIVATE ${UNICORN_LIBRARY})
else()
  set_target_properties(x86_test_unicorn PROPERTIES EXCLUDE_FROM_ALL ON)
  set_tests_properties(x86.test_unicorn PROPERTIES DISABLED ON)
endif()

# The tree itself: floors, public headers, installation.
function(vxdkit_script_test name)
  add_test(NAME ${name} COMMAND ${ARGN} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES LABELS "tree" TIMEOUT 120)
endfunction()

vxdkit_script_test(tree.floors tests/tree/floors.sh)
vxdkit_script_test(tree.floors_can_fail tests/tree/floors_can_fail.sh)
find_program(VXDKIT_CXX NAMES c++ g++ clang++)
vxdkit_script_test(tree.headers tests/tree/headers.sh ${CMAKE_C_COMPILER} ${VXDKIT_CXX})

# Builds the demo driver for the installed library's example.
set(sanitizers)
if(VXDKIT_SANITIZE)
  set(sanitizers "-fsanitize=address,undefined")
endif()
vxdkit_script_test(tree.install tests/tree/install.sh ${PROJECT_BINARY_DIR} ${CMAKE_C_COMPILER} $<TARGET_FILE:vxd>
                   ${sanitizers})
vxdkit_script_test(tree.readme tests/tree/readme.sh $<TARGET_FILE:vxd>)

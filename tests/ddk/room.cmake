# Prints the case files with another assembler's objects; run by hand (tests/ddk/oracle.c).
add_executable(ddk_oracle ${CMAKE_CURRENT_SOURCE_DIR}/ddk/oracle.c)
target_include_directories(ddk_oracle PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/tests)
target_link_libraries(ddk_oracle PRIVATE vxdkit)

if(EXISTS ${PROJECT_SOURCE_DIR}/src/asm/asm.c)
  vxdkit_test_program(ddk_macros ${CMAKE_CURRENT_SOURCE_DIR}/ddk/macros.c)
  add_test(NAME ddk.macros COMMAND ddk_macros WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(ddk.macros PROPERTIES LABELS "ddk;slow" TIMEOUT 300)
endif()

if(TARGET vxd)
  add_test(NAME ddk.examples COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/ddk/examples.sh $<TARGET_FILE:vxd>
           WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(ddk.examples PROPERTIES LABELS ddk TIMEOUT 60)
endif()

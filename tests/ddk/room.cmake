# Prints the case files with another assembler's objects; run by hand (tests/ddk/oracle.c).
add_executable(ddk_oracle ${CMAKE_CURRENT_SOURCE_DIR}/ddk/oracle.c)
target_include_directories(ddk_oracle PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/tests)
target_link_libraries(ddk_oracle PRIVATE vxdkit)

if(TARGET vxd)
  foreach(script examples drivers sources)
    add_test(NAME ddk.${script} COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/ddk/${script}.sh $<TARGET_FILE:vxd>
             WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
    set_tests_properties(ddk.${script} PROPERTIES LABELS ddk TIMEOUT 60)
  endforeach()
endif()

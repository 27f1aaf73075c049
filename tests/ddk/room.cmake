# Prints the case files with another assembler's objects; run by hand (tests/ddk/oracle.c).
add_executable(ddk_oracle ${CMAKE_CURRENT_SOURCE_DIR}/ddk/oracle.c)
target_include_directories(ddk_oracle PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/tests)
target_link_libraries(ddk_oracle PRIVATE vxdkit)

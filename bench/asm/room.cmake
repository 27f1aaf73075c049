add_executable(bench-asm EXCLUDE_FROM_ALL ${CMAKE_CURRENT_LIST_DIR}/bench_asm.c)
target_include_directories(bench-asm PRIVATE ${PROJECT_SOURCE_DIR}/src)
target_link_libraries(bench-asm PRIVATE vxdkit)

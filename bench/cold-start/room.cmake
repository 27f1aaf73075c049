add_executable(bench-cold-start EXCLUDE_FROM_ALL ${CMAKE_CURRENT_LIST_DIR}/cold-start.c)

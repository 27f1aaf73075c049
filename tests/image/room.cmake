# Makes collections of drivers for the tests of the command (tests/cli/collection.sh).
add_executable(make_collection ${CMAKE_CURRENT_SOURCE_DIR}/image/make_collection.c)
target_include_directories(make_collection PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/tests)
target_link_libraries(make_collection PRIVATE vxdkit)

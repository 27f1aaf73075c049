# The include files of ddk/inc become part of the library.
file(GLOB ddk_files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/ddk/inc/*.inc)
set(ddk_source ${PROJECT_BINARY_DIR}/gen/kit/ddk_files.c)
add_custom_command(
  OUTPUT ${ddk_source}
  COMMAND ${CMAKE_COMMAND} -DOUTPUT=${ddk_source} "-DFILES=${ddk_files}" -P ${PROJECT_SOURCE_DIR}/src/kit/embed.cmake
  DEPENDS ${ddk_files} ${PROJECT_SOURCE_DIR}/src/kit/embed.cmake
  COMMENT "Embedding ddk/inc"
  VERBATIM)
target_sources(room_kit PRIVATE ${ddk_source})

# What of ddk/ and docs/ is made from the tables: refreshed on demand in the source tree, checked by a test.
add_executable(kitgen ${PROJECT_SOURCE_DIR}/tools/kitgen.c)
target_include_directories(kitgen PRIVATE src)
target_link_libraries(kitgen PRIVATE vxdkit)
set(KIT_GENERATED ${ddk_files} ${PROJECT_SOURCE_DIR}/docs/services.md)
add_custom_target(kit-generate COMMAND kitgen ${KIT_GENERATED} VERBATIM)

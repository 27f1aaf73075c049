# The processor's benchmark: guest kernels linked flat by a compiler for 32-bit x86 where there is one, Unicorn as the
# rival where it is installed.
set(kernels ${CMAKE_CURRENT_BINARY_DIR}/x86-kernels.bin)
add_custom_command(OUTPUT ${kernels}
  COMMAND ${CMAKE_C_COMPILER} -m32 -march=i486 -mno-sse -mno-mmx -O2 -ffreestanding -fno-pic -fno-builtin
          -fno-tree-loop-distribute-patterns -fno-stack-protector -fcf-protection=none -fno-asynchronous-unwind-tables
          -nostdlib -static -Wl,-T,${CMAKE_CURRENT_LIST_DIR}/kernels.ld -Wl,--oformat=binary -Wl,--build-id=none
          ${CMAKE_CURRENT_LIST_DIR}/kernels.c -o ${kernels} || ${CMAKE_COMMAND} -E touch ${kernels}
  DEPENDS ${CMAKE_CURRENT_LIST_DIR}/kernels.c ${CMAKE_CURRENT_LIST_DIR}/kernels.ld VERBATIM)
add_custom_target(x86-kernels DEPENDS ${kernels})

add_executable(bench-x86 EXCLUDE_FROM_ALL ${CMAKE_CURRENT_LIST_DIR}/bench_x86.c)
add_dependencies(bench-x86 x86-kernels)
target_include_directories(bench-x86 PRIVATE ${PROJECT_SOURCE_DIR}/src)
target_link_libraries(bench-x86 PRIVATE vxdkit)
find_path(UNICORN_INCLUDE unicorn/unicorn.h)
find_library(UNICORN_LIBRARY unicorn)
if(UNICORN_INCLUDE AND UNICORN_LIBRARY)
  target_compile_definitions(bench-x86 PRIVATE VXDKIT_BENCH_UNICORN=1)
  target_include_directories(bench-x86 PRIVATE ${UNICORN_INCLUDE})
  target_link_libraries(bench-x86 PRIVATE ${UNICORN_LIBRARY})
endif()
target_compile_definitions(bench-x86 PRIVATE VXDKIT_BENCH_IMAGE="${kernels}")

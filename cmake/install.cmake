# What `make install` puts where: the command, the library, its headers, the pkg-config file, the manual page.
if(TARGET vxd)
  install(TARGETS vxd RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(TARGETS vxdkit ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/vxdkit DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES docs/vxd.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)

# The library is a static archive, so its users link what it links. The prefix is where the file is found, wherever the
# tree was installed to.
set(VXDKIT_PC_LIBS "-lvxdkit -lZydis")
if(ZYCORE_LIBRARY)
  string(APPEND VXDKIT_PC_LIBS " -lZycore")
endif()
string(APPEND VXDKIT_PC_LIBS " -lmpfr -lgmp -lm")
configure_file(cmake/vxdkit.pc.in vxdkit.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/vxdkit.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

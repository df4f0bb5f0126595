# With TOWLINE_STATIC, every library is linked in but those of libc, for platforms that want one
# self-contained file: Debian's static forms, and our own builds where Debian has none.
option(TOWLINE_STATIC "Link everything but libc statically" OFF)
if(TOWLINE_STATIC)
  set(static_libraries ${CMAKE_BINARY_DIR}/static)
  execute_process(COMMAND ${CMAKE_CURRENT_LIST_DIR}/build-static-libraries ${static_libraries}
                  COMMAND_ERROR_IS_FATAL ANY)
  set(ENV{PKG_CONFIG_PATH} ${static_libraries}/lib/pkgconfig)
  set(CMAKE_FIND_LIBRARY_SUFFIXES .a)
  set(OPENSSL_USE_STATIC_LIBS ON)
  add_link_options(-static-libgcc)
endif()

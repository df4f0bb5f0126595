# With TOWLINE_STATIC, every library is linked in but those of libc, for platforms that want one
# self-contained file: Debian's static forms, and our own builds where Debian has none. FULL links
# libc in as well, for systems with an older one or none; names are then looked up by files and DNS
# alone.
set(TOWLINE_STATIC OFF CACHE STRING "ON: link everything but libc statically; FULL: libc, too")
set_property(CACHE TOWLINE_STATIC PROPERTY STRINGS OFF ON FULL)
if(TOWLINE_STATIC)
  set(static_libraries ${CMAKE_BINARY_DIR}/static)
  execute_process(COMMAND ${CMAKE_CURRENT_LIST_DIR}/build-static-libraries ${static_libraries}
                  COMMAND_ERROR_IS_FATAL ANY)
  set(ENV{PKG_CONFIG_PATH} ${static_libraries}/lib/pkgconfig)
  set(CMAKE_FIND_LIBRARY_SUFFIXES .a)
  set(OPENSSL_USE_STATIC_LIBS ON)
  if(TOWLINE_STATIC STREQUAL FULL)
    add_link_options(-static-pie)
  else()
    add_link_options(-static-libgcc)
  endif()
endif()

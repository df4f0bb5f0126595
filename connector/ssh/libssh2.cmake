# Which libssh2 the program is linked with: defines the interface target towline_libssh2.
#
# Releases before 1.11 know neither RSA signatures with SHA-2 nor encrypt-then-MAC, so a system
# that has only such a one gets Debian's newer source package, built statically into the build
# folder with its symbols hidden: libcurl brings a libssh2 of its own into the same process. It is
# compiled with the flags of this build, so that sanitizers look into it, too.
find_package(PkgConfig REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)

add_library(towline_libssh2 INTERFACE)
pkg_check_modules(SYSTEM_LIBSSH2 QUIET IMPORTED_TARGET libssh2)
set(private_libssh2 ${CMAKE_BINARY_DIR}/libssh2)
set(libssh2_headers ${SYSTEM_LIBSSH2_INCLUDEDIR})

if(SYSTEM_LIBSSH2_FOUND AND SYSTEM_LIBSSH2_VERSION VERSION_GREATER_EQUAL 1.11
   AND NOT TOWLINE_STATIC)
  message(STATUS "libssh2 ${SYSTEM_LIBSSH2_VERSION} of the system")
  target_link_libraries(towline_libssh2 INTERFACE PkgConfig::SYSTEM_LIBSSH2)
else()
  file(GLOB recipe CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/libssh2-*.patch)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
    ${CMAKE_CURRENT_LIST_DIR}/build-libssh2 ${recipe})
  execute_process(COMMAND ${CMAKE_COMMAND} -E env CFLAGS=${CMAKE_C_FLAGS}
                    ${CMAKE_CURRENT_LIST_DIR}/build-libssh2 ${private_libssh2}
                  RESULT_VARIABLE failed)
  if(NOT failed)
    find_package(ZLIB REQUIRED)
    message(STATUS "libssh2 built from Debian's newer source in ${private_libssh2}")
    set(libssh2_headers ${private_libssh2}/include)
    target_include_directories(towline_libssh2 SYSTEM INTERFACE ${libssh2_headers})
    target_link_libraries(towline_libssh2 INTERFACE
      ${private_libssh2}/lib/libssh2.a OpenSSL::Crypto ZLIB::ZLIB)
    target_link_options(towline_libssh2 INTERFACE -Wl,--exclude-libs,ALL)
  elseif(SYSTEM_LIBSSH2_FOUND)
    message(WARNING
      "Using the system's libssh2 ${SYSTEM_LIBSSH2_VERSION}, because a newer one could not be "
      "fetched and built. What that costs: RSA keys are refused by servers since OpenSSH 8.8; "
      "servers with only RSA host keys, only encrypt-then-MAC, or only AEAD ciphers cannot be "
      "reached; a command that times out is left running. Configure again with a network to mend it.")
    target_link_libraries(towline_libssh2 INTERFACE PkgConfig::SYSTEM_LIBSSH2)
  else()
    message(FATAL_ERROR "libssh2 is missing, and could not be built: install libssh2-1-dev")
  endif()
endif()
target_link_libraries(towline_libssh2 INTERFACE OpenSSL::Crypto)
set(libssh2_headers ${libssh2_headers} PARENT_SCOPE) # packaging/ asks which it is

# Not in any release so far: whether a command's exit status came at all.
file(STRINGS ${libssh2_headers}/libssh2.h declared REGEX libssh2_channel_has_exit_status)
if(declared)
  target_compile_definitions(towline_libssh2 INTERFACE SSH_HAS_EXIT_STATUS)
endif()

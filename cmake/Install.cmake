# What `cmake --install` puts down: the program, the library both ways, its headers, and how other
# builds find it: pkg-config's prof2any.pc and CMake's find_package(prof2any), with the targets
# prof2any::shared and prof2any::static. All of it can be moved, and DESTDIR is honoured.
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/prof2any)
install(TARGETS prof2any RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS prof2any_static prof2any_shared EXPORT prof2any_targets
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/prof2any DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(FILES LICENSE README.md CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES formats/json.schema.json DESTINATION ${CMAKE_INSTALL_DATADIR}/prof2any)
set(share ${PROJECT_BINARY_DIR}/share)
install(FILES ${share}/prof2any.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${share}/prof2any.bash RENAME prof2any
    DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES ${share}/_prof2any DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
install(FILES ${share}/prof2any.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
install(EXPORT prof2any_targets NAMESPACE prof2any:: DESTINATION ${package_dir})

# The library's own libraries, in the words of pkg-config and of CMake.
get_target_property(libraries prof2any_static LINK_LIBRARIES)
set(P2A_PC_REQUIRES "")
set(P2A_PC_LIBS "")
set(P2A_FIND_DEPENDENCIES "")
foreach(library ${libraries})
    if(library STREQUAL "ZLIB::ZLIB")
        string(APPEND P2A_PC_REQUIRES " zlib")
        string(APPEND P2A_FIND_DEPENDENCIES "find_dependency(ZLIB)\n")
    elseif(library MATCHES "^PkgConfig::(.+)$")
        set(prefix ${CMAKE_MATCH_1})
        string(APPEND P2A_PC_REQUIRES " ${${prefix}_MODULE_NAME}")
        string(APPEND P2A_FIND_DEPENDENCIES
            "pkg_check_modules(${prefix} REQUIRED QUIET IMPORTED_TARGET ${${prefix}_MODULE_NAME})\n")
    elseif(library STREQUAL "Threads::Threads")
        string(APPEND P2A_PC_LIBS " -pthread")
        string(APPEND P2A_FIND_DEPENDENCIES "find_dependency(Threads)\n")
    elseif(NOT library MATCHES "^\\$")
        string(APPEND P2A_PC_LIBS " -l${library}")
    endif()
endforeach()

file(RELATIVE_PATH P2A_PC_UP "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
string(REGEX REPLACE "/$" "" P2A_PC_UP "${P2A_PC_UP}")
configure_file(cmake/prof2any.pc.in prof2any.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/prof2any.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

configure_package_config_file(cmake/prof2any-config.cmake.in prof2any-config.cmake
    INSTALL_DESTINATION ${package_dir} NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/prof2any-config-version.cmake
    COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/prof2any-config.cmake
    ${PROJECT_BINARY_DIR}/prof2any-config-version.cmake DESTINATION ${package_dir})

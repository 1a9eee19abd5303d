# How a suite (tests/SUITE/CMakeLists.txt) adds its tests.
#
# Labels: unit        functions and equations, in one process
#         golden      output compared with a file that was looked at
#         roundtrip   out and in again
#         fault       broken input, failing memory, full disks
#         real-tools  other people's programs read what we write, or write what we read
#         install     what `cmake --install` puts down, and what a plain build leaves in the library
pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)

set(P2A_LABELS unit golden roundtrip fault real-tools install)

function(p2a_test_properties name labels timeout environment)
    if(NOT labels)
        set(labels unit)
    endif()
    foreach(label ${labels})
        if(NOT label IN_LIST P2A_LABELS)
            message(FATAL_ERROR "test ${name}: no label '${label}', there are: ${P2A_LABELS}")
        endif()
    endforeach()
    if(NOT timeout)
        set(timeout 120)
    endif()
    set_tests_properties(${name} PROPERTIES LABELS "${labels}" TIMEOUT ${timeout}
        SKIP_RETURN_CODE 77 ENVIRONMENT "PROF2ANY=$<TARGET_FILE:prof2any>;SOURCE=${PROJECT_SOURCE_DIR};\
BUILD=${PROJECT_BINARY_DIR};SAMPLES=${PROJECT_SOURCE_DIR}/samples;LC_ALL=C;${environment}")
endfunction()

# p2a_unit_test(NAME SOURCE... [LABELS L...] [LIBRARIES LIB...] [LINK_OPTIONS O...]
#               [ENVIRONMENT NAME=VALUE...] [TIMEOUT SECONDS])
# A cmocka program. It sees the library's internal headers ("model/core.h") and links the library.
function(p2a_unit_test name)
    cmake_parse_arguments(T "" "TIMEOUT" "LABELS;LIBRARIES;LINK_OPTIONS;ENVIRONMENT" ${ARGN})
    add_executable(${name} ${T_UNPARSED_ARGUMENTS})
    target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/include
        ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/tests)
    target_link_libraries(${name} PRIVATE prof2any_static p2a_build PkgConfig::XXHASH
        PkgConfig::CMOCKA ${T_LIBRARIES})
    target_link_options(${name} PRIVATE ${T_LINK_OPTIONS})
    add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
    p2a_test_properties(${name} "${T_LABELS}" "${T_TIMEOUT}" "${T_ENVIRONMENT}")
endfunction()

# p2a_script_test(NAME COMMAND... [LABELS L...] [ENVIRONMENT NAME=VALUE...] [TIMEOUT SECONDS])
# A script that finds the program in $PROF2ANY, the tree in $SOURCE and $BUILD, the sample profiles
# in $SAMPLES. Exit 77: what it needs is not on this machine.
function(p2a_script_test name)
    cmake_parse_arguments(T "" "TIMEOUT" "LABELS;ENVIRONMENT" ${ARGN})
    add_test(NAME ${name} COMMAND ${T_UNPARSED_ARGUMENTS}
        WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
    p2a_test_properties(${name} "${T_LABELS}" "${T_TIMEOUT}" "${T_ENVIRONMENT}")
endfunction()

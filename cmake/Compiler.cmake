# What every target is compiled with: the interface library p2a_build.
add_library(p2a_build INTERFACE)
target_compile_definitions(p2a_build INTERFACE _GNU_SOURCE)
target_compile_options(p2a_build INTERFACE -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes
    -Wmissing-prototypes -Wvla -Wformat=2)
if(PROF2ANY_WERROR)
    target_compile_options(p2a_build INTERFACE -Werror)
endif()

if(PROF2ANY_SANITIZE)
    target_compile_options(p2a_build INTERFACE -fsanitize=address,undefined
        -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(p2a_build INTERFACE -fsanitize=address,undefined)
elseif(CMAKE_BUILD_TYPE MATCHES "Rel")
    target_compile_options(p2a_build INTERFACE -fstack-protector-strong)
    target_compile_definitions(p2a_build INTERFACE _FORTIFY_SOURCE=2)
    target_link_options(p2a_build INTERFACE -Wl,-z,relro,-z,now)
endif()

# Counts what is reached; only the targets in tests/fuzz have libFuzzer's main(). Comparisons aren't
# traced: that took 40 % of the time, and the words they would find are in the dictionaries.
if(PROF2ANY_FUZZ)
    target_compile_options(p2a_build INTERFACE -fsanitize=fuzzer-no-link
        -fno-sanitize-coverage=trace-cmp)
    target_compile_definitions(p2a_build INTERFACE FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION)
endif()

if(PROF2ANY_COVERAGE)
    target_compile_options(p2a_build INTERFACE --coverage -fprofile-update=atomic)
    target_link_options(p2a_build INTERFACE --coverage)
endif()

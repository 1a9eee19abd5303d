# Turns text files into C arrays at build time.
#
#   p2a_embed(TABLE.c "web/web.h" FILE...)   writes TABLE.c: for name-it.js a p2a_web_name_it_js[] and
#                                            its length, as the header declares them
#
# Run as a script it does the work: cmake -DOUT=… -DHEADER=… -DFILES=a,b -P Embed.cmake. Comment lines
# and indentation are left out; what would end a CDATA section or a script element is an error.
if(CMAKE_SCRIPT_MODE_FILE)
    set(code "/* Made by cmake/Embed.cmake. */\n#include \"${HEADER}\"\n")
    string(REPLACE "," ";" FILES "${FILES}")
    foreach(file ${FILES})
        file(READ "${file}" text)
        if("${text}" MATCHES "]]>|</script|</style")
            message(FATAL_ERROR "${file}: holds '${CMAKE_MATCH_0}', which ends the element around it")
        endif()
        if(file MATCHES "[.]js$")
            string(REGEX REPLACE "(^|\n)[ \t]*//[^\n]*" "" text "${text}")
        else()
            string(REGEX REPLACE "/\\*[^*]*\\*+([^/*][^*]*\\*+)*/" "" text "${text}")
        endif()
        string(REGEX REPLACE "\n[ \t\n]+" "\n" text "${text}")
        string(REGEX REPLACE "^\n+" "" text "${text}")
        string(HEX "${text}" bytes)
        string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
        string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
        get_filename_component(name "${file}" NAME)
        string(MAKE_C_IDENTIFIER "p2a_web_${name}" name)
        string(APPEND code "\nconst char ${name}[] = {\n${bytes}0};\nconst size_t ${name}_n = sizeof ${name} - 1;\n")
    endforeach()
    file(WRITE "${OUT}" "${code}")
    return()
endif()

set(P2A_EMBED_SCRIPT ${CMAKE_CURRENT_LIST_FILE})
function(p2a_embed out header)
    string(REPLACE ";" "," files "${ARGN}")
    add_custom_command(OUTPUT ${out}
        COMMAND ${CMAKE_COMMAND} -DOUT=${out} -DHEADER=${header} -DFILES=${files} -P ${P2A_EMBED_SCRIPT}
        DEPENDS ${ARGN} ${P2A_EMBED_SCRIPT} VERBATIM)
endfunction()

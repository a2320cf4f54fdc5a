# gaia_layer(NAME SOURCES ... LAYERS ... PRIVATE ...): one static library per folder, linked only to
# the layers it names, so that the linker enforces the layering of core/README.md.
function(gaia_layer name)
    cmake_parse_arguments(arg "" "" "SOURCES;LAYERS;LIBRARIES" ${ARGN})
    add_library(gaia_${name} STATIC ${arg_SOURCES})
    target_include_directories(gaia_${name} PUBLIC ${CMAKE_SOURCE_DIR})
    target_link_libraries(gaia_${name} PRIVATE gaia_options)
    foreach(layer IN LISTS arg_LAYERS)
        target_link_libraries(gaia_${name} PUBLIC gaia_${layer})
    endforeach()
    target_link_libraries(gaia_${name} PUBLIC ${arg_LIBRARIES})
endfunction()

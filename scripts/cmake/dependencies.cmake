# Every third-party library the project links, as gaia_dep_* targets. Static archives are preferred
# when GAIA_STATIC is set, so that the release needs only libc and libm.
find_package(Boost 1.81 REQUIRED COMPONENTS json url system)
find_package(Threads REQUIRED)

function(gaia_find_library out name)
    if(GAIA_STATIC)
        find_library(${out} NAMES lib${name}.a REQUIRED)
    else()
        find_library(${out} NAMES ${name} REQUIRED)
    endif()
endfunction()

foreach(name ssl crypto sqlite3 sodium yaml-cpp zstd xxhash z boost_json boost_url boost_system)
    string(REPLACE "-" "_" target ${name})
    gaia_find_library(GAIA_LIB_${target} ${name})
    add_library(gaia_dep_${target} INTERFACE)
    target_link_libraries(gaia_dep_${target} INTERFACE ${GAIA_LIB_${target}})
endforeach()
target_link_libraries(gaia_dep_ssl INTERFACE gaia_dep_crypto)
target_link_libraries(gaia_dep_crypto INTERFACE Threads::Threads ${CMAKE_DL_LIBS})
target_link_libraries(gaia_dep_sqlite3 INTERFACE Threads::Threads ${CMAKE_DL_LIBS} m)

# fmt, spdlog and CLI11 have no static archive in Debian 12: header-only mode.
add_library(gaia_dep_fmt INTERFACE)
target_compile_definitions(gaia_dep_fmt INTERFACE FMT_HEADER_ONLY)
add_library(gaia_dep_spdlog INTERFACE)
target_compile_definitions(gaia_dep_spdlog INTERFACE SPDLOG_FMT_EXTERNAL)
target_link_libraries(gaia_dep_spdlog INTERFACE gaia_dep_fmt Threads::Threads)

add_library(gaia_dep_asio INTERFACE)
target_compile_definitions(gaia_dep_asio INTERFACE
    BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED)
target_link_libraries(gaia_dep_asio INTERFACE gaia_dep_boost_system Threads::Threads)

if(GAIA_STATIC)
    target_link_options(gaia_options INTERFACE -static-libstdc++ -static-libgcc)
endif()

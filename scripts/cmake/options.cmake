# One INTERFACE target carries every compiler and linker option of the project.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

add_library(gaia_options INTERFACE)
target_compile_options(gaia_options INTERFACE
    -Wall -Wextra -Wshadow -Wold-style-cast -Wnon-virtual-dtor -Werror
    -fno-strict-aliasing -fstack-protector-strong -fstack-clash-protection)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    target_compile_options(gaia_options INTERFACE -ftrivial-auto-var-init=zero)
    target_link_options(gaia_options INTERFACE -fuse-ld=lld-19)
    # CMake 3.25 looks for clang-scan-deps; C++ modules are not used.
    set(CMAKE_CXX_SCAN_FOR_MODULES OFF)
endif()
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    target_compile_options(gaia_options INTERFACE -fcf-protection)
endif()

if(CMAKE_BUILD_TYPE STREQUAL "Release")
    set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1 -DNDEBUG")
    target_compile_options(gaia_options INTERFACE
        -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -ffunction-sections -fdata-sections)
    target_link_options(gaia_options INTERFACE
        -pie -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--gc-sections -Wl,--icf=safe)
else()
    target_compile_definitions(gaia_options INTERFACE _GLIBCXX_ASSERTIONS)
endif()

if(GAIA_SANITIZE)
    target_compile_options(gaia_options INTERFACE
        -fsanitize=${GAIA_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(gaia_options INTERFACE -fsanitize=${GAIA_SANITIZE})
    if(GAIA_SANITIZE MATCHES "undefined")
        target_compile_options(gaia_options INTERFACE -fno-sanitize=function)
    endif()
endif()
if(GAIA_FUZZ)
    target_compile_options(gaia_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

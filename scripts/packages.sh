# Sourced by the other scripts: need_packages NAME... installs the Debian packages that are missing
# (as root, or through sudo) and returns at once when there is nothing to do.

build_packages=(
    ca-certificates ccache clang-19 cmake lld-19 ninja-build libc6-dev
    libboost1.81-dev libboost-json1.81-dev libboost-system1.81-dev libboost-url1.81-dev
    libcli11-dev libfmt-dev libsodium-dev libspdlog-dev libsqlite3-dev libssl-dev
    libxxhash-dev libyaml-cpp-dev libzstd-dev zlib1g-dev
)

need_packages() {
    if ! command -v dpkg-query >/dev/null; then
        echo "note: this is not Debian; please have the equivalents of these installed: $*" >&2
        return 0
    fi
    local present missing=() name
    present=" $(dpkg-query -W -f '${db:Status-Status}/${Package} ' "$@" 2>/dev/null || true)"
    for name in "$@"; do
        [[ $present == *" installed/$name "* ]] || missing+=("$name")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    local root=()
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null || {
            echo "these packages are missing and need root to install: ${missing[*]}" >&2
            return 1
        }
        root=(sudo)
    fi
    echo "installing ${missing[*]}" >&2
    # A broken source that has nothing to do with us must not stop the build.
    "${root[@]}" apt-get -qq update >&2 || echo "warning: apt-get update failed" >&2
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends -o Dpkg::Use-Pty=0 "${missing[@]}" >&2
}

# What one checkout compiled serves another one too.
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1

# The Debian and Ubuntu packages that the project needs, and how scripts get them. To be sourced.
# shellcheck shell=sh disable=SC2034,SC2086

# The program and the library.
packages_build="gcc libc6-dev cmake ninja-build pkg-config zlib1g-dev libisal-dev libzstd-dev \
libpcre2-dev libxxhash-dev libgraphviz-dev libedit-dev libiberty-dev libyaml-dev"

# Recording a profile of a Python program.
packages_python="python3 python3-dev"

# The tests: cmocka; clang with its sanitizers and analyser; coverage; the tools that read what we
# write (callgrind_annotate comes with valgrind, pprof with golang-go).
packages_test="$packages_python golang-go libcmocka-dev clang clang-tidy libclang-rt-dev gcovr valgrind graphviz \
python3-jsonschema python3-yaml libxml2-utils shellcheck parallel zstd curl git cmark-gfm zsh fish mandoc groff-base"

# Tests of the pictures in a browser: Ubuntu's archive has no Chromium, there they are skipped.
packages_browser="nodejs chromium"

# CPython's own tests, which the recorder has to pass in cProfile's place: Debian's and Ubuntu's.
packages_cpython="libpython3.11-testsuite libpython3.12-testsuite"

# The recorder has to compile for arm64, too.
packages_cross="gcc-aarch64-linux-gnu libc6-dev-arm64-cross"

# missing_packages NAME...: those that are not installed
missing_packages() {
    for package; do
        dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed ||
            echo "$package"
    done
}

# install_packages NAME...: installs what is missing; asks for nothing and, where nothing is
# missing, uses no network
install_packages() {
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "not Debian or Ubuntu: see that you have what these packages hold: $*" >&2
        return 0
    fi
    missing=$(missing_packages "$@")
    [ -n "$missing" ] || return 0
    echo "installing" $missing
    as_root=
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null 2>&1 || {
            echo "missing packages: $(echo "$missing" | tr '\n' ' ')- install them as root" >&2
            return 1
        }
        as_root=sudo
    fi
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update &&
        $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y \
            --no-install-recommends $missing >/dev/null
}

# install_known_packages NAME...: the same, without those that this system's archive doesn't have
install_known_packages() {
    known=
    for package in $(missing_packages "$@"); do
        if apt-cache show "$package" >/dev/null 2>&1; then
            known="$known $package"
        fi
    done
    install_packages $known
}

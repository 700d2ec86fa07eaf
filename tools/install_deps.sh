#!/usr/bin/env bash
# Installs what building and testing fairlead needs, with apt (Debian 12, 13; Ubuntu 24.04). Run again at will: when
# nothing is missing it ends at once without touching the network.
#   --bench         also nginx, HAProxy, wrk and nghttp2's programs, for `make bench`
#   --aws           also, in build/venv, Amazon's command line and boto3: clients of `fairlead control`
#   --conformance   that, moto, grpcio, node and dockerd: other people's programs that tests talk to
set -euo pipefail
cd "$(dirname "$0")/.."

bench=0 aws=0 conformance=0
for arg in "$@"; do
  case $arg in
    --bench) bench=1 ;;
    --aws) aws=1 ;;
    --conformance) aws=1 conformance=1 ;;
    -h | --help) sed -n '2,6s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "install_deps.sh: unknown option $arg (see --help)" >&2; exit 2 ;;
  esac
done

command -v apt-get >/dev/null || { echo "install_deps.sh: needs apt-get (Debian 12 or 13, Ubuntu 24.04)" >&2; exit 1; }
. /etc/os-release

packages=(
  ca-certificates curl git pkg-config python3
  clang-19 clang-format-19 clang-tidy-19 libclang-rt-19-dev lld-19 llvm-19 cmake ninja-build ccache
  libbrotli-dev libc-ares-dev libcli11-dev libcrypt-dev libexpected-dev libfmt-dev libnghttp2-dev libre2-dev libsodium-dev
  libspdlog-dev libsqlite3-dev libssl-dev libtomlplusplus-dev libyaml-dev libzstd-dev zlib1g-dev
  libbenchmark-dev libgmock-dev libgtest-dev
)
# Debian 12's default Boost (1.74) has no JSON library yet; 1.81 stands beside it.
if [[ $ID == debian && $VERSION_ID == 12 ]]; then packages+=(libboost-json1.81-dev); else packages+=(libboost-json-dev); fi
# AES-GCM for TLS, where there is one for this processor; libcrypto's is used elsewhere.
[[ $(dpkg --print-architecture) == amd64 ]] && packages+=(libipsec-mb-dev)
((bench)) && packages+=(nginx-light libnginx-mod-stream haproxy wrk nghttp2-client nghttp2-server openssl)
# What Python programs need, in a virtual environment of the project's own; moto that is there already does.
has_module() { "$1" -c "import $2" 2>/dev/null; }
python=build/venv/bin/python pip=()
((aws)) && for module in awscli boto3; do has_module $python $module || pip+=("$module"); done
if ((conformance)); then
  has_module python3 moto.server,flask,boto3 || has_module $python moto.server,flask || pip+=('moto[server]')
  has_module $python grpc || pip+=(grpcio)
  command -v node >/dev/null || packages+=(nodejs)
  command -v nghttp >/dev/null || packages+=(nghttp2-client)
  packages+=(openssl gnutls-bin testssl.sh)
  packages+=(docker.io containerd runc iptables busybox-static iproute2)
  # A kernel with TLS, as a program.
  [[ $ID == debian && $(dpkg --print-architecture) == amd64 ]] && packages+=(user-mode-linux)
fi
((${#pip[@]})) && packages+=(python3-venv)

installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${packages[@]}" 2>/dev/null | sed -n 's/^installed //p' || true)
missing=()
for package in "${packages[@]}"; do
  grep -qxF "$package" <<<"$installed" || missing+=("$package")
done

if ((${#missing[@]})); then
  sudo=()
  if ((EUID != 0)); then
    command -v sudo >/dev/null || { echo "install_deps.sh: run as root, or install sudo" >&2; exit 1; }
    sudo=(sudo)
  fi
  echo "Installing with apt: ${missing[*]}"
  "${sudo[@]}" apt-get -qq -o DPkg::Lock::Timeout=300 update
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get -qq -y -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 install --no-install-recommends "${missing[@]}" >/dev/null
  # The tests start their own; Debian would leave them running as services.
  for service in nginx haproxy docker containerd; do
    if [[ -d /run/systemd/system && " ${missing[*]} " == *" $service"* ]]; then
      "${sudo[@]}" systemctl disable --quiet --now "$service"
      [[ $service != docker ]] || "${sudo[@]}" systemctl disable --quiet --now docker.socket
    fi
  done
fi

if ((${#pip[@]})); then
  echo "Installing with pip into build/venv: ${pip[*]}"
  if ! { /usr/bin/python3 -m venv build/venv && build/venv/bin/pip install --quiet --disable-pip-version-check "${pip[@]}"; }; then
    # Without them the tests that need them are skipped, and say so.
    echo "install_deps.sh: these could not be installed: ${pip[*]}" >&2
    exit 0
  fi
fi
echo "All dependencies are installed."

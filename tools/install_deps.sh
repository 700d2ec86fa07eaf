#!/usr/bin/env bash
# Installs what building and testing fairlead needs, with apt (Debian 12, 13; Ubuntu 24.04). Run again at will: when
# nothing is missing it ends at once without touching the network.
#   --bench         also nginx, HAProxy and wrk, for `make bench`
#   --conformance   also node, dockerd and, in build/venv, moto and boto3, for tests against other people's programs
set -euo pipefail
cd "$(dirname "$0")/.."

bench=0 conformance=0
for arg in "$@"; do
  case $arg in
    --bench) bench=1 ;;
    --conformance) conformance=1 ;;
    -h | --help) sed -n '2,5s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "install_deps.sh: unknown option $arg (see --help)" >&2; exit 2 ;;
  esac
done

command -v apt-get >/dev/null || { echo "install_deps.sh: needs apt-get (Debian 12 or 13, Ubuntu 24.04)" >&2; exit 1; }
. /etc/os-release

packages=(
  ca-certificates curl git pkg-config python3
  clang-19 clang-format-19 clang-tidy-19 libclang-rt-19-dev lld-19 llvm-19 cmake ninja-build ccache
  libc-ares-dev libcli11-dev libexpected-dev libfmt-dev libnghttp2-dev libre2-dev libspdlog-dev libsqlite3-dev
  libssl-dev libtomlplusplus-dev libyaml-dev zlib1g-dev
  libbenchmark-dev libgmock-dev libgtest-dev
)
# Debian 12's default Boost (1.74) has no JSON library yet; 1.81 stands beside it.
if [[ $ID == debian && $VERSION_ID == 12 ]]; then packages+=(libboost-json1.81-dev); else packages+=(libboost-json-dev); fi
((bench)) && packages+=(nginx-light haproxy wrk)
# Where moto and node are there already, however they came, they do.
has_moto() { "$1" -c 'import moto.server, flask, boto3' 2>/dev/null; }
needs_moto=0
if ((conformance)); then
  has_moto python3 || has_moto build/venv/bin/python || needs_moto=1
  ((needs_moto)) && packages+=(openssl python3-venv)
  command -v node >/dev/null || packages+=(nodejs)
  packages+=(docker.io containerd runc iptables busybox-static iproute2)
fi

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

if ((needs_moto)); then
  echo "Installing with pip into build/venv: moto[server] boto3"
  # Without it the tests that need it are skipped, and say so.
  if ! { /usr/bin/python3 -m venv build/venv && build/venv/bin/pip install --quiet --disable-pip-version-check 'moto[server]' boto3; }; then
    echo "install_deps.sh: moto could not be installed" >&2
    exit 0
  fi
fi
echo "All dependencies are installed."

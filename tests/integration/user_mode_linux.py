"""A kernel for tests that need what this machine's has not: Debian's user-mode-linux, an ordinary program whose root is
this machine's file system, read-only. It starts in two seconds.

    run(script, modules)    runs the script in it -> exit code, or None when it is not installed
    is_here()               whether this is it
"""
import ctypes
import fcntl
import os
import shutil
import socket
import struct
import subprocess
import sys
from pathlib import Path

MODULES = Path("/usr/lib/uml/modules")
SYS_FINIT_MODULE = 313
RB_POWER_OFF = 0x4321FEDC
SIOCSIFFLAGS, IFF_UP = 0x8914, 1
RESULT = "exit code in user-mode-linux: "


def is_here():
    return "User Mode Linux" in Path("/proc/cpuinfo").read_text()


def run(script, modules):
    linux = shutil.which("linux.uml")
    if not linux:
        return None
    init = [sys.executable, Path(__file__).resolve(), ",".join(modules), Path.cwd(), Path(script).resolve()]
    kept = [f"{name}={os.environ[name]}" for name in ("PATH", "HOME", "FAIRLEAD") if name in os.environ]
    result = subprocess.run([linux, "mem=768M", "rootfstype=hostfs", "ro", "quiet", "loglevel=0", "con=null",
                             "con0=fd:0,fd:1", f"init={init[0]}", *kept, "--", *map(str, init[1:])],
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, errors="replace", timeout=280)
    print(result.stdout, end="")
    _, found, code = result.stdout.rpartition(RESULT)
    return int(code.split()[0]) if found else 1


# ---- as its first process

def load(name, kernel, needs):
    """A module with those that it needs, as modprobe would."""
    libc = ctypes.CDLL(None, use_errno=True)
    found = next(path for path in needs if Path(path).stem.replace("-", "_") == name)
    for path in [*reversed(needs[found]), found]:
        with open(kernel / path, "rb") as file:
            libc.syscall(SYS_FINIT_MODULE, file.fileno(), b"", 0)  # fails for those that are there


def set_up_network():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))


def main(modules, folder, script):
    libc = ctypes.CDLL(None)
    for kind, where in ((b"proc", b"/proc"), (b"sysfs", b"/sys"), (b"tmpfs", b"/mnt")):
        libc.mount(kind, where, kind, 0, None)
    os.environ["TMPDIR"] = "/mnt"
    kernel = MODULES / os.uname().release
    needs = {path: of.split() for path, of in
             (line.split(":", 1) for line in (kernel / "modules.dep").read_text().splitlines())}
    for name in modules.split(","):
        load(name, kernel, needs)
    set_up_network()
    print(f"{RESULT}{subprocess.run([sys.executable, script], cwd=folder).returncode}", flush=True)
    libc.reboot(RB_POWER_OFF)


if __name__ == "__main__":
    main(*sys.argv[1:4])  # the kernel appends words of its own

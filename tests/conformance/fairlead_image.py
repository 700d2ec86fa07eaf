"""An image of fairlead made from scratch: the stripped program, the shared libraries that it needs, nothing else. Its
commands are fairlead's: none for the proxy, `whoami`..."""
import re
import tarfile
from pathlib import Path

from docker_hosts import run
from support import BINARY

NAME = "localhost/fairlead:1"
NEEDS = "strip", "ldd"
CHANGES = ('ENTRYPOINT ["/fairlead"]',)  # of the engine's configuration


def make(folder):
    """-> the archive of its root file system, for Host.load()"""
    program, archive = Path(folder, "fairlead"), Path(folder, "fairlead.tar")
    run("strip", "-o", program, BINARY)
    with tarfile.open(archive, "w", dereference=True) as tar:
        tar.add(program, "fairlead")
        for library in libraries(program):
            tar.add(library)
    return archive


def libraries(program):
    """Where ldd finds each: `name => path (address)`, and the loader alone by its path."""
    told = run("ldd", program)
    assert "not found" not in told, told
    return re.findall(r"^\t(?:.* => )?(/\S+) \(", told, re.MULTILINE)

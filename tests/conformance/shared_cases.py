"""Where the cases of others are, and the binary they are for."""
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("FAIRLEAD", ROOT / "build/release/fairlead")).resolve()
SHARED = Path(os.environ.get("FL_SHARED", ROOT.parent / "shared"))


def runner(name):
    """The path of a runner under shared/tools; without it the test ends as skipped."""
    path = SHARED / "tools" / name
    if not path.exists():
        print(f"skipped: {path} is not there (FL_SHARED names another folder)")
        sys.exit(77)
    return path

"""Where the cases of others are, and what the tests over them share with those of tests/integration."""
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "integration"))
import support  # noqa: E402

SHARED = Path(os.environ.get("FL_SHARED", support.ROOT.parent / "shared"))


def runner(name):
    """The path of a runner under shared/tools; without it the test ends as skipped."""
    path = SHARED / "tools" / name
    if not path.exists():
        print(f"skipped: {path} is not there (FL_SHARED names another folder)")
        sys.exit(77)
    return path

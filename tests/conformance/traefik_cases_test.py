#!/usr/bin/env python3
"""What Traefik does, case by case (shared/cases/traefik). A case fails this test when it fails and traefik_not_yet.txt
does not list it; a listed case that passes is only reported, so that the list gets shorter."""
import json
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from shared_cases import runner, support

FILES = "rules_http,rules_tcp,forwarded,lb,fixtures,middlewares"
NOT_YET = Path(__file__).with_name("traefik_not_yet.txt")


def listed():
    lines = (line.partition("#")[0].strip() for line in NOT_YET.read_text().splitlines())
    return {line for line in lines if line}


def main():
    script = runner("traefik_cases.py")
    with tempfile.TemporaryDirectory(prefix="fairlead-test-") as folder:
        results = Path(folder, "results.json")
        # Cases fail by design, so only the results count, not the exit code.
        done = subprocess.run([sys.executable, script, "--proxy", shlex.quote(str(support.BINARY)) + " --configFile={config}",
                               "--files", FILES, "--json", results, "--workdir", folder],
                              stdout=subprocess.PIPE, text=True, check=False)
        if not results.exists():
            sys.exit(f"{done.stdout}\nthe runner wrote no results")
        errors = {case["case"]: None if case["ok"] else case["error"] for case in json.loads(results.read_text())}
    not_yet = listed()
    broken = sorted(name for name, error in errors.items() if error and name not in not_yet)
    for name in broken:
        print(f"FAIL {name}: {errors[name]}")
    for name in sorted(not_yet):
        if name not in errors:
            print(f"note: {NOT_YET.name} lists {name}, which is no case")
        elif not errors[name]:
            print(f"note: {NOT_YET.name} lists {name}, which passes")
    passed = sum(not error for error in errors.values())
    print(f"{passed} passed, {len(broken)} failed, {len(errors) - passed - len(broken)} not yet covered")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())

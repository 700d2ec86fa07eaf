#!/usr/bin/env python3
"""Checks every include under src/ against docs/architecture/layers.txt; part of the default build.

Rules: a module includes only the modules its line in layers.txt names; a sub-folder is private to its module; a
third-party header is included only by the module that owns it, and by none of its public headers; our own headers are
named by their path from src/ and begin with #pragma once. Tests beside the code obey the same rules; programs
under tests/ may include anything. `--self-test` checks the checker.
"""
import re
import sys
import tempfile
from pathlib import Path

# Sub-folders that are part of their module's interface.
PUBLIC_FOLDERS = {"config/static", "config/dynamic", "config/expression", "ecs/generated", "aws/generated",
                  "aws/testing", "http/testing", "tls/testing"}

# Third-party headers and the folders that may include them.
OWNERS = [
    (r"openssl/ssl\.h", ["tls"]),
    (r"openssl/.*", ["base", "tls"]),
    (r"sodium.*\.h", ["tls/openssl"]),
    (r"intel-ipsec-mb\.h", ["tls/aead"]),
    (r"re2/.*", ["base"]),
    (r"boost/.*", ["base"]),
    (r"spdlog/.*", ["base"]),
    (r"(brotli/.*|crypt\.h|zlib\.h|zstd\.h)", ["base"]),
    (r"yaml\.h", ["config"]),
    (r"toml\+\+/.*", ["config"]),
    (r"ares.*\.h", ["net"]),
    (r"nghttp2/.*", ["http/h2", "http/testing"]),
    (r"sqlite3\.h", ["control/store"]),
    (r"CLI/.*", ["app"]),
]
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]')


def read_layers(path):
    """{module: set of modules it may include}; None stands for everything."""
    layers = {}
    for line in path.read_text().splitlines():
        match = re.match(r"([a-z]+):(.*)$", line)
        if not match:
            continue
        names = match[2].split()
        for name in names:
            if name != "everything" and name not in layers:
                sys.exit(f"{path}: {match[1]} names {name}, which has no line above it")
        layers[match[1]] = None if names == ["everything"] else set(names)
    return layers


def is_inside(folder, owners):
    return any(folder == owner or folder.startswith(owner + "/") for owner in owners)


def is_public(file):
    folder = file.parent.as_posix()
    return file.suffix == ".h" and (len(file.parts) == 2 or is_inside(folder, PUBLIC_FOLDERS))


def check_include(layers, file, quoted, target):
    """Why `file` (relative to src/) may not include `target`, or None."""
    module = file.parts[0]
    if not quoted:
        for pattern, owners in OWNERS:
            if re.fullmatch(pattern, target):
                if not is_inside(file.parent.as_posix(), owners):
                    return f"<{target}> belongs to {' and '.join(owners)}"
                if is_public(file):
                    return f"<{target}> in a public header; forward-declare here, or move this file to a private sub-folder"
                break
        return None
    parts = target.split("/")
    if len(parts) < 2 or parts[0] in (".", ".."):
        return f'"{target}" is not a path from src/'
    if parts[0] == "support" and file.name.endswith(("_test.cc", "_for_test.h")):
        return None  # tests/support
    if parts[0] == module:
        return None
    if parts[0] not in layers:
        return f'"{target}" names no module of layers.txt'
    allowed = layers[module]
    if allowed is not None and parts[0] not in allowed:
        return f'{module} may not include {parts[0]} ("{target}")'
    if not is_public(Path(target)):
        return f'"{target}" is private to {parts[0]}'
    return None


def check_tree(root):
    layers = read_layers(root / "docs/architecture/layers.txt")
    source = root / "src"
    problems = []
    count = 0
    for path in sorted(source.rglob("*")):
        if path.suffix not in (".h", ".cc"):
            continue
        file = path.relative_to(source)
        count += 1
        if file.parts[0] not in layers:
            problems.append(f"src/{file}: module {file.parts[0]} has no line in layers.txt")
            continue
        text = path.read_text()
        if path.suffix == ".h" and "#pragma once" not in text:
            problems.append(f"src/{file}: no #pragma once")
        for number, line in enumerate(text.splitlines(), 1):
            match = INCLUDE.match(line)
            why = match and check_include(layers, file, match[1] == '"', match[2])
            if why:
                problems.append(f"src/{file}:{number}: {why}")
    return count, problems


def self_test():
    """One file a rule, each with the text its complaint must hold; None for what is allowed."""
    cases = {
        "net/a.cc": ('#include "base/x.h"', None),
        "net/b.cc": ('#include "http/x.h"', "net may not include http"),
        "base/c.cc": ('#include "x.h"', "not a path from src/"),
        "base/d.h": ("int x;", "no #pragma once"),
        "net/e.cc": ("#include <openssl/evp.h>", "belongs to base"),
        "base/f.h": ("#pragma once\n#include <openssl/evp.h>", "in a public header"),
        "base/g.cc": ("#include <openssl/evp.h>\n#include <openssl/ssl.h>", "g.cc:2: <openssl/ssl.h> belongs to tls"),
        "app/h.cc": ('#include "http/h1/x.h"', "private to http"),
        "http/i.cc": ('#include "http/h1/x.h"', None),
        "app/j.cc": ('#include "config/static/x.h"', None),
        "tls/openssl/n.h": ("#pragma once\n#include <openssl/ssl.h>", None),
        "odd/k.cc": ("", "no line in layers.txt"),
        "base/l.cc": ('#include "base/nested/x.h"\n#include <vector>', None),
        "app/m.cc": ('#include "nowhere/x.h"', "names no module"),
    }
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        layers = root / "docs/architecture/layers.txt"
        layers.parent.mkdir(parents=True)
        layers.write_text("# comment\nbase:\nnet: base\nconfig: base\ntls: base net\nhttp: base net\napp: everything\n")
        for name, (text, _) in cases.items():
            path = root / "src" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        _, problems = check_tree(root)
    for name, (_, expected) in cases.items():
        found = [p for p in problems if p.startswith(f"src/{name}")]
        if len(found) != (expected is not None) or (expected and expected not in found[0]):
            sys.exit(f"self-test: {name}: expected {expected}, got {found}")
    print(f"check_layers: {len(cases)} self-test cases passed")


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    count, problems = check_tree(Path(__file__).resolve().parent.parent)
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        sys.exit(f"check_layers: {len(problems)} problems (rules: docs/architecture/layers.txt)")
    print(f"check_layers: {count} files")


if __name__ == "__main__":
    main()

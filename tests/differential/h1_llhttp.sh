#!/bin/sh
# h1_llhttp.sh path/to/h1_verdicts [messages] [seed]: our HTTP/1 codec against llhttp, as h1_llhttp.js tells.
# Exit status 77 means skipped.
command -v node >/dev/null || { echo "skipped: node is not installed, and llhttp is inside it"; exit 77; }
node -e 'process.exit(process.versions.llhttp ? 0 : 1)' || { echo "skipped: this node has no llhttp"; exit 77; }
exec node "$(dirname "$0")/h1_llhttp.js" "$@"

#!/bin/sh
# with-node.sh FILE...: runs tests of the scripts; 77 where there is no Node.js to run them.
command -v node >/dev/null 2>&1 || {
    echo "skipped: there is no node on this machine (Debian package nodejs)"
    exit 77
}
node -e 'process.exit(parseInt(process.versions.node) < 18 ? 1 : 0)' || {
    echo "skipped: node $(node --version) has no test runner, 18 or later has"
    exit 77
}
exec node "$@"

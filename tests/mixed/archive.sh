#!/bin/bash
# archive.sh COMMIT - makes tests/mixed/VERSION-COMMIT.tar.xz: of that commit what `make install` needs, so that
# the library of that time can be built beside the one of today. The same commit gives the same files, with the
# commit's time on them. See README.md.
set -eu -o pipefail
[ $# = 1 ] || { echo "usage: $0 COMMIT" >&2 && exit 2; }
cd "$(git -C "$(dirname "$0")" rev-parse --show-toplevel)"
commit=$(git rev-parse --verify "$1^{commit}")
version=$(git show "$commit:lib/soap_xmpp.h" | sed -n 's/.*define SOAP_XMPP_VERSION *"\(.*\)"/\1/p')
name=$version-${commit:0:7}
wanted=()
for path in LICENSE Makefile mk lib tools/check-libstrophe.sh tools/check-map.sh; do
    [ -z "$(git ls-tree "$commit" -- "$path")" ] || wanted+=("$path")
done
git -c tar.umask=0022 archive --format=tar --prefix="$name/" "$commit" "${wanted[@]}" |
    xz -9e > "tests/mixed/$name.tar.xz"
ls -l "tests/mixed/$name.tar.xz"

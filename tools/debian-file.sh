#!/bin/bash
# debian-file.sh PACKAGE FILE CACHE - prints where FILE is as Debian's PACKAGE brought it: itself, unless somebody
# has changed it or we may not read it, as root and the group prosody alone may Prosody's; or else a copy in the
# folder CACHE, out of the package, which is fetched for that once. No file but that copy is written.
set -eu -o pipefail

package=$1 file=$2 cache=$3

die() {
    echo "debian-file.sh: $file: $*" >&2
    exit 1
}

is_as_brought() { [ -r "$1" ] && echo "$sum  $1" | md5sum --check --status; }

sum=$(dpkg-query -W -f '${Conffiles}\n' "$package" | awk -v file="$file" '$1 == file { print $2 }')
[ -n "$sum" ] || die "no configuration of the package $package"
copy=$cache/$package-$sum
if is_as_brought "$file"; then
    copy=$file
elif ! is_as_brought "$copy"; then
    mkdir -p "$cache"
    scratch=$(mktemp -d "$cache/fetch.XXXXXX")
    trap 'rm -rf "$scratch"' EXIT
    version=$(dpkg-query -W -f '${Version}' "$package")
    cd "$scratch"
    timeout 120 apt-get -qq download "$package=$version" ||
        die "was changed or may not be read, and $package $version, which has it, can't be fetched"
    dpkg-deb --fsys-tarfile ./*.deb | tar -xO ".$file" > brought
    is_as_brought brought || die "isn't in $package $version as dpkg knows it"
    mv brought "$copy"
fi
echo "$copy"

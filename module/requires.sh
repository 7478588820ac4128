#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Tell what the module needs and the kernel does not export.
# usage: requires.sh NM OBJECT SYMVERS…
#
# A kernel's build folder without Module.symvers says nothing: modpost warns of that.
nm=$1 object=$2
shift 2
[ -s "$1" ] || exit 0
missing=$($nm -u "$object" | awk '
	FILENAME != "-" { exported[$2]; next }
	# the last is made after this, from what modpost writes
	$1 == "U" && !($2 in exported) && $2 != "_GLOBAL_OFFSET_TABLE_" && $2 != "__this_module" {
		printf "%s%s", separator, $2
		separator = ", "
	}' "$@" -)
[ -n "$missing" ] || exit 0
echo "leaktrace: this kernel does not export to modules what leaktrace needs: $missing" >&2
exit 1

#!/usr/bin/env bash
# Build the unwind compiler's unit tests with sanitizers, and run them.
# usage: tests/unit/unwind.sh [rules|file|fuzz|walk|truth]...
#   FULL=1: truth looks at all files of the system
set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cflags=(-std=gnu11 -D_GNU_SOURCE -g -O1 -Wall -Wextra -I"$top/include/uapi" -I"$top/userland"
	-fno-sanitize-recover=undefined)
sanitize=address,undefined
sources=("$top"/userland/{unwind*.c,elf_image.c,go_table.c,go_elf.c,go_names.c,tame.c})
go_program=$top/tests/victims/bin/victim_go_cgo
libs=(-ldw -lelf -llzma -lz)
wrap=()
failed=0

run() {	# run TEST [ARG…]
	gcc "${cflags[@]}" -fsanitize=$sanitize "$top/tests/unit/$1.c" "${sources[@]}" -o "$work/$1" \
		"${libs[@]}" "${wrap[@]}"
	"$work/$1" "${@:2}" || { failed=1; echo "FAILED: $*" >&2; }
}

[ $# -gt 0 ] || set -- rules file fuzz walk truth
for what; do
	case $what in
	truth)
		run test_unwind
		# with its DWARF, if there is a Go
		[ ! -e "$go_program" ] || run test_unwind "$go_program"
		;;
	fuzz) run test_unwind_fuzz 200 "$go_program" ;;
	file)
		# it looks at the compiler where that runs apart
		wrap=("-Wl,--wrap=unwind_compile_fd")
		run test_unwind_file
		wrap=()
		;;
	*) run "test_unwind_$what" ;;
	esac
done
exit $failed

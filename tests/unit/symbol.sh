#!/usr/bin/env bash
# Build the symboliser's unit tests with sanitizers, and programs of all kinds
# for them to look at; run everything.
# usage: tests/unit/symbol.sh [truth|fetched|live|maps|fuzz|bench]...
# Flags are lists of words; what to run is called by name.
# shellcheck disable=SC2086,SC2317
set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
unit=$top/tests/unit
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cflags="-std=gnu11 -D_GNU_SOURCE -g -Wall -Wextra -I$top/include/uapi -I$top/userland -I$unit"
libs="-ldw -lelf -llzma -l:libiberty.a -lm"
sources=("$top"/userland/{maps.c,symbol*.c,elf_*.c,lang.c,lang_go.c,go_elf.c,go_table.c,go_names.c}
	"$top"/userland/{debuginfod.c,late.c,names.c,tame.c})
failed=0

# library FLAGS: the symboliser as one archive
library() {
	local name=$1 source
	shift
	mkdir -p "$work/$name"
	for source in "${sources[@]}"; do
		gcc $cflags "$@" -c "$source" -o "$work/$name/$(basename "$source").o"
	done
}

build() {	# build TEST DIR FLAGS...
	local test=$1 dir=$2
	shift 2
	gcc $cflags "$@" "$unit/$test.c" "$work/$dir"/*.o -o "$work/$test" $libs
}

run() {
	"$@" || { failed=1; echo "FAILED: $*" >&2; }
}

sanitize="-O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined"

# in_root ROOT PATH FILE: a copy of it there
in_root() {
	mkdir -p "$(dirname "$1/$2")"
	cp "$3" "$1/$2"
}

# Every way to build and to split that changes what we have to read.
truth() {
	local c=$unit/fixtures/shapes.c cc=$unit/fixtures/shapes.cc d=$work/files s=$work/subjects f name id

	build test_symbol asan $sanitize
	mkdir -p "$d" "$s"
	gcc -O2 -g -pthread "$c" -o "$d/gcc-O2"
	gcc -O0 -gdwarf-4 -pthread "$c" -o "$d/gcc-O0-dwarf4"
	gcc -O2 -g -pthread -no-pie -fcf-protection=full "$c" -o "$d/gcc-nopie"
	gcc -O2 -g -pthread -DSTATIC -static "$c" -o "$d/gcc-static"
	gcc -O3 -g -gz -ffunction-sections -Wl,--gc-sections -pthread "$c" -o "$d/gcc-gz"
	clang -O2 -g -gdwarf-aranges -pthread "$c" -o "$d/clang-O2"
	clang -O0 -gdwarf-4 -gdwarf-aranges -pthread "$c" -o "$d/clang-O0-dwarf4"
	g++ -O2 -g "$cc" -o "$d/g++-O2"
	g++ -O0 -g -gdwarf-4 "$cc" -o "$d/g++-O0-dwarf4"
	clang++ -O2 -g -gdwarf-aranges "$cc" -o "$d/clang++-O2"
	for f in "$d"/*; do
		name=$(basename "$f")
		objcopy --remove-section .debug_aranges "$f" "$s/$name"
		run "$work/test_symbol" "$s/$name" "$f"
	done

	# Split: beside the file, in .debug/, by build id, packed, deduplicated.
	for name in gcc-O2 clang++-O2; do
		objcopy --only-keep-debug "$d/$name" "$s/$name.debug"
		strip -o "$s/linked-$name" "$d/$name"
		(cd "$s" && objcopy -R .note.gnu.build-id --add-gnu-debuglink="$name.debug" "linked-$name")
		run "$work/test_symbol" "$s/linked-$name" "$d/$name"
		mkdir -p "$s/.debug"
		mv "$s/$name.debug" "$s/.debug"
		run "$work/test_symbol" "$s/linked-$name" "$d/$name"
		id=$(readelf -n "$d/$name" | awk '/Build ID/ { print $3 }')
		mkdir -p "$s/debug/.build-id/${id:0:2}"
		cp "$s/.debug/$name.debug" "$s/debug/.build-id/${id:0:2}/${id:2}.debug"
		strip -o "$s/by-id-$name" "$d/$name"
		DEBUG_DIR=$s/debug run "$work/test_symbol" "$s/by-id-$name" "$d/$name"
		# In the target's root only, both ways.
		in_root "$s/root" "/usr/lib/debug/.build-id/${id:0:2}/${id:2}.debug" "$s/.debug/$name.debug"
		ROOT_DIR=$s/root run "$work/test_symbol" "$s/by-id-$name" "$d/$name"
		rm -r "$s/root"
		in_root "$s/root" "$s/alone/.debug/$name.debug" "$s/.debug/$name.debug"
		mkdir -p "$s/alone"
		cp "$s/linked-$name" "$s/alone/"
		run "$work/test_symbol" "$s/alone/linked-$name" "$s/alone/linked-$name" names-only
		ROOT_DIR=$s/root run "$work/test_symbol" "$s/alone/linked-$name" "$d/$name"
		rm -r "$s/root"
		objcopy --compress-debug-sections=zlib-gnu "$d/$name" "$s/zdebug-$name"
		run "$work/test_symbol" "$s/zdebug-$name" "$d/$name"
		# A debug file of other code must not be believed.
		echo >>"$s/.debug/$name.debug"
		run "$work/test_symbol" "$s/linked-$name" "$s/linked-$name" names-only
	done
	cp "$d/gcc-O2" "$s/dwz-1"
	cp "$d/gcc-nopie" "$s/dwz-2"
	dwz -m "$s/shared" -M "$s/shared" "$s/dwz-1" "$s/dwz-2"
	run sh -c "readelf -SW '$s/dwz-1' | grep -q gnu_debugaltlink"
	run "$work/test_symbol" "$s/dwz-1" "$d/gcc-O2"
	run "$work/test_symbol" "$s/dwz-2" "$d/gcc-nopie"

	# No debug information: what .dynsym covers, and nothing else.
	strip -s -R .note.gnu.build-id -o "$s/libc" "$(ldd /bin/sh | awk '/libc\.so/ { print $3 }')"
	run "$work/test_symbol" "$s/libc" "$s/libc" names-only
	# Minidebuginfo: .symtab of functions only, packed into a section.
	objcopy -S --keep-symbol=local_function --keep-symbol=stays -R .note.gnu.build-id "$d/gcc-O2" "$s/mini"
	xz -k "$s/mini"
	strip -s -R .note.gnu.build-id -o "$s/minidebug" "$d/gcc-O2"
	objcopy --add-section .gnu_debugdata="$s/mini.xz" "$s/minidebug"
	run "$work/test_symbol" "$s/minidebug" "$s/mini" names-only
}

# Debug files that a server on this host has: not without being asked for.
fetched() {
	local c=$unit/fixtures/shapes.c s=$work/fetched server url port id

	build test_symbol asan $sanitize
	mkdir -p "$s/served" "$s/cache"
	gcc -O2 -g -pthread "$c" -o "$s/whole"
	strip -o "$s/stripped" "$s/whole"
	objcopy --only-keep-debug "$s/whole" "$s/served/whole.debug"
	id=$(readelf -n "$s/whole" | awk '/Build ID/ { print $3 }')
	# Any port that is free.
	for port in $(shuf -i 20000-32000 -n 20); do
		debuginfod -d :memory: -F -v -p "$port" "$s/served" >"$s/log" 2>&1 &
		server=$!
		url=http://127.0.0.1:$port
		while kill -0 $server 2>/dev/null; do
			! curl -sf -o /dev/null "$url/buildid/$id/debuginfo" || break 2
			sleep 0.1
		done
	done
	export DEBUGINFOD_URLS=$url DEBUGINFOD_CACHE_PATH=$s/cache
	run "$work/test_symbol" "$s/stripped" "$s/stripped" names-only
	run test "$(grep -c UA:elfutils "$s/log")" = 0
	FETCH=1 run "$work/test_symbol" "$s/stripped" "$s/whole"
	run test "$(grep -c UA:elfutils "$s/log")" -ge 1
	kill $server
	wait $server || true
	# Another file than the one asked for is not believed.
	gcc -O0 -g -pthread "$c" -o "$s/other"
	objcopy --only-keep-debug "$s/other" "$s/cache/$id/debuginfo"
	FETCH=1 run "$work/test_symbol" "$s/stripped" "$s/stripped" names-only
	unset DEBUGINFOD_URLS DEBUGINFOD_CACHE_PATH
}

# Running processes: dlopen, exec, deleted files, other roots, generated code.
live() {
	local d=$work/live c=$unit/fixtures/shapes.c

	build test_symbol_live asan $sanitize
	mkdir -p "$d"
	gcc -O2 -g -pthread "$c" -o "$d/first"
	gcc -O1 -g -no-pie -pthread "$c" -o "$d/second"
	gcc -O2 -g -shared -fPIC "$unit/fixtures/plugin.c" -o "$d/plugin.so"
	cp -r "$d" "$d-other"
	run "$work/test_symbol_live" "$d"
	# Without the right to follow map_files.
	if [ "$(id -u)" = 0 ]; then
		chmod 755 "$work"
		chown -R nobody "$d-other"
		run setpriv --reuid nobody --clear-groups "$work/test_symbol_live" "$d-other"
	fi
}

maps() {
	build test_maps asan $sanitize
	run "$work/test_maps"
}

# Damaged files: each mutation of a small program of every kind.
fuzz() {
	local d=$work/seeds c=$unit/fixtures/shapes.c

	build test_symbol_fuzz asan $sanitize
	mkdir -p "$d"
	gcc -O2 -g -x c - -o "$d/gcc" <"$c" -pthread
	gcc -O2 -g -gz -gdwarf-4 "$unit/fixtures/plugin.c" -shared -fPIC -o "$d/gz"
	g++ -O1 -g1 "$unit/fixtures/shapes.cc" -o "$d/g++"
	clang -O2 -g "$unit/fixtures/plugin.c" -shared -fPIC -o "$d/clang"
	for f in "$d"/*; do
		run "$work/test_symbol_fuzz" "$f" "${FUZZ_ROUNDS:-300}"
	done
}

# 100,000 addresses of a big library; numbers to read, not a test.
bench() {
	library fast -O2
	build bench_symbol fast -O2
	for f in ${BENCH_FILES:-$(ldd /bin/sh | awk '/libc\.so/ { print $3 }')}; do
		run "$work/bench_symbol" "$f"
	done
}

library asan $sanitize
[ $# -gt 0 ] || set -- maps truth fetched live fuzz bench
for what; do
	"$what"
done
exit $failed

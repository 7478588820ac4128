#!/usr/bin/env bats
# The tree builds, cleanly, in place, and nowhere else. Runs without a guest.
# bats file_tags=host,build

load lib/common

setup_file() {
	# a copy of what a checkout has, so that nothing stale is tested
	export TREE=$BATS_FILE_TMPDIR/tree
	mkdir "$TREE"
	(cd "$TOP" && git ls-files -z --cached --others --exclude-standard |
		xargs -0 -r ls -d -- 2>/dev/null | cpio -pdm --quiet "$TREE")
}

kdir() {
	local k
	for k in "${KDIR-}" /lib/modules/*/build \
		"${LEAKTRACE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/leaktrace}"/kernels/6.1/root/usr/src/linux-headers-*-amd64; do
		if [ -e "$k/Makefile" ]; then
			echo "$k"
			return
		fi
	done
	return 1
}

@test "build: the module builds without a warning" {
	local k
	k=$(kdir) || lacking "no kernel headers"
	make -C "$TREE" KDIR="$k" module >"$BATS_TEST_TMPDIR/log" 2>&1 || { cat "$BATS_TEST_TMPDIR/log"; false; }
	# the kernel was not built by quite the compiler at hand
	refute grep -i 'warning: [^t]' "$BATS_TEST_TMPDIR/log"
	[ -s "$TREE/leaktrace.ko" ]
	modinfo -F license "$TREE/leaktrace.ko" | grep -qx GPL
	modinfo -F version "$TREE/leaktrace.ko" | grep -q '^[0-9]'
	local p
	for p in max_objects max_page_cells max_sites max_stacks max_targets max_depth ring_bytes; do
		modinfo -F parm "$TREE/leaktrace.ko" | grep -q "^$p:.*(uint)$"
	done
}

@test "build: the command line tool builds without a warning" {
	make -C "$TREE" cli >"$BATS_TEST_TMPDIR/log" 2>&1 || { cat "$BATS_TEST_TMPDIR/log"; false; }
	refute grep -i 'warning:' "$BATS_TEST_TMPDIR/log"
	"$TREE/userland/leaktrace" --version
}

@test "build: the victims build without a warning" {
	make -C "$TREE/tests/victims" >"$BATS_TEST_TMPDIR/log" 2>&1
	refute grep -i 'warning:' "$BATS_TEST_TMPDIR/log"
}

@test "build: install goes where DESTDIR says, with manual pages" {
	make -C "$TREE" install DESTDIR="$BATS_TEST_TMPDIR/root" >"$BATS_TEST_TMPDIR/log" 2>&1 ||
		{ cat "$BATS_TEST_TMPDIR/log"; false; }
	find "$BATS_TEST_TMPDIR/root" -type f -name leaktrace -perm /111 | grep -q .
	find "$BATS_TEST_TMPDIR/root" -path '*/man/*' -name 'leaktrace*' | grep -q .
	find "$BATS_TEST_TMPDIR/root" -path '*/src/leaktrace-*/dkms.conf' | grep -q .
	find "$BATS_TEST_TMPDIR/root" -path '*/src/leaktrace-*/module/main.c' | grep -q .
}

@test "build: clean leaves what a checkout has" {
	make -C "$TREE" clean >/dev/null
	make -C "$TREE/tests/victims" clean >/dev/null
	(cd "$TREE" && find . -type f -o -type l) | sort >"$BATS_TEST_TMPDIR/have"
	(cd "$TOP" && git ls-files -z --cached --others --exclude-standard |
		xargs -0 -r ls -d -- 2>/dev/null) | sed 's|^|./|' | sort >"$BATS_TEST_TMPDIR/want"
	diff "$BATS_TEST_TMPDIR/want" "$BATS_TEST_TMPDIR/have"
}

@test "build: scripts and suites are clean by shellcheck" {
	cd "$TOP"
	local scripts
	mapfile -t scripts < <(git ls-files --cached --others --exclude-standard |
		while read -r f; do
			[ -f "$f" ] || continue
			case $f in
			*.bash) echo "$f" ;;
			*) head -c 64 "$f" | head -1 | grep -aq '^#!.*\(bash\|/sh\)' && echo "$f" ;;
			esac
		done)
	[ ${#scripts[@]} -gt 3 ]
	shellcheck -x "${scripts[@]}"
	shellcheck -x -s bats tests/*.bats
}

# layers FILE LINE: 'scripts/check layers' of the tree with LINE at the end of that file
layers_with() {
	local file=$TREE/userland/$1 status=0
	cp "$file" "$BATS_TEST_TMPDIR/kept"
	printf '%s\n' "$2" >>"$file"
	"$TREE/scripts/check" layers >"$BATS_TEST_TMPDIR/log" 2>&1 || status=$?
	cp "$BATS_TEST_TMPDIR/kept" "$file"
	return "$status"
}

@test "build: each folder of the tool uses only those before it" {
	"$TREE/scripts/check" layers
}

@test "build: a file that uses a later folder is found, and files that need each other" {
	refute layers_with util/utf8.c '#include "model/history.h"'
	grep -q '^upward: util/utf8.c uses model/history.h: #include$' "$BATS_TEST_TMPDIR/log"
	refute layers_with util/utf8.c 'void history_free(void *h); void planted(void); void planted(void) { history_free(0); }'
	grep -q '^upward: util/utf8.c uses model/history.c: history_free$' "$BATS_TEST_TMPDIR/log"
	# json.c uses utf8.c
	refute layers_with util/utf8.c '#include "util/json.h"
void planted(void); void planted(void) { json_write_line(0, 0); }'
	grep -q '^circle: util/json.c util/utf8.c$' "$BATS_TEST_TMPDIR/log"
	"$TREE/scripts/check" layers
}

@test "build: each header of the tool compiles by itself, and one that does not is found" {
	make -s -C "$TREE/userland" headers >"$BATS_TEST_TMPDIR/log" 2>&1 || { cat "$BATS_TEST_TMPDIR/log"; false; }
	printf 'size_t planted(void);\n' >"$TREE/userland/util/planted.h"
	refute make -s -C "$TREE/userland" headers >"$BATS_TEST_TMPDIR/log" 2>&1
	rm "$TREE/userland/util/planted.h"
	grep -q "util/planted.h:1:1: error: unknown type name .size_t" "$BATS_TEST_TMPDIR/log"
}

@test "build: no function is longer than a screen, no text leads elsewhere" {
	cd "$TOP"
	scripts/check length text
}

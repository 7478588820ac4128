#!/usr/bin/env bats
# What the module asks of a kernel: the check against upstream's exports. Runs without a
# guest.
# bats file_tags=host,build

load lib/common

exports() { "$PYTHON" "$TOP/scripts/lib/exports.py" "$@"; }

# source_with FILE TEXT…: a source tree of these files, packed as Debian does
source_with() {
	local dir=$BATS_TEST_TMPDIR/linux-1.2
	rm -rf "$dir"
	while [ $# -gt 0 ]; do
		mkdir -p "$dir/${1%/*}"
		printf '%s\n' "$2" >"$dir/$1"
		shift 2
	done
	tar -cJf "$BATS_TEST_TMPDIR/linux_1.2.orig.tar.xz" -C "$BATS_TEST_TMPDIR" linux-1.2
	exports list "$BATS_TEST_TMPDIR/linux_1.2.orig.tar.xz" >"$BATS_TEST_TMPDIR/list"
}

# asks_for SYMBOL…: what a module that needs these lacks
asks_for() {
	local name
	for name; do
		printf 'int %s(void);\n' "$name"
	done >"$BATS_TEST_TMPDIR/module.c"
	printf 'int (*wanted[])(void) = { %s };\n' "$(IFS=,; echo "$*")" >>"$BATS_TEST_TMPDIR/module.c"
	gcc -c -o "$BATS_TEST_TMPDIR/module.ko" "$BATS_TEST_TMPDIR/module.c"
	run exports missing "$BATS_TEST_TMPDIR/list" "$BATS_TEST_TMPDIR/module.ko"
}

@test "exports: every way to export a symbol is known" {
	source_with kernel/all.c '
EXPORT_SYMBOL(plain); EXPORT_SYMBOL_GPL( for_gpl );
EXPORT_SYMBOL_NS(in_namespace, "SPACE");
EXPORT_SYMBOL_NS_GPL(broken_line,
		     SPACE);
EXPORT_PER_CPU_SYMBOL(per_cpu); EXPORT_PER_CPU_SYMBOL_GPL(per_cpu_gpl);
EXPORT_TRACEPOINT_SYMBOL_GPL(event);
EXPORT_STATIC_CALL_TRAMP_GPL(call);
#define CHECK(size)				\
	EXPORT_SYMBOL(__check_load ## size);	\
	EXPORT_SYMBOL(__check_store##size##_fast)
CHECK(8)' \
		arch/x86/lib/thunk.S '
#define __EXPORT_THUNK(sym)	_ASM_NOKPROBE(sym); EXPORT_SYMBOL(sym)
#define EXPORT_THUNK(reg)	__EXPORT_THUNK(__thunk_ ## reg)
EXPORT_SYMBOL(assembler)'
	asks_for plain for_gpl in_namespace broken_line per_cpu per_cpu_gpl assembler \
		__tracepoint_event __traceiter_event __SCT__tp_func_event __SCT__call \
		__check_load8 __check_store8_fast __thunk_rax
	expect "$output" "" "lacking"
	expect "$status" 0 "exit status"
}

@test "exports: what is not exported is told by name" {
	source_with kernel/all.c '
/* EXPORT_SYMBOL(in_comment); */ // EXPORT_SYMBOL(in_line);
char *text = "/*"; EXPORT_SYMBOL(plain); char *more = "*/";
void not_exported(void); EXPORT_SYMBOL_FOR_MODULES(of_others, "kvm"); EXPORT_SYMBOL_IF_KUNIT(of_tests);
EXPORT_TRACEPOINT_SYMBOL_GPL(event);' \
		include/linux/export.h '
#define EXPORT_TRACEPOINT_SYMBOL_GPL(name)	EXPORT_SYMBOL_GPL(__tracepoint_##name)
#define EXPORT_ANY(name) EXPORT_SYMBOL(name)' \
		arch/arm64/mm.c 'EXPORT_SYMBOL(elsewhere);' \
		tools/lib.c 'EXPORT_SYMBOL(tool);'
	asks_for plain
	expect "$status" 0 "exit status of a module that has all"
	asks_for plain in_comment in_line not_exported of_others of_tests elsewhere tool \
		__tracepoint_event __tracepoint_other
	expect "$status" 1 "exit status"
	expect "$(sort <<<"$output")" "$(for name in __tracepoint_other elsewhere in_comment \
		in_line not_exported of_others of_tests tool; do
		echo "upstream's linux 1.2 does not export $name"
	done | sort)" "lacking"
}

@test "exports: a list or a module with nothing in it is no success" {
	source_with kernel/all.c 'int nothing;'
	asks_for plain
	expect "$status" 1 "exit status of an empty list"
	source_with kernel/all.c 'EXPORT_SYMBOL(plain);'
	echo 'int own;' | gcc -c -x c -o "$BATS_TEST_TMPDIR/module.ko" -
	run exports missing "$BATS_TEST_TMPDIR/list" "$BATS_TEST_TMPDIR/module.ko"
	expect "$status" 1 "exit status of an empty module"
}

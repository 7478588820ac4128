#!/usr/bin/env bats
# What the module asks of a kernel: the check against upstream's exports, and what a build
# says of a kernel that lacks something. Runs without a guest.
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

# --- the series that were tested ---

@test "tested series: the protocol's header, the lab and the documents name the same" {
	local header documented
	header=$(awk '$2 == "LEAKTRACE_TESTED_MAJOR" { major = $3 }
		$2 == "LEAKTRACE_TESTED_MINOR" { print major "." $3 }' "$TOP/include/uapi/linux/leaktrace.h")
	documented=$(sed -n '/^## Kernels/,/^## U/s/^| \([0-9.]*\) | .*/\1/p' "$TOP/docs/proof.md" | xargs)
	# shellcheck source=scripts/lib/lab.sh
	. "$TOP/scripts/lib/lab.sh"
	expect "$header" "${lab_versions[-1]}" "the header's newest series"
	expect "$documented" "${lab_versions[*]}" "series in docs/proof.md"
}

# --- Kbuild: a build folder of 6.1, with something taken out of it ---

# The module, and a copy of the build folder that it has been built for once: what comes
# after compiles nothing.
doctored_kernel() {
	local kdir name
	TREE=$BATS_FILE_TMPDIR/tree KDIR=$BATS_FILE_TMPDIR/kernel
	if [ ! -e "$BATS_FILE_TMPDIR/built" ]; then
		kdir=$(echo "${LEAKTRACE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/leaktrace}"/kernels/6.1/root/usr/src/linux-headers-*-amd64)
		[ -e "$kdir/Makefile" ] || lacking "no headers of 6.1: run scripts/kernels 6.1"
		rm -rf "$TREE" "$KDIR"
		mkdir -p "$TREE"
		(cd "$TOP" && git ls-files -z --cached --others --exclude-standard Kbuild module include |
			xargs -0 -r ls -d -- 2>/dev/null | cpio -pdm --quiet "$TREE")
		cp -a "$kdir" "$KDIR"
		# what Debian has elsewhere
		for name in scripts tools; do
			ln -sfn "$(realpath "$kdir/$name")" "$KDIR/$name"
		done
		make -C "$KDIR" M="$TREE" modules || return
		[ -s "$TREE/leaktrace.ko" ]
		cp "$KDIR/include/config/auto.conf" "$BATS_FILE_TMPDIR/auto.conf"
		cp "$KDIR/Module.symvers" "$BATS_FILE_TMPDIR/Module.symvers"
		: >"$BATS_FILE_TMPDIR/built"
	fi
	cp "$BATS_FILE_TMPDIR/auto.conf" "$KDIR/include/config/auto.conf"
	cp "$BATS_FILE_TMPDIR/Module.symvers" "$KDIR/Module.symvers"
	rm -f "$TREE/leaktrace.ko"
}

@test "Kbuild: a kernel that has all builds, and nothing is said" {
	doctored_kernel
	run make -C "$KDIR" M="$TREE" modules
	echo "$output"
	expect "$status" 0 "exit status"
	[ -s "$TREE/leaktrace.ko" ]
	refute grep -q 'leaktrace: ' <<<"$output"
}

@test "Kbuild: options that the kernel lacks are told in a sentence" {
	local option
	doctored_kernel
	for option in TRACEPOINTS DYNAMIC_FTRACE KPROBES MMU_NOTIFIER POSIX_TIMERS NET; do
		sed "/^CONFIG_$option=/d" "$BATS_FILE_TMPDIR/auto.conf" >"$KDIR/include/config/auto.conf"
		run make -C "$KDIR" M="$TREE" modules
		echo "$output"
		[ "$status" != 0 ]
		expect "$(grep -c "leaktrace: this kernel was configured without CONFIG_$option (to [^)]*)\." <<<"$output")" 1 \
			"sentences about $option"
	done
	sed '/^CONFIG_KPROBES=/d; /^CONFIG_NET=/d' "$BATS_FILE_TMPDIR/auto.conf" >"$KDIR/include/config/auto.conf"
	run make -C "$KDIR" M="$TREE" modules
	echo "$output"
	[ "$status" != 0 ]
	grep -q 'without CONFIG_KPROBES (to [^)]*), CONFIG_NET (to [^)]*)\.' <<<"$output"
}

@test "Kbuild: symbols that the kernel does not export are told in a sentence" {
	doctored_kernel
	sed -i '/\tregister_kprobe\t/d; /\tgenl_register_family\t/d' "$KDIR/Module.symvers"
	run make -C "$KDIR" M="$TREE" modules
	echo "$output"
	[ "$status" != 0 ]
	[ ! -e "$TREE/leaktrace.ko" ]
	grep -qx 'leaktrace: this kernel does not export to modules what leaktrace needs: genl_register_family, register_kprobe' <<<"$output"
	refute grep -q modpost: <<<"$output"
	# of a kernel that was prepared and not built, nothing is known
	rm "$KDIR/Module.symvers"
	run make -C "$KDIR" M="$TREE" modules KBUILD_MODPOST_WARN=1
	echo "$output"
	expect "$status" 0 "exit status without Module.symvers"
	refute grep -q 'leaktrace: ' <<<"$output"
}

@test "Kbuild: a tracepoint's callback of another type than the kernel's does not compile" {
	local file wrong
	doctored_kernel
	while read -r file wrong; do
		cp -p "$TREE/module/$file" "$BATS_TEST_TMPDIR/right.c"
		sed -i "$wrong" "$TREE/module/$file"
		refute cmp -s "$TREE/module/$file" "$BATS_TEST_TMPDIR/right.c"
		run make -C "$KDIR" M="$TREE" modules
		cp -p "$BATS_TEST_TMPDIR/right.c" "$TREE/module/$file"
		echo "$output"
		[ "$status" != 0 ]
		grep -q ' error: ' <<<"$output"
		grep -q "module/$file:[0-9:]* note: in expansion of macro .LT_TRACEPOINT" <<<"$output"
	done <<-'WRONG'
		kind_timer.c /on_signal_generate(/s/int sig/long sig/
		lifecycle.c s/ LT_CLONE_FLAGS_TYPE clone_flags/ int clone_flags/
		lifecycle.c s/LT_SCHED_PROCESS_EXIT_PROTO(task)/struct task_struct *task, int more/
	WRONG
}

@test "Kbuild: clean asks nothing of the kernel" {
	doctored_kernel
	sed -i '/^CONFIG_KPROBES=/d' "$KDIR/include/config/auto.conf"
	make -C "$KDIR" M="$TREE" clean
	[ ! -e "$TREE/module/main.o" ]
	rm "$BATS_FILE_TMPDIR/built"
}

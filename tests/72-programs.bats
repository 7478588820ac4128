#!/usr/bin/env bats
# Programs that people run, under load: their stacks in the kernel against libdw's.
# $PROGRAMS: others than python3 and perl, see tests/walk/run.
# bats file_tags=vm,programs

load lib/common

setup_file() { load_module hold_ms=20000; hide_debug_files; }
teardown_file() { load_module; }

setup() { need_module; }
teardown() { clean_up; }

@test "programs: stacks that the kernel keeps are those of libdw" {
	local programs
	read -ra programs <<<"${PROGRAMS-}"
	run "$TOP/tests/walk/run" --guest --quick "${programs[@]}"
	echo "$output"
	expect "$status" 0 "walk"
	[ "$(grep -c '^| [a-z0-9]* | [0-9]' <<<"$output")" = "$((${#programs[@]} ? ${#programs[@]} : 2))" ]
}

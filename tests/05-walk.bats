#!/usr/bin/env bats
# The kernel's walker over the tool's tables against libdw, on programs that people
# run. The same sources as in the module, without a guest.
# bats file_tags=host,walk

load lib/common

@test "walk: stacks of real programs are those of libdw" {
	command -v gdb >/dev/null || lacking "no gdb: run scripts/setup"
	run "$TOP/tests/walk/run" --quick
	expect "$status" 0 "walk: $output"
	[ "$(grep -c '^| [a-z0-9]* | 1000 ' <<<"$output")" = 4 ]
}

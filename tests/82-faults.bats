#!/usr/bin/env bats
# Every allocation fails once: said, undone, and no hindrance to the next try.
# bats file_tags=vm,faults

load lib/common

setup() {
	[ -e /sys/kernel/debug/failslab ] || skip "a kernel without fault injection: scripts/debug-kernel builds one"
	[ -n "${LEAKTRACE_KO-}" ] || lacking "LEAKTRACE_KO does not say where leaktrace.ko is"
	need_module
}

teardown() { clean_up; }

sweep() { "$PYTHON" "$TOP/tests/lib/faults.py" --stride "${FAULTS_STRIDE-1}" "$@"; }

@test "faults: load" {
	sweep load
	load_module
}

# bats test_tags=core
@test "faults: attach" { sweep attach; }

@test "faults: snapshot" { sweep snapshot; }

@test "faults: unwind tables and mappings" { sweep tables; }

@test "faults: detach, and a socket's end" { sweep detach close; }

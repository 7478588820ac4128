#!/usr/bin/env bats
# Every allocation fails once: said, undone, and no hindrance to the next try.
# bats file_tags=vm,faults

load lib/common

setup() {
	[ -n "${LEAKTRACE_KO-}" ] || lacking "LEAKTRACE_KO does not say where leaktrace.ko is"
	need_module
}

teardown() { clean_up; }

sweep() {
	[ -e /sys/kernel/debug/failslab ] || skip "a kernel without fault injection: scripts/build-kernel builds one"
	"$PYTHON" "$TOP/tests/lib/faults.py" --stride "${FAULTS_STRIDE-1}" "$@"
}

@test "faults: load" {
	sweep load
	load_module
}

# bats test_tags=core,debug
@test "faults: attach" { sweep attach; }

@test "faults: snapshot" { sweep snapshot; }

@test "faults: unwind tables and mappings" { sweep tables; }

@test "faults: detach, and a socket's end" { sweep detach close; }

# On any kernel, by tests/modules/refuse.c. With
# REFUSALS_STRIDE=1 each single call of each function, with 7 some, in 2 to 3 minutes:
#   scripts/vm --module --env REFUSALS_STRIDE=7 6.1 -- bats -f refused tests/82-faults.bats
@test "faults: registrations refused, in load, attach and upload" {
	[ -n "${REFUSALS_STRIDE-}" ] || skip "only with REFUSALS_STRIDE=N: it takes minutes"
	"$PYTHON" "$TOP/tests/lib/refusals.py" "$(test_module refuse)" \
		--stride "$REFUSALS_STRIDE" | tee "$BATS_TEST_TMPDIR/refusals"
	expect "$(jq -s length "$BATS_TEST_TMPDIR/refusals")" 8 "functions"
}

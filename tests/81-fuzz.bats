#!/usr/bin/env bats
# Who talks to the module as nobody should: it refuses, and lives on.
# bats file_tags=vm,smp,fuzz

load lib/common

FUZZ_MESSAGES=${FUZZ_MESSAGES-10000}
FUZZ_SEED=${FUZZ_SEED-1}

setup() { need_module; }

teardown() { clean_up; }

# bats test_tags=core,debug
@test "fuzz: messages whole, bent and rubbish, with and without privilege, from all namespaces" {
	"$VICTIMS/fuzz_netlink" --messages "$FUZZ_MESSAGES" --seed "$FUZZ_SEED" \
		>"$BATS_TEST_TMPDIR/fuzz"
	cat "$BATS_TEST_TMPDIR/fuzz"
	jq -e '.answers.OK > 0 and .answers.EPERM > 0 and .objects_left == 0' "$BATS_TEST_TMPDIR/fuzz"
	# enough of them, and each command was granted at least once; no plan or pair fits its door
	[ "$FUZZ_MESSAGES" -lt 10000 ] ||
		jq -e '[.commands | del(.["gate-open", "pair-open"])[] | .[1] > 0] | all' "$BATS_TEST_TMPDIR/fuzz"
}

# Once, dumps read tables that the last target's end had freed.
# bats test_tags=core,debug
@test "fuzz: dumps while the last target is detached" {
	"$PYTHON" "$TOP/tests/lib/fuzz.py" --detach 6
	expect "$(genl status | jq .targets)" 0 targets
}

#!/usr/bin/env bats
# The judge on invented programs, half of which leak. Runs without a guest.
# bats file_tags=host,verdict

load lib/common

@test "verdict: recall, false leaks and time to verdict on the corpus" {
	run "$TOP/tests/verdict/run"
	echo "$output"
	expect "$status" 0 "exit status"
}

#!/usr/bin/env bats
# Unit tests, each a program of its own that says what is wrong; with sanitizers. A
# suite, so that they run while guests wait.
# bats file_tags=unit

TOP=$(cd "$BATS_TEST_DIRNAME/.." && pwd)

@test "unit: the tool's rooms, with sanitizers" {
	make -C "$TOP/userland" ASAN=1 -j"$(nproc)"
	make -C "$TOP/userland" ASAN=1 check
}

@test "unit: every fuzzer, for a moment" {
	"$TOP/tests/unit/fuzz"
}

@test "unit: the symbolizer, on programs of all kinds" {
	"$TOP/tests/unit/symbolize/run"
}

@test "unit: the compiler of unwind tables" {
	"$TOP/tests/unit/unwind/run"
}

@test "unit: frames of scripts, on the interpreters of this machine" {
	"$TOP/tests/unit/script/run"
}

@test "unit: gates, on the allocators of this machine" {
	"$TOP/tests/unit/gate/run"
}

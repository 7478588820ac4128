#!/usr/bin/env bats
# The table of leaks in docs/go.md: each command is run on the example of that name, and its
# answer is as the table says; of the mended twin nothing is said.
# bats file_tags=host,go
# shellcheck disable=SC2030,SC2031,SC2034,SC2153 # VICTIMS, VICTIM: see lib/common

load lib/common
load lib/go

setup_file() { build_victims leaks; }

teardown() { end_examples; }

@test "go: the table of leaks in docs/go.md is what is printed, and of mended twins nothing is" {
	table_is_as_told go "$GO_VICTIMS/@-leaks" 18
}

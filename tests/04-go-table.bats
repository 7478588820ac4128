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
	local name go command answer named looks=()
	while IFS=$'\t' read -r name go command answer named; do
		look_at_example "$GO_VICTIMS/$go-leaks" "$name" "$command" 3>&- &
		looks+=($!)
		look_at_example "$GO_VICTIMS/$go-leaks" "$name" "$command" mended 3>&- &
		looks+=($!)
	done < <(table_rows go)
	expect "${#looks[@]}" 18 looks
	wait "${looks[@]}"
	examples_are_as_told go
}

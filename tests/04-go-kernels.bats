#!/usr/bin/env bats
# Kinds of bugs by which goroutines wait for ever (tests/victims/go/kernels), all side by
# side in one program, and their twins, in which they are mended. Which goroutines are
# blocked, and where, is what the program's own runtime says.
# bats file_tags=host,go
# shellcheck disable=SC2030,SC2031,SC2034,SC2153 # VICTIMS, VICTIM: see lib/common

load lib/common
load lib/go

setup_file() { build_victims kernels; }

# Of the goroutines that FILTER chooses in $REPORT: kernel, function, how many. The kernel
# is the outermost function of the program, what is blocked the innermost.
goroutines() {
	jq -r ".sites[] | select($1)"' | [.live, .kind, (.frames[].function | select(startswith("main.")))]
		| [(.[-1] | split(".")[1]), .[2] // .[1], .[0]] | @tsv' "$REPORT" |
		awk '$1 != "main" && $1 != "again" { n[$1 " " $2] += $3 } END { for (i in n) print i, n[i] }' | sort
}

# What came between a victim's stop and the look is still on its way to where it waits.
counted_as_by_the_runtime() {
	tell blocked
	printf %s "$ANSWER" | sort >"$(scratch)/blocked"
	lt go "$VICTIM" --json >"$REPORT"
	goroutines '.kind == "goroutine" and .system != true' |
		diff "$(scratch)/blocked" - >"$(scratch)/difference"
}

watch_kernels() {
	start_victim "$1-kernels" "$2"
	tell names
	printf %s "$ANSWER" | sort >"$(scratch)/names"
	tell start
	watch_while true
	tell stop
	expect "$(jq -c .grown "$REPORT")" '[]' "what has grown of the heap"
	goroutines '.verdict == "leak" or .verdict == "suspect"' | cut -d' ' -f1,2 >"$(scratch)/found"
	until_true 60 counted_as_by_the_runtime || { cat "$(scratch)/difference" >&2; return 1; }
}

finds_all_kernels() {
	watch_kernels "$1" leak
	expect "$REPORT_STATUS" 1 "exit status"
	# every one of them, and of each whatever is blocked in it
	diff <(sed 's/^/leak/' "$(scratch)/names") <(cut -d' ' -f1 "$(scratch)/blocked" | sort -u) >&2
	diff <(cut -d' ' -f1,2 "$(scratch)/blocked") "$(scratch)/found" >&2
	expect "$(wc -l <"$(scratch)/names")" 70 kernels
}

finds_no_twin() {
	watch_kernels "$1" sound
	expect "$REPORT_STATUS" 0 "exit status"
	expect "$(cat "$(scratch)/found")" "" found
}

@test "go: oldest: of 70 kinds of blocking bugs each is found, where it blocks, and no twin" {
	finds_all_kernels old
	finds_no_twin old
}

@test "go: newest: of 70 kinds of blocking bugs each is found, where it blocks, and no twin" {
	finds_all_kernels new
	finds_no_twin new
}

#!/usr/bin/env bats
# What grew between two looks at a Go program: against 'go tool pprof -diff_base'
# on the profiles that were written with them.
# bats file_tags=host,go
# shellcheck disable=SC2030,SC2031,SC2034,SC2153 # VICTIMS, VICTIM: see lib/common

load lib/common
load lib/go

setup_file() {
	build_victims strip
}

# Two folders, before and after; what leaks in between is theirs.
two_looks() {
	BEFORE=$(scratch)/before AFTER=$(scratch)/after
	start_victim "$1"
	leak
	tell workers 50
	tell gc
	lt go "$VICTIM" --format pprof -o "$BEFORE"
	leak
	leak
	tell gc
	lt go "$VICTIM" --format pprof -o "$AFTER"
}

# What pprof says: bytes or goroutines, by function
by_pprof() {
	go tool pprof -top -nodecount=100000 -nodefraction=0 -unit=B "${@:2}" \
		-diff_base "$BEFORE/$1.pb.gz" "$AFTER/$1.pb.gz" 2>/dev/null |
		awk '/flat%/ { table = 1; next } table && $1 + 0 != 0 { print $1 + 0, $NF }' | sort
}

# by_us KIND VALUE: the same
by_us() {
	jq -r --arg kind "$1" '[.sites[] | select(.kind == $kind)
		| {f: .frames[0].function, n: .'"$2"'}] | group_by(.f)[]
		| [([.[].n] | add), .[0].f] | select(.[0] != 0) | join(" ")' "$(scratch)/diff.json" | sort
}

@test "diff: what grew in a Go program is what pprof says" {
	local go
	for go in old-strip new-strip; do
		two_looks $go
		lt diff "$BEFORE" "$AFTER" --json >"$(scratch)/diff.json"
		[ "$(by_us goheap growth_bytes | wc -l)" -ge 3 ]
		[ "$(by_us goroutine growth | wc -l)" -ge 1 ]
		diff <(by_pprof heap -sample_index=inuse_space) <(by_us goheap growth_bytes) >&2
		diff <(by_pprof heap -sample_index=inuse_objects) <(by_us goheap growth) >&2
		diff <(by_pprof goroutine) <(by_us goroutine growth) >&2
		expect "$(jq '[.sites[] | select(.kind == "gotimer") | .growth] | add > 0' \
			"$(scratch)/diff.json")" true "timers grew"
		kill_victims
		rm -r "$BEFORE" "$AFTER"
	done
}

@test "diff: growth of a Go program by place, as text" {
	local out
	two_looks new-strip
	out=$(lt diff "$BEFORE/go.json" "$AFTER/go.json")
	[[ $out == *"the same process"*"+40 goroutines: chan receive (20 before)"*main.waitForAnswer* ]]
	[[ $out == *" objects of 4096 bytes ("*main.remember* ]]
	[[ $out != *main.worker* ]]	# they do not grow
	out=$(lt diff "$AFTER" "$AFTER")
	[[ $out == *"nothing changed"* ]]
}

@test "diff: two runs of a Go program, by the names on the stacks" {
	local out
	start_victim new-strip
	tell recv 30
	tell gc
	lt go "$VICTIM" --json -o "$(scratch)/one"
	kill_victims
	start_victim new-strip
	tell recv 100
	tell gc
	lt go "$VICTIM" --json -o "$(scratch)/two"
	out=$(lt diff "$(scratch)/one" "$(scratch)/two")
	[[ $out == *"different runs"*"+70 goroutines: chan receive (30 before)"*main.waitForAnswer* ]]
}

# refused MESSAGE ARG…
refused() {
	local out status=0
	out=$(lt diff "${@:2}" 2>&1) || status=$?
	expect "$status" 2 "exit status"
	expect "$(wc -l <<<"$out")" 1 lines
	[[ $out == *"$1"* ]] || { echo "$out" >&2; return 1; }
}

@test "diff: what 'leaktrace go' did not write is refused with one line" {
	local dir
	dir=$(scratch)
	two_looks old-strip
	refused "swap the two files" "$AFTER" "$BEFORE"
	echo '{"leaktrace": 1}' >"$dir/short"
	echo '{"leaktrace": 1, "target": [], "sites": 4}' >"$dir/odd"
	head -c 1000 "$AFTER/go.json" >"$dir/cut"
	refused "not a file written by" "$BEFORE" "$dir/short"
	refused "not a file written by" "$dir/odd" "$AFTER"
	refused "not a file written by" "$BEFORE" "$dir/cut"
	refused "" "$BEFORE" "$AFTER/heap.pb.gz"
	mkdir "$dir/empty"
	refused "cannot open" "$BEFORE" "$dir/empty"
	# numbers and types that nobody has written
	sed 's/"live":[0-9]*/"live":9223372036854775807/; s/"frames":\[/"frames":[7,/' "$AFTER/go.json" \
		>"$dir/hostile"
	lt diff "$BEFORE" "$dir/hostile" >/dev/null || expect $? 0 "exit status"
}

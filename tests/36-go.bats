#!/usr/bin/env bats
# Go programs in the report: what the kernel sees of them, by the names that the
# linker left, and beside it what only their runtime knows. All of them stripped,
# but for one whose C has to be named; some are position-independent.
# bats file_tags=vm,go
# shellcheck disable=SC2030,SC2031,SC2034,SC2153 # REPORT, VICTIM: see lib/common

load lib/common
load lib/go

setup() {
	need_module
	[ -x "$VICTIMS/victim_go" ] || lacking "no Go victims: make -C tests/victims, with a Go"
	ip link set lo up 2>/dev/null || true
}

teardown() {
	end_examples
	clean_up
}

declare -A WATCHED=()	# tools, by the process that they watch

# watch_a_while: $VICTIM, in the foreground of a tool of its own
watch_a_while() {
	lt attach "$VICTIM" --duration "$(paced 20)s" --json >"$(scratch)/$VICTIM.json" 2>"$(scratch)/$VICTIM.err" 3>&- &
	WATCHED[$VICTIM]=$!
}

# watched PID STATUS: the end of that; REPORT, and LIVE: what was said meanwhile
watched() {
	local status=0
	wait "${WATCHED[$1]}" || status=$?
	LIVE=$(scratch)/$1.json REPORT=$(scratch)/$1.report
	jq -c 'select(.totals)' "$LIVE" >"$REPORT"
	expect "$status" "$2" "exit status: $(cat "$(scratch)/$1.err")"
}

leaks_of() {
	jq -r --arg kind "$1" '.sites[] | select(.kind == $kind and .verdict == "leak") |
		.created_by.function' "$REPORT" | sort
}

@test "go: goroutines join the report, threads are theirs who hold them; others are left alone" {
	local bad good LIVE
	start_victim victim_go
	tell workers 50
	watch_a_while
	bad=$VICTIM
	start_victim victim_go_network_new
	# What the runtime sets up for its first collections it keeps; where that takes
	# more than a moment it is told, as a cache.
	for _ in {1..10}; do tell tidy 2; tell gc; done
	watch_a_while
	good=$VICTIM
	while kill -0 "${WATCHED[$bad]}" 2>/dev/null; do
		VICTIM=$bad
		tell recv 30
		tell thread 6
		tell gc
		VICTIM=$good
		tell tidy 2
		tell gc
		sleep 0.2
	done
	watched "$good" 0
	expect "$(jq '.findings | length' "$REPORT")" 0 "findings of the other"
	watched "$bad" 1
	# live, and in the report among the lines
	jq -es 'any(.[]; .event == "leak" and .site.kind == "goroutine" and
		.site.created_by.function == "main.waitForAnswer")' "$LIVE" >/dev/null
	jq -e '.totals | debug | .goroutine.live > 60 and .thread.live > 10' "$REPORT" >/dev/null
	diff <(printf 'main.%s\n' readForever waitForAnswer) <(leaks_of goroutine) >&2
	# every finding is of a site there is
	jq -e '[.sites[].id] as $ids | all(.findings[].sites[]; IN($ids[]))' "$REPORT" >/dev/null
	jq -e 'any(.sites[]; .kind == "thread" and .verdict == "leak" and
		(.held_by[0].frames | any(.function | startswith("main.readForever"))) and
		any(.evidence[]; contains("held by goroutines (syscall) at main.readForever")))' \
		"$REPORT" >/dev/null
}

# At which speed it grows is not in our hands, so whether it goes on is not asked.
@test "go: what keeps alive what grows is in the report and the recording, though nothing is ever collected" {
	local report
	GOGC=off start_victim victim_go
	tell login 100
	lt record "$VICTIM" --holders --duration "$(paced 8)s" --json -o "$(scratch)/go.lt" >"$(scratch)/live" 3>&- &
	while kill -0 $! 2>/dev/null; do
		tell login 100
		sleep 0.1
	done
	wait $! || expect $? 1 "exit status"
	REPORT=$(scratch)/report
	jq -c 'select(.totals)' "$(scratch)/live" >"$REPORT"
	jq -e '[.sites[] | select(.kind == "goholder")] | length == 1 and (.[0].holders[0] |
		(.root | test("used by main.login")) and (.chain[0] | test("^map")) and
		.grown_bytes > 1048576 and .bytes > .grown_bytes)' "$REPORT" >/dev/null ||
		{ jq -c '[.sites[] | select(.kind == "goholder")]' "$REPORT" >&2; return 1; }
	jq -e '.totals | has("goheap") and (has("goholder") | not)' "$REPORT" >/dev/null
	# one walk: what holds most of it
	lt attach "$VICTIM" --background
	lt report "$VICTIM" --holders --format json >"$(scratch)/once" || expect $? 1 "exit status"
	jq -e 'any(.sites[]; .kind == "goholder" and (.holders[0] | (.root | test("used by main.login")) and .bytes > 1048576))' \
		"$(scratch)/once" >/dev/null
	run lt report "$(scratch)/go.lt" --holders
	expect "$status" 2 "exit status of report FILE --holders"
	lt report "$(scratch)/go.lt" --format json >"$(scratch)/recorded" || expect $? 1 "exit status"
	for report in "$REPORT" "$(scratch)/recorded"; do
		jq -c '[.sites[] | select(.kind | IN("goholder", "goroutine", "goheap")) | del(.id)] | sort' "$report"
	done | uniq | wc -l | grep -qx 1
	end_victim
}

@test "go: descriptors and C memory of the table of leaks in docs/go.md, and nothing of mended twins" {
	table_is_as_told attach "$VICTIMS/victim_go_leaks" 6
}

@test "go: what only the runtime knows is in profiles and metrics, too" {
	local dir
	dir=$(scratch)
	start_victim victim_go
	tell recv 30
	tell map 1000
	tell gc 2
	attach
	lt report "$VICTIM" --format folded >"$dir/folded" || true
	grep -q '^victim_go;goroutine;.*main.waitForAnswer.func1;.*runtime.gopark 30$' "$dir/folded"
	lt report "$VICTIM" --format openmetrics >"$dir/metrics" || true
	grep -q '^leaktrace_live{.*kind="goroutine".*function="main.waitForAnswer.func1"} 30$' "$dir/metrics"
	lt report "$VICTIM" --format pprof -o "$dir/" || true
	go tool pprof -top "$dir/leaktrace-$VICTIM-goroutine.pb.gz" >"$dir/top" 2>&1
	grep -q '^ *0 .* 30 .* main.waitForAnswer.func1$' "$dir/top" || { cat "$dir/top" >&2; return 1; }
	zcat "$dir/leaktrace-$VICTIM-goheap.pb.gz" | grep -aq 'main.remember'
	served "$dir"
	pushed "$dir"
	end_victim
}

# served DIR: $VICTIM's goroutines and heap, to who scrapes and to who fetches
served() {
	local url server
	lt_front serve "$VICTIM" --listen 0 >"$1/serve.out" 3>&- &
	server=$!
	STARTED+=("$server")
	until_true 60 test -s "$1/serve.out"
	url=$(sed 's/serving at //' "$1/serve.out")
	curl -s "${url}metrics" >"$1/served"
	grep -q '^leaktrace_live{.*kind="goroutine".*function="main.waitForAnswer.func1"} 30$' "$1/served"
	curl -s "${url}debug/pprof/goroutine" | gzip -dc | grep -aq main.waitForAnswer
	curl -s "${url}debug/pprof/goheap" | gzip -dc | grep -aq main.remember
	kill -INT "$server"
	wait "$server"
}

# pushed DIR: the same, to who is pushed to
pushed() {
	"$TOP/tests/lib/collector.py" "$1/got" >"$1/ports" 3>&- &
	STARTED+=("$!")
	until_true 60 test -s "$1/ports"
	lt push "$VICTIM" --to "http://127.0.0.1:$(cut -d' ' -f1 "$1/ports")"
	jq -r .labels.__name__ "$1/got/log" | sort -u >"$1/names"
	grep -qx leaktrace_goroutine "$1/names"
	grep -qx leaktrace_goheap "$1/names"
}

# line FUNCTION TEXT: a descriptor's stack has FUNCTION in the line that says TEXT
assert_line() {
	local line
	line=$(grep -nF -m 1 "$2" "$TOP/tests/victims/go/network/main.go")
	jq -e --arg f "$1" --argjson line "${line%%:*}" 'any(.sites[] | select(.kind == "fd") | .frames[];
		.function == $f and .line == $line and (.file | endswith("network/main.go")))' \
		"$REPORT" >/dev/null || explain "$1 is not at line ${line%%:*}"
}

# Walks end at a root. But where we are the first to read a page there is none; and a
# thread that begins may find on its stack what another one has left.
assert_roots() {
	jq -c '.sites[] | select(.stack and .stack != "complete" and .stack != "unknown") | [.stack, .live, .frames[].function]' \
		"$REPORT" >&2
	jq -e '([.losses.incomplete_stacks[] | select(.why != "not known") | .objects] | add // 0)
		<= 0.01 * ([.totals[].live] | add)' "$REPORT" >/dev/null || explain stacks
}

# Each that is forgotten, with its tidy twin.
descriptors_of() {
	start_victim "$1"
	attach --kinds fd
	tell hold 20
	tell defer 20
	tell socket 10
	tell body 10
	tell tidy 10
	tell forget 40
	tell gc 3
	report
	assert_site main.keepFile fd 20 20
	assert_site main.deferInLoop fd 20 20
	assert_site main.keepCall fd 10 10
	assert_site main.acceptAll fd 10 10
	assert_site 'net/http.(*Transport).dialConn' fd 11	# and one that is used again
	assert_site main.forgetFile fd 0 40
	assert_site main.acceptAndClose fd 0 10
	expect "$(site main.tidyUp fd | cut -d' ' -f1-3)" "20 20 0" "tidy descriptors"
	assert_line main.openFile 'os.Open("/etc/passwd")'
	assert_line main.deferInLoop 'file := openFile()'
	assert_line main.keepCall 'net.Dial("tcp", door'
	assert_line main.acceptAll 'door.Accept()'
	jq -e 'any(.sites[]; .verdict == "suspect" and any(.frames[]; .function == "main.forgetFile") and
		any(.evidence[]; contains("closed by the garbage collector")))' "$REPORT" >/dev/null ||
		explain "what the garbage collector closed"
	assert_roots
	end_victim
}

@test "go: files that are kept, deferred in a loop, forgotten; sockets, response bodies" {
	descriptors_of victim_go_network
	descriptors_of victim_go_network_new
}

@test "go: copied pages are charged to who copies, not only to its caller" {
	local go
	for go in victim_go_network victim_go_network_new; do
		start_victim $go
		attach --kinds page
		tell copy 50
		tell gc 2
		report
		# memmove has no frame; what is copied from was a page that nobody had touched, too
		jq -e '[.sites[] | select(.frames[0].function == "runtime.memmove" and
				any(.frames[]; .function == "main.copyMany"))
			| {n: .live, f: [.frames[] | select(.function | startswith("runtime.") | not)][0].function}]
			| (map(.n) | add) as $n | $n >= 50 and $n <= 51 and all(.f == "main.copyInto")' \
			"$REPORT" >/dev/null || explain "copied pages"
		assert_roots
		end_victim
	done
}

# C_FUNCTION: what is expected below Go's, or nothing: it is stripped
forgets_in_c() {
	start_victim "$1"
	attach --kinds page
	tell use 20
	tell forget 50
	report
	# 64 KiB each; the allocator's own page more or less
	jq -e --arg c "${2-}" '[.sites[] | select([.frames[].function] | index("main.forgetC")) |
			select($c == "" or any(.frames[]; .function == $c)) | .bytes] | add / 65536
		| debug | . > 45 and . < 53' "$REPORT" >/dev/null || explain "C's memory"
	# its twin has one of them, at most
	jq -e '[.sites[] | select(any(.frames[]; .function == "main.useC")) | .bytes] | add // 0
		| debug | . <= 135168' "$REPORT" >/dev/null || explain "C's memory that is freed"
	jq -e 'all(.sites[] | select(any(.frames[]; .function == "main.forgetC"));
		.frames[-1].function == "runtime.goexit")' "$REPORT" >/dev/null || explain roots
	assert_roots
	end_victim
}

@test "go: memory that C forgets: its stack goes on through Go, to the goroutine's begin" {
	forgets_in_c victim_go_cgo forget
	forgets_in_c victim_go_cgo_new
}

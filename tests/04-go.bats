#!/usr/bin/env bats
# Go programs from outside: against what the programs do, and against the
# profiles that their runtime writes itself. Oldest and newest Go of Debian.
# bats file_tags=host,go
# shellcheck disable=SC2034,SC2153 # VICTIMS is read by, VICTIM set by lib/common

load lib/common

GO_VARIANTS=(plain strip pie strip-pie)

# build GO NAME: all variants; compiled packages are kept in the cache
build() {
	local go=$1 to=$GO_VICTIMS/$2 cache=${LEAKTRACE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/leaktrace}
	(
		cd "$TOP/tests/victims/go" || exit
		export CGO_ENABLED=0 GOFLAGS='-buildvcs=false' GOTOOLCHAIN=local GOPROXY=off
		export GOCACHE=$cache/golang/build GOPATH=$BATS_FILE_TMPDIR
		"$go" build -ldflags='-s -w' -o "$to-linked-out" .
		"$go" build -tags profile -o "$to-plain" .
		"$go" build -tags profile -ldflags='-s -w' -o "$to-strip" .
		"$go" build -tags profile -buildmode=pie -o "$to-pie" .
		"$go" build -tags profile -buildmode=pie -ldflags='-s -w' -o "$to-strip-pie" .
	)
}

setup_file() {
	local new
	export GO_VICTIMS=$BATS_FILE_TMPDIR/go
	mkdir "$GO_VICTIMS"
	command -v go >/dev/null || lacking "no go: run scripts/setup --test"
	new=$("$TOP/scripts/golang") || lacking "no newer Go: scripts/golang failed"
	build "$(command -v go)" old
	build "$new" new
}

setup() {
	VICTIMS=$GO_VICTIMS
	[ -x "$LEAKTRACE" ] || lacking "no $LEAKTRACE: run make"
}

teardown() { kill_victims; }

# watch_while COMMAND…: five looks at $VICTIM while COMMAND is repeated; REPORT
watch_while() {
	local looker
	REPORT=$(scratch)/go.json REPORT_STATUS=0
	"$LEAKTRACE" go "$VICTIM" --every 300ms --count 5 --format json >"$REPORT" 3>&- &
	looker=$!
	while kill -0 $looker 2>/dev/null; do
		"$@"
		sleep 0.02
	done
	wait $looker || REPORT_STATUS=$?
}

# What leaks, one line each: kind, type, the first function that is the user's or time's
findings() {
	jq -r '.sites[] | select(.verdict == "leak" or .verdict == "suspect")
		| [.kind, .type, ([.frames[].function | select(startswith("runtime.")
			or startswith("sync.") or startswith("internal/") | not)][0])] | join(" ")' "$REPORT" |
		sed 's/\.func[0-9.]*$//; s/heap heap/heap/' | sort -u
}

leak() {
	local what
	for what in 'recv 5' 'send 5' 'mutex 5' 'ticker 5' 'after 5' 'context 5' 'map 150' 'slice 12' gc; do
		# shellcheck disable=SC2086 # words
		tell $what
	done
}

innocent() {
	local what
	for what in 'churn 2' 'pool 100' gc; do
		# shellcheck disable=SC2086 # words
		tell $what
	done
}

expected_findings() {
	cat <<-LIST
		goheap main.header
		goheap main.remember
		goroutine chan receive main.forgetTicker
		goroutine chan receive main.waitForAnswer
		goroutine chan send main.sendTooLate
	LIST
	if [ "$1" = old ]; then
		cat <<-LIST
			goroutine semacquire main.lockTwice
			gotimer ticker time.sendTime
			gotimer timer context.WithDeadline
			gotimer timer time.sendTime
		LIST
	else
		cat <<-LIST
			goroutine sync.Mutex.Lock main.lockTwice
			gotimer ticker time.sendTime
			gotimer timer context.WithDeadlineCause
		LIST
	fi
}

finds_all_and_nothing_else() {
	start_victim "$1-$2"
	tell workers 200
	watch_while leak
	expect "$REPORT_STATUS" 1 "exit status"
	diff <(expected_findings "$1" | sort) <(findings) >&2
	# where they were started
	expect "$(jq -r '[.sites[] | select(.type == "chan send") | .created_by.function][0]' "$REPORT")" \
		main.sendTooLate "creator"
	expect "$(jq .losses.unsorted "$REPORT")" 0 unsorted
}

# nothing FILE: a difference of profiles is empty
nothing() {
	awk '/flat%/ { table = 1; next } table && ($1 != "0" || $4 != "0") && !/runtime.goexit/ { bad = 1; print }
		/^Showing nodes/ { shown = 1 } END { exit bad || !shown }' "$1" >&2
}

# As the runtime's own: all four numbers of the heap, by line; all goroutines but
# the one that writes the profile.
as_the_runtime() {
	local ours theirs type top=(go tool pprof -top -lines -nodecount=100000 -nodefraction=0)
	ours=$(scratch)/ours theirs=$(scratch)/theirs
	mkdir "$theirs"
	start_victim "$1-$2"
	leak
	leak
	tell workers 20
	lt go "$VICTIM" --format pprof -o "$ours"
	tell profile "$theirs"
	for type in alloc_objects alloc_space inuse_objects inuse_space; do
		"${top[@]}" -sample_index=$type -diff_base "$theirs/heap" "$ours/heap.pb.gz" \
			>"$ours/diff" 2>"$ours/err"
		nothing "$ours/diff"
	done
	"${top[@]}" -ignore 'main\.main' -diff_base "$theirs/goroutine" "$ours/goroutine.pb.gz" \
		>"$ours/diff" 2>"$ours/err"
	nothing "$ours/diff"
	"${top[@]}" "$ours/goroutine.pb.gz" 2>/dev/null | grep -q 'main.worker'
}

every_variant() {
	local variant
	for variant in "${GO_VARIANTS[@]}"; do
		"$1" "$2" "$variant" || { echo "$2-$variant" >&2; return 1; }
		kill_victims
	done
}

@test "go: oldest: every leak is found, and nothing else, stripped or not" {
	every_variant finds_all_and_nothing_else old
}

@test "go: newest: every leak is found, and nothing else, stripped or not" {
	every_variant finds_all_and_nothing_else new
}

@test "go: profiles are as the runtime writes them, number for number" {
	every_variant as_the_runtime old
	every_variant as_the_runtime new
}

@test "go: programs that work hard and leak nothing have no findings, and live on" {
	local go
	for go in old new; do
		start_victim $go-strip
		tell workers 200
		tell gc
		watch_while innocent
		expect "$REPORT_STATUS" 0 "exit status"
		expect "$(findings)" "" findings
		expect "$(jq '.sites[] | select(.created_by.function == "main.do") | .live' "$REPORT")" \
			200 workers
		tell gc
		kill_victims
	done
}

@test "go: heap profiling that was linked out is told, armed, and turned off again" {
	local go out
	for go in old new; do
		start_victim $go-linked-out
		out=$(lt go "$VICTIM")
		[[ $out == *"linker has removed heap profiling"*"--arm"* ]]
		lt go "$VICTIM" --arm </dev/null
		refute lt go "$VICTIM" --arm </dev/null
		tell map 4000
		tell gc 2
		out=$(lt go "$VICTIM")
		[[ $out == *"in "*" objects of 4096 bytes"*main.remember* ]]
		lt go "$VICTIM" --disarm </dev/null
		tell gc
		kill_victims
	done
}

@test "go: the newest runtime proves leaks itself when it is asked to" {
	local variant
	for variant in plain strip-pie; do
		start_victim new-$variant
		tell recv 50
		tell send 20
		tell workers 30
		lt go "$VICTIM" --verdict --format json </dev/null >"$(scratch)/go.json" &
		while kill -0 $! 2>/dev/null; do
			tell gc
			sleep 0.05
		done
		wait $! || expect $? 1 "exit status"
		jq -r '.sites[] | select(.proven > 0) | "\(.proven) \(.created_by.function)"' \
			"$(scratch)/go.json" | sort >"$(scratch)/proven"
		diff <(printf '%s\n' "20 main.sendTooLate" "50 main.waitForAnswer") "$(scratch)/proven" >&2
		kill_victims
	done
	start_victim old-strip
	refute lt go "$VICTIM" --verdict </dev/null
}

@test "go: a program that exits meanwhile leaves what was seen of it" {
	start_victim old-strip
	tell recv 50
	lt go "$VICTIM" --every 200ms --count 50 >"$(scratch)/out" 2>"$(scratch)/err" &
	sleep 2
	end_victim
	wait $! || expect $? 0 "exit status"
	grep -q "50 goroutines: chan receive" "$(scratch)/out"
	grep -q "could not be read any more" "$(scratch)/err"
}

@test "go: what is no Go program, or of a Go to come, is refused with one line" {
	local out status=0
	out=$(lt go $$ 2>&1) || status=$?
	expect "$status" 2 "exit status"
	[[ $out == *"is no Go program"* ]]
	sed 's/go1\.2[0-9]\./go1.99./g' "$GO_VICTIMS/new-strip" >"$GO_VICTIMS/future"
	chmod +x "$GO_VICTIMS/future"
	start_victim future
	status=0
	out=$(lt go "$VICTIM" 2>&1) || status=$?
	expect "$status" 2 "exit status"
	[[ $out == *go1.99*"does not know"* ]]
	expect "$(wc -l <<<"$out")" 1 lines
	# unless its debug information says where what is
	sed 's/go1\.2[0-9]\./go1.99./g' "$GO_VICTIMS/new-plain" >"$GO_VICTIMS/future-plain"
	chmod +x "$GO_VICTIMS/future-plain"
	start_victim future-plain
	tell recv 30
	out=$(lt go "$VICTIM")
	[[ $out == *"30 goroutines: chan receive"*main.waitForAnswer* ]]
}

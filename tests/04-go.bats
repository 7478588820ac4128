#!/usr/bin/env bats
# Go programs from outside: against what the programs do, and against the
# profiles that their runtime writes itself. Oldest and newest Go of Debian.
# bats file_tags=host,go
# shellcheck disable=SC2030,SC2031,SC2034,SC2153 # VICTIMS, VICTIM: see lib/common

load lib/common
load lib/go

GO_VARIANTS=(plain strip pie strip-pie)

setup_file() {
	build_victims linked-out plain strip pie strip-pie network
}

# What leaks, one line each: kind, type, the first function that is the user's or time's
findings() {
	jq -r '.sites[] | select(.verdict == "leak" or .verdict == "suspect")
		| [.kind, .type, ([.frames[].function | select(startswith("runtime.")
			or startswith("sync.") or startswith("internal/") | not)][0])] | join(" ")' "$REPORT" |
		sed 's/\.func[0-9.]*$//; s/heap heap/heap/' | sort -u
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
		goheap strings.(*Builder).grow
		goroutine chan receive main.forgetTicker
		goroutine chan receive main.keepThread
		goroutine chan receive main.waitForAnswer
		goroutine chan send main.sendTooLate
		goroutine select main.waitForEither
		goroutine syscall syscall.Syscall
	LIST
	if [ "$1" = old ]; then
		cat <<-LIST
			goroutine semacquire main.forgetDone
			goroutine semacquire main.forgetUnlock
			goroutine semacquire main.lockTwice
			gotimer ticker time.sendTime
			gotimer timer context.WithDeadline
			gotimer timer time.sendTime
		LIST
	else
		cat <<-LIST
			goroutine sync.Mutex.Lock main.forgetUnlock
			goroutine sync.Mutex.Lock main.lockTwice
			goroutine sync.WaitGroup.Wait main.forgetDone
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

ROWS=('recv 200' 'send 200' 'select 200' 'group 200' 'held 200' 'ticker 200' 'after 20000'
	'context 5000' 'thread 30' 'locked 30' 'workers 200')

# How many, of what, the goroutine's creator or the timer's function, how many hold a thread
rows() {
	jq -r '.sites[] | select(.kind == "goroutine" or .kind == "gotimer")
		| [.live, .type, .created_by.function // .frames[0].function, .in_thread // 0]
		| select(.[2] | startswith("runtime.") | not) | join(" ")' "$REPORT" |
		sed 's/\.func[0-9.]*\b//' | sort
}

expected_rows() {
	local group='sync.WaitGroup.Wait' mutex='sync.Mutex.Lock' context=context.WithDeadlineCause
	if [ "$1" = old ]; then
		group=semacquire mutex=semacquire context=context.WithDeadline
		echo "20000 timer time.sendTime 0"
	fi
	cat <<-LIST
		200 $group main.forgetDone 0
		200 $mutex main.forgetUnlock 0
		200 chan receive main.startWorker 0
		200 chan receive main.forgetTicker 0
		200 chan receive main.waitForAnswer 0
		200 chan send main.sendTooLate 0
		200 select main.waitForEither 0
		200 ticker time.sendTime 0
		30 chan receive main.keepThread 30
		30 syscall main.readForever 30
		5000 timer $context 0
	LIST
}

# Those that were just started have not come to where they wait.
look_until_settled() {
	local i
	REPORT=$(scratch)/go.json
	for i in {1..100}; do
		lt go "$VICTIM" --json >"$REPORT" || expect $? 1 "exit status"
		jq -e 'any(.sites[]; .type == "runnable")' "$REPORT" >/dev/null || return 0
		sleep 0.1
	done
	echo "still runnable after $i looks" >&2
	return 1
}

counts_every_row() {
	local row
	start_victim "$1-$2"
	for row in "${ROWS[@]}"; do
		# shellcheck disable=SC2086 # words
		tell $row
	done
	tell gc 2
	look_until_settled
	diff <(expected_rows "$1" | sort) <(rows) >&2
	jq -e '.target.threads >= 60 and .losses.incomplete_stacks == 0' "$REPORT" >/dev/null
}

# within PERCENT TRUTH FUNCTION: the live bytes below FUNCTION in $REPORT
within() {
	jq -e --arg f "$3" --argjson share "$1" --argjson truth "$2" '
		[.sites[] | select(.kind == "goheap" and any(.frames[]; .function == $f)) | .bytes] | add
		| debug | (. - $truth | fabs) <= $truth * $share / 100' "$REPORT" >/dev/null
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
	mkdir -p "$theirs"
	start_victim "$1-$2"
	leak
	leak
	tell workers 20
	tell embed 1000
	tell gc 2
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
	"${top[@]}" "$ours/heap.pb.gz" 2>/dev/null | grep -q 'main.shelf.store'
}

every_variant() {
	local variant
	for variant in "${GO_VARIANTS[@]}"; do
		echo "$2-$variant" >&2
		"$1" "$2" "$variant"	# no "||": that would have it go on after a failure
		kill_victims
	done
}

@test "go: oldest: every leak is found, and nothing else, stripped or not" {
	every_variant finds_all_and_nothing_else old
}

@test "go: newest: every leak is found, and nothing else, stripped or not" {
	every_variant finds_all_and_nothing_else new
}

@test "go: every kind of leak is counted exactly, with its creator, stripped or not" {
	every_variant counts_every_row old
	every_variant counts_every_row new
}

@test "go: the heap by who allocated it, whatever pins it" {
	local go array_bytes
	for go in old-strip new-strip-pie; do
		start_victim $go
		tell map 40000
		tell slice 1600
		tell title 1600
		tell grow 6000
		array_bytes=$(answer bytes)
		tell pool 2000
		tell gc 2
		REPORT=$(scratch)/go.json
		lt go "$VICTIM" --json >"$REPORT"
		within 25 $((40000 * 4096)) main.remember
		within 35 $((1600 << 16)) main.header
		within 35 $((1600 << 16)) main.title
		# one array, whose size the program knows
		within 1 "$array_bytes" main.record
		expect "$(jq '[.sites[] | select(any(.frames[]; .function == "main.rent"))] | length' \
			"$REPORT")" 0 "sites of a pool"
		kill_victims
	done
}

# held ROOT: of the chain with most bytes of the root that matches: bytes, chain
held() {
	jq -r --arg root "$1" '[.holders[] | select(.root | test($root))][0] // empty
		| [.bytes, (.chain | join(" -> "))] | join(" ")' "$REPORT"
}

# holds ROOT CHAIN BYTES: as regular expressions; that many bytes, at most 5 % less (a word that
# happens to look like an address) or 15 % more
holds() {
	local bytes chain
	read -r bytes chain <<<"$(held "$1")"
	[[ $chain =~ ^$2$ ]] || { echo "$1: ${bytes:-nothing} $chain" >&2; return 1; }
	((bytes >= $3 * 95 / 100 && bytes <= $3 * 115 / 100)) || { echo "$1: $bytes bytes, not $3" >&2; return 1; }
}

keep_one_of_each() {
	tell map 2000
	tell slice 100
	tell login 3000
	tell enqueue 1000
	tell prepend 20000
	tell hold 100
	tell cycle 300
	tell expire 20
	tell recv 20
	tell churn 2
	tell heap
}

# Before Go 1.22 the heap does not say what is in it.
CHAIN_map='map\[string\]\[\]uint8 -> \[\]uint8'
CHAIN_slice='\[\]\[\]uint8 -> \[\]uint8'
CHAIN_login='map\[string\]\*main.session -> main.session.blob -> \[\]uint8'

every_holder() {
	local variant=$2
	# collections all the time: they leave stale references in records of the runtime
	GOGC=1 start_victim "$1-$variant"
	keep_one_of_each
	REPORT=$(scratch)/holders.json
	lt go "$VICTIM" --holders --all --json >"$REPORT"
	jq -e --argjson bytes "$(answer heap_bytes)" --argjson objects "$(answer heap_objects)" '.heap
		| (.reached_bytes - $bytes | fabs) * 200 <= $bytes and
		(.reached_objects - $objects | fabs) * 200 <= $objects' "$REPORT" >/dev/null ||
		{ echo "$ANSWER" >&2; jq .heap "$REPORT" >&2; return 1; }
	jq -e --argjson in_use "$(answer in_use)" --argjson free "$(answer free)" '.heap
		| (.in_use_bytes - $in_use | fabs) * 50 <= $in_use and
		(.idle_bytes + .returned_bytes - $free | fabs) * 50 <= $in_use' "$REPORT" >/dev/null ||
		{ echo "$ANSWER" >&2; jq .heap "$REPORT" >&2; return 1; }
	[ "$1" = new ] || local CHAIN_map='.*' CHAIN_slice='.*' CHAIN_login='.*'
	holds 'main.cache$|used by main.remember\)' "$CHAIN_map" $((2000 * 4096))
	holds 'main.pinned$|used by main.(shelf.)?(store|.*init.*)\)' "$CHAIN_slice" $((100 * 65536))
	holds 'main.front$|used by main.login\)' "$CHAIN_login" $((3000 * 2048))
	holds 'main.chain$|used by main.prepend\)' '[^>]*' $((19999 * 48))
	holds 'main.queue$|used by main.enqueue\)' 'chan \[\]uint8 -> \[\]\[\]uint8 -> \[\]uint8' $((1000 * 3072))
	holds '^goroutine in main.waitWithMemory.func1, started by main.waitWithMemory$' '.*' $((100 * 32768))
	holds '^finalizer main.finishSession$' '.*' $((300 * 5376))
}

@test "go: what keeps the heap alive, to the byte, and by which chain, stripped or not" {
	every_variant every_holder old
	every_variant every_holder new
}

# What the collector frees when the variable is gone, is the truth.
freed_without() {
	local variant=$2 before freed format
	start_victim "$1-$variant"
	tell register 3000
	tell heap
	before=$(answer heap_bytes)
	REPORT=$(scratch)/retained.json
	lt go "$VICTIM" --holders --all --json >"$REPORT"
	for format in text html; do
		lt go "$VICTIM" --holders --all --format $format -o "$(scratch)/$format"
		grep -q '4.2 MiB\( of it\)\? held by nothing else' "$(scratch)/$format"
	done
	tell close
	tell heap
	freed=$((before - $(answer heap_bytes)))
	# two thirds of the sessions; the others are reached from one of the two maps first
	jq -e --argjson freed "$freed" '[.roots[] | select(.kind == "variable" and
			(.root | test("main.by(Name|Token)$|used by main.register")))] |
		length == 2 and (map(.bytes) | add > 3000 * 2048) and
		(.[0].retained_bytes - $freed | fabs) * 100 <= $freed and .[1].retained_bytes < 100000' \
		"$REPORT" >/dev/null ||
		{ echo "freed $freed"; jq -c '.roots[] | select(.bytes > 10000)' "$REPORT" >&2; return 1; }
	kill_victims
}

@test "go: what is held by nothing else is what is freed when its root goes" {
	freed_without old plain
	freed_without new plain
	freed_without new strip
}

# At some moments it does not run, as it has just been preempted.
at_work() {
	local variant=$2 i
	start_victim "$1-$variant"
	tell work
	REPORT=$(scratch)/work.json
	for ((i = 0; i < 10; i++)); do
		lt go "$VICTIM" --holders --all --json >"$REPORT"
		jq -e 'any(.roots[]; .kind == "variable" and (.root | test("main.desk$|used by main.work")) and
			.bytes > 2048000)' "$REPORT" >/dev/null && break
	done
	[ "$i" -lt 10 ] || { jq -c '.roots[] | select(.bytes > 10000)' "$REPORT" >&2; return 1; }
	kill_victims
}

@test "go: what a variable has is told with it, even while a goroutine works on it" {
	at_work old strip
	at_work new strip
}

waste() {
	tell slice 100
	tell title 60
	tell visit 110
	tell enqueue 1000
	tell hold 100
	tell cycle 300
	tell late 300
	tell gc 3
	tell answer 40
}

# The same as nobody would complain of.
use() {
	tell copy 2000
	tell map 2000
	tell visit 80
	tell serve 1500
	tell hold 5
	tell finalize 300
	tell gc 3
	tell pool 2000
}

# One line each
found() {
	jq -r '.findings[] | [.kind, .bytes, .objects, .root] | join(" ")' "$REPORT" | sort
}

# finding KIND ROOT BYTES OBJECTS: at most 10 % less and 5 % more bytes; what a stack refers to is in
# use, and on the stack of a goroutine that runs are words of what it did before
finding() {
	jq -e --arg kind "$1" --arg root "$2" --argjson bytes "$3" --argjson objects "$4" 'any(.findings[];
		.kind == $kind and (.root | test($root)) and .objects <= $objects and .objects >= $objects * 0.9 and
		.bytes >= $bytes * 0.9 and .bytes <= $bytes * 1.05)' "$REPORT" >/dev/null || { found >&2; return 1; }
}

wasted() {
	start_victim "$1-$2"
	waste
	REPORT=$(scratch)/holders.json
	lt go "$VICTIM" --holders --json >"$REPORT"
	finding map 'main.visits|used by main.visitAndForget' $(((131072 - 10101) * 80)) 1
	finding channel 'main.queue|used by main.enqueue' $((1000 * 3072 + (1 << 16) * 24)) 1
	finding goroutine main.waitWithMemory $((100 * 32768)) 100
	finding finalizer main.finishSession $((300 * 5376)) 300
	finding queue main.waitToFinish $((300 * 5376)) 300
	finding pool 'main.answers|used by main.answerLarge' $((40 * 204800)) 1
	[[ $(jq -r '.findings[] | select(.kind == "queue").text' "$REPORT") == *"main.waitToFinish" ]]
	# before Go 1.22 nothing says that a slice is one
	if [ "$1" = new ]; then
		finding slice 'main.pinned|used by main.(shelf.)?(store|.*init.*)' $((100 * 65520)) 100
		finding slice 'main.titles|used by main.*init' $((60 * 65520)) 60
		expect "$(jq '.findings | length' "$REPORT")" 8 findings
	else
		expect "$(jq '.findings | length' "$REPORT")" 6 findings
	fi
}

used() {
	start_victim "$1-$2"
	use
	REPORT=$(scratch)/holders.json
	lt go "$VICTIM" --holders --json >"$REPORT"
	expect "$(found)" "" findings
	lt go "$VICTIM" --holders --every 100ms --json >"$REPORT"
	expect "$(found)" "" "findings of two looks"
}

@test "go: what of a heap could be let go, and nothing of what is in use" {
	local go variant
	for go in old new; do
		for variant in plain strip-pie; do
			wasted $go $variant
			kill_victims
			used $go $variant
			kill_victims
		done
	done
}

@test "go: what keeps the heap alive as a profile, folded stacks and a page" {
	local dir bytes chain='map[string]*main.session;main.session.blob;[]uint8 6144000'
	dir=$(scratch)
	# whose name is markup
	cp "$GO_VICTIMS/new-strip" "$GO_VICTIMS/<i>&"
	start_victim '<i>&'
	tell login 3000
	tell heap
	lt go "$VICTIM" --holders --format folded >"$dir/folded"
	expect "$(grep -cF "$chain" "$dir/folded")" 1 "chains of blobs"
	bytes=$(awk '{ sum += $NF } END { print sum }' "$dir/folded")
	((bytes >= $(answer heap_bytes) * 99 / 100 && bytes <= $(answer heap_bytes) * 101 / 100))
	lt go "$VICTIM" --holders --format pprof -o "$dir/holders.pb.gz"
	go tool pprof -sample_index=inuse_objects -peek '^main.session.blob$' "$dir/holders.pb.gz" >"$dir/peek" 2>/dev/null
	# 3,000 from the map, 3,000 to the arrays
	grep -Eq '^ +3000 +100% +\| +map\[string\]\*main.session$' "$dir/peek"
	grep -Eq '^ +3000 +100% +\| +\[\]uint8$' "$dir/peek"
	lt go "$VICTIM" --holders --format html -o "$dir/page.html"
	"$PYTHON" "$TOP/tests/lib/holders_page.py" "$dir/page.html" '<i>&' 'main.session.blob'
}

@test "go: what has grown between two walks, by root and chain, without a collection" {
	GOGC=off start_victim new-strip
	tell map 2000
	tell login 100		# a map that was empty before has not grown, but begun
	REPORT=$(scratch)/holders.json
	lt go "$VICTIM" --holders --every 3s --json >"$REPORT" &
	while kill -0 $! 2>/dev/null; do
		tell login 100
	done
	wait $!
	jq -e '(.target.window_s >= 3) and .roots[0].grown_bytes > 100 * 2048 and
		(.roots[0].root | test("used by main.login")) and
		(.holders[0] | .grown_bytes > 100 * 2048 and .chain == ["map[string]*main.session",
			"main.session.blob", "[]uint8"]) and
		([.roots[] | select(.root | test("main.remember")) | .grown_bytes] == [0]) and
		(.findings | map(select(.kind == "growth")) | length == 1 and (.[0].root | test("main.login")) and
			(.[0].chain[0] | test("^map")))' "$REPORT" >/dev/null ||
		{ jq -c '.roots[0], .holders[0], .findings' "$REPORT" >&2; return 1; }
}

@test "go: what nothing refers to any more is not held, but not collected yet" {
	GOGC=off start_victim new-strip
	tell heap
	tell burst 64
	REPORT=$(scratch)/holders.json
	lt go "$VICTIM" --holders --json >"$REPORT"
	jq -e '.heap | .allocated_bytes - .reached_bytes >= 63 * 1048576 and .reached_bytes < 8 * 1048576' "$REPORT" >/dev/null
	[[ $(lt go "$VICTIM" --holders) == *"not a leak: 6"[0-9]*" MiB more that nothing refers to"* ]]
}

grow() {
	tell login 500
	tell pool 100
	tell churn 2
}

@test "go: a heap that grows is found by what holds it, though nothing is ever collected" {
	local go
	for go in old-strip new-strip-pie; do
		GOGC=off start_victim $go
		tell login 1000
		tell map 2000
		watch_while grow
		jq -e '.grown | length == 1 and (.[0] | .verdict == "suspect" and
			(.root | test("used by main.login")) and .chain[0][:3] == "map" and
			.grown_bytes > 1048576 and .bytes > .grown_bytes)' "$REPORT" >/dev/null ||
			{ jq -c .grown "$REPORT" >&2; return 1; }
		watch_while innocent
		expect "$(jq -c .grown "$REPORT")" '[]' "what has grown of what does not"
		kill_victims
	done
}

# summed GO ORDER CREATOR: watched while ORDER is obeyed, one finding: of all that CREATOR has made
summed() {
	GOMAXPROCS=1 start_victim "$1"
	# shellcheck disable=SC2086 # words
	watch_while tell $2
	expect "$REPORT_STATUS" 1 "exit status"
	# those that run have no place
	jq -e --arg creator "$3" '.totals.goroutine.running as $running
		| ([.sites[] | select(.created_by.function == $creator) | .live] | add) as $live
		| [.sites[] | select(.verdict != "ok")] | length == 1 and (.[0] | .verdict == "leak" and
			.created_by.function == $creator and (.evidence[0] | gsub(","; "")
			| capture("all that its go statement has made.* grew by [0-9]+ to (?<n>[0-9]+) in .*; none ended$")
			| .n | tonumber | . >= $live and . <= $live + $running))' "$REPORT" >/dev/null ||
		{ jq -c '.totals, (.sites[] | select(.verdict != "ok"))' "$REPORT" >&2; return 1; }
	kill_victims
}

@test "go: goroutines that never end, at a hundred places or at none, are counted by who made them" {
	local go
	for go in old-strip new-strip-pie; do
		summed $go 'deep 40' main.waitDeep
		summed $go 'spin 10' main.spin
	done
}

@test "go: profiles are as the runtime writes them, number for number" {
	every_variant as_the_runtime old
	every_variant as_the_runtime new
}

# differs BEFORE AFTER [OPTION…]: whether pprof finds anything that it shows
differs() {
	go tool pprof -top -lines -nodecount=100000 -nodefraction=0 "${@:3}" -diff_base "$1" "$2" \
		>"$(scratch)/difference" 2>/dev/null
	! nothing "$(scratch)/difference" 2>"$(scratch)/differs"
}

# same_heap URL: as the server's own, between two of it that are equal: no collection was between
same_heap() {
	local type dir
	dir=$(scratch)
	curl -sf "$1/debug/pprof/heap?gc=1" -o "$dir/before"
	lt go "$VICTIM" --format pprof -o "$dir/ours" >/dev/null
	curl -sf "$1/debug/pprof/heap" -o "$dir/after"
	for type in alloc_objects alloc_space inuse_objects inuse_space; do
		! differs "$dir/before" "$dir/after" -sample_index=$type || return 1
		! differs "$dir/before" "$dir/ours/heap.pb.gz" -sample_index=$type || return 1
	done
	return 0
}

# same_goroutines URL: but for those who answer, among them who writes the profile
same_goroutines() {
	local dir
	dir=$(scratch)
	curl -sf "$1/debug/pprof/goroutine" -o "$dir/theirs"
	lt go "$VICTIM" --format pprof -o "$dir/ours" >/dev/null
	! differs "$dir/theirs" "$dir/ours/goroutine.pb.gz" -ignore 'net/http.\(\*conn'
}

# in_tries N COMMAND…: by count, as a machine may be slow
in_tries() {
	local i
	for ((i = 0; i < $1; i++)); do
		! "${@:2}" || return 0
	done
	echo "not in $1 tries: ${*:2}" >&2
	return 1
}

# start_server: Debian's prometheus, which asks itself for its metrics, and is asked for more; VICTIM, URL
start_server() {
	local dir
	command -v prometheus >/dev/null || lacking "no prometheus: run scripts/setup --test"
	dir=$(scratch)
	URL=127.0.0.1:$("$PYTHON" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	printf '%s\n' "global: {scrape_interval: 1s}" "scrape_configs:" "- job_name: self" \
		"  static_configs: [{targets: ['$URL']}]" >"$dir/config"
	# seldom a collection but those that are asked for
	GOGC=1000 prometheus --config.file="$dir/config" --storage.tsdb.path="$dir/data" \
		--web.listen-address="$URL" >"$dir/log" 2>&1 3>&- &
	VICTIM=$!
	STARTED+=("$VICTIM")
	until_true 60 curl -sf "$URL/-/ready" >/dev/null
	while sleep 0.05; do
		curl -s "$URL/api/v1/query?query=rate(go_memstats_alloc_bytes_total\[5s\])"
	done >/dev/null 3>&- &
	STARTED+=("$!")
}

@test "go: a packaged server under load: profiles are its own, number for number" {
	local dir
	start_server
	dir=$(scratch)
	in_tries 40 same_heap "$URL" || { cat "$dir/differs" >&2; return 1; }
	in_tries 40 same_goroutines "$URL" || { cat "$dir/differs" >&2; return 1; }
	# no comparison of nothing with nothing
	[ "$(go tool pprof -raw "$dir/ours/heap.pb.gz" 2>/dev/null | grep -c 'M=1')" -gt 10 ]
	go tool pprof -top -nodecount=1000 "$dir/ours/goroutine.pb.gz" 2>/dev/null >"$dir/top"
	grep -q prometheus/tsdb "$dir/top"
}

# How many the server itself counts
series_of_head() { curl -sf "$URL/metrics" | awk '$1 == "prometheus_tsdb_head_series" { print $2 }'; }

# As tsdb/db.go and tsdb/head.go have it: DB.head, Head.series, stripeSeries.series, which is a
# slice of maps, a bucket of one, memSeries, and memSeries.app. It was built before there are
# types, so all but what an interface refers to has a size.
held_by_the_head() {
	local series
	series=$(series_of_head)
	lt go "$VICTIM" --holders --all --json >"$REPORT"
	[ "$series" = "$(series_of_head)" ] || return 1
	jq -e --argjson series "$series" '
		["240 B", "640 B", "96 B", "128 KiB", "48 B", "144 B", "192 B"] as $chain
		| [.holders[] | select(.root == "goroutine in github.com/prometheus/prometheus/tsdb.(*DB).run, " +
			"started by github.com/prometheus/prometheus/tsdb.open")] as $held
		| $series > 100 and any($held[]; .chain == $chain and .objects == $series) and
		any($held[]; .chain == $chain + ["chunkenc.xorAppender"] and .objects == $series)' "$REPORT" >/dev/null
}

@test "go: a packaged server under load: what keeps its series alive is what its source has" {
	start_server
	REPORT=$(scratch)/holders.json
	# while it stores new values, who does so is nearer
	in_tries 40 held_by_the_head || { jq -c '.holders[:20][] | [.root, .objects, .chain]' "$REPORT" >&2; return 1; }
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
		expect "$(jq -c .grown "$REPORT")" '[]' "what has grown"
		jq -e '.losses.given_up * 100 <= .totals.goroutine.live' "$REPORT" >/dev/null
		expect "$(jq '.sites[] | select(.created_by.function == "main.startWorker") | .live' "$REPORT")" \
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

# answer_with ANSWER STATUS TEXT OPTION: to what is asked on a terminal
answer_with() {
	local out status=0
	out=$("$PYTHON" "$TOP/tests/lib/terminal.py" "$1" "$LEAKTRACE" go "$VICTIM" "$4") || status=$?
	expect "$status" "$2" "exit status of $4, answered $1"
	[[ $out == *"running process $VICTIM"*"Continue?"*"$3"* ]] || { echo "$out" >&2; return 1; }
}

heap_profile() { lt go "$VICTIM" --json | jq -r .totals.goheap.profile; }

@test "go: on a terminal nothing is written before it is confirmed" {
	start_victim new-linked-out
	tell recv 30
	answer_with n 2 "nothing was written" --arm
	answer_with "" 2 "nothing was written" --arm
	expect "$(heap_profile)" off "after no"
	answer_with y 0 "is on" --arm
	expect "$(heap_profile)" on "after yes"
	answer_with n 2 "nothing was written" --disarm
	expect "$(heap_profile)" on "after no"
	answer_with y 0 "is off" --disarm
	expect "$(heap_profile)" off "after yes"
	answer_with n 2 "nothing was written" --verdict
	tell gc 2
	# had it been asked for, this collection would have proven 30
	expect "$(lt go "$VICTIM" --json | jq '[.sites[].proven // 0] | add')" 0 proven
}

@test "go: the newest runtime proves leaks itself when it is asked to" {
	local variant
	for variant in plain strip-pie; do
		start_victim new-$variant
		tell recv 200
		tell send 200
		tell select 200
		tell group 200
		tell held 200
		tell ticker 200
		tell workers 200
		ask_runtime
		jq -r '.sites[] | select(.proven > 0) | "\(.proven) \(.created_by.function)"' \
			"$(scratch)/go.json" | sort >"$(scratch)/proven"
		# a ticker, a worker may be woken yet; a stale word on a stack may spare one or two
		awk '$1 < 198 || $1 > 200 { exit 1 }' "$(scratch)/proven"
		diff <(printf 'main.%s\n' forgetDone forgetUnlock sendTooLate waitForAnswer waitForEither) \
			<(cut -d' ' -f2 "$(scratch)/proven" | sort) >&2
		kill_victims
	done
	start_victim old-strip
	refute lt go "$VICTIM" --verdict </dev/null
}

@test "go: response bodies that nobody closes: connections, and who asked for them" {
	local go i looks still_looking
	for go in old new; do
		HEAP_RATE=4096 start_victim $go-network
		REPORT=$(scratch)/go.json
		lt go "$VICTIM" --every 700ms --count 8 --json >"$REPORT" &
		looks=$! still_looking=1
		# as long as somebody looks, whoever of the two has more of the processor
		for ((i = 0; i < 20 || (i < 60 && still_looking); i++)); do
			tell body 75
			tell gc
			[ "$i" -lt 5 ] || [ $still_looking = 0 ] || sleep 0.1
			kill -0 "$looks" 2>/dev/null || still_looking=0
		done
		wait "$looks" || expect $? 1 "exit status"
		jq -r '.sites[] | select(.verdict == "leak" and .created_by.function ==
				"net/http.(*Transport).dialConn" and
				any(.evidence[]; test("response bod"))) | .type' "$REPORT" | sort |
			diff <(printf '%s\n' select select) - >&2
		tell gc 2
		lt go "$VICTIM" --json >"$REPORT" || true
		expect "$(jq -c '[.sites[] | select(.created_by.function == "net/http.(*Transport).dialConn")
			| .live] | add' "$REPORT")" $((i * 150)) "goroutines of connections"
		# lists of the client's own are not those of the processors
		tell timer 100
		lt go "$VICTIM" --json >"$REPORT" || true
		expect "$(jq '[.sites[] | select(.kind == "gotimer" and any(.frames[];
			.function == "main.tidyUp")) | .live] | add' "$REPORT")" 100 timers
		# whose requests they are
		jq -e 'any(.sites[] | select(.kind == "goheap") | [.frames[].function];
			index("main.forgetBody") as $us | index("net/http.(*Client).do") as $http
			| $us and $http and $us > $http)' "$REPORT" >/dev/null
		kill_victims
	done
}

@test "go: of 100,000 goroutines exactly those are proven that nothing can reach" {
	start_victim new-strip
	tell recv 50000
	tell workers 50000
	tell gc
	ask_runtime
	expect "$(jq -c '[.sites[] | select(.proven > 0) | [.created_by.function, .proven]]' "$REPORT")" \
		'[["main.waitForAnswer",50000]]' proven
}

@test "go: a program that execs, be it itself, is another one" {
	local ready
	start_victim old-strip
	tell recv 50
	lt go "$VICTIM" --every 200ms --count 50 >"$(scratch)/out" 2>"$(scratch)/err" &
	sleep 2
	send exec
	read -r -t 60 -u "${VICTIM_OUT[$VICTIM]}" ready
	expect "$ready" "ready $VICTIM" "the new program"
	wait $! || expect $? 0 "exit status"
	grep -q "50 goroutines: chan receive" "$(scratch)/out"
	grep -q "can no longer be read" "$(scratch)/err"
}

@test "go: a program that exits meanwhile leaves what was seen of it" {
	start_victim old-strip
	tell recv 50
	lt go "$VICTIM" --every 200ms --count 50 >"$(scratch)/out" 2>"$(scratch)/err" &
	sleep 2
	end_victim
	wait $! || expect $? 0 "exit status"
	grep -q "50 goroutines: chan receive" "$(scratch)/out"
	grep -q "can no longer be read" "$(scratch)/err"
}

@test "go: Ctrl-C ends the looks, not the report" {
	start_victim new-strip
	tell recv 50
	lt_front go "$VICTIM" --every 200ms --count 500 >"$(scratch)/out" 3>&- &
	sleep 2
	kill -INT $!
	wait $! || expect $? 0 "exit status"
	grep -q "50 goroutines: chan receive" "$(scratch)/out"
}

@test "go: coroutines, timers of methods, and a heap that no collection has come by" {
	GOGC=off start_victim new-strip
	tell embed 4000
	tell pull 50
	tell expire 30
	REPORT=$(scratch)/go.json
	lt go "$VICTIM" --json >"$REPORT"
	within 40 $((4000 * 8192)) main.shelf.store
	expect "$(jq '[.sites[] | select(any(.frames[]; .function == "main.orders") and .system != true)
		| .live] | add' "$REPORT")" 50 coroutines
	expect "$(jq '[.sites[] | select(.kind == "gotimer" and
		any(.frames[]; .function | startswith("main.(*order).expire"))) | .live] | add' "$REPORT")" 30 timers
}

@test "go: what is not a supported Go program, or of a Go to come, is refused with one line" {
	local out status=0
	out=$(lt go $$ 2>&1) || status=$?
	expect "$status" 2 "exit status"
	[[ $out == *"is not a supported Go program"* ]]
	sed 's/go1\.2[0-9]\./go1.99./g' "$GO_VICTIMS/new-strip" >"$GO_VICTIMS/future"
	chmod +x "$GO_VICTIMS/future"
	start_victim future
	status=0
	out=$(lt go "$VICTIM" 2>&1) || status=$?
	expect "$status" 2 "exit status"
	[[ $out == *go1.99*"does not support"* ]]
	expect "$(wc -l <<<"$out")" 1 lines
	# unless its debug information says where what is
	sed 's/go1\.2[0-9]\./go1.99./g' "$GO_VICTIMS/new-plain" >"$GO_VICTIMS/future-plain"
	chmod +x "$GO_VICTIMS/future-plain"
	start_victim future-plain
	tell recv 30
	out=$(lt go "$VICTIM")
	[[ $out == *"30 goroutines: chan receive"*main.waitForAnswer* ]]
	# which does not tell of the heap what has to be known to walk it
	status=0
	out=$(lt go "$VICTIM" --holders 2>&1) || status=$?
	expect "$status" 2 "exit status"
	[[ $out == *go1.99* ]]
	expect "$(wc -l <<<"$out")" 1 lines
}

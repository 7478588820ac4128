#!/usr/bin/env bats
# What other people's tools read, read by them: pprof, Prometheus, a browser, a
# gRPC server. All of a trace file whose every number is known; without a guest.
# bats file_tags=host,outputs

load lib/common

setup_file() {
	make -s -C "$TOP/userland" all build/make_trace build/test_pprof_encode >&2
	export TRACE=$BATS_FILE_TMPDIR/relayd.lt HOSTILE=$BATS_FILE_TMPDIR/hostile.lt
	export PPROF_NO_BROWSER=1 PPROF_TMPDIR=$BATS_FILE_TMPDIR
	"$TOP/userland/build/make_trace" "$TRACE"
	"$TOP/userland/build/make_trace" "$HOSTILE" hostile
}

teardown() { kill_victims; }

# run_report STATUS ARGUMENT…: its exit status is the verdict, unless something failed
run_report() {
	run lt report "${@:2}"
	expect "$status" "$1" "report ${*:2}: $output"
}

pprof() { go tool pprof "$@" 2>"$BATS_TEST_TMPDIR/pprof.err"; }
need() { command -v "$1" >/dev/null || lacking "no $1: run scripts/setup"; }

free_port() {
	"$PYTHON" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# in_background COMMAND…: $SERVER is its pid
in_background() {
	rm -f "$BATS_TEST_TMPDIR/background.out"
	"$@" >"$BATS_TEST_TMPDIR/background.out" 2>"$BATS_TEST_TMPDIR/background.err" 3>&- &
	SERVER=$!
	STARTED+=("$SERVER")
}

# until_it_says COMMAND…: in the background; $SAYS is its first line
until_it_says() {
	in_background "$@"
	until_true 60 test -s "$BATS_TEST_TMPDIR/background.out" || {
		cat "$BATS_TEST_TMPDIR/background.err" >&2
		return 1
	}
	read -r SAYS <"$BATS_TEST_TMPDIR/background.out"
}

@test "pprof: go tool pprof finds every number, function, line, label and mapping" {
	need go
	cd "$BATS_TEST_TMPDIR"
	run_report 1 --format pprof -o . "$TRACE"
	[ "$(ls)" = "leaktrace-4242-fd.pb.gz
leaktrace-4242-page.pb.gz
leaktrace-4242-thread.pb.gz
leaktrace-4242-timer.pb.gz" ] || ls >&2
	pprof -raw leaktrace-4242-fd.pb.gz >raw
	grep -qx 'PeriodType: fd count' raw
	grep -qx 'live/count\[dflt\] live_space/bytes born/count died/count' raw
	# by age and fate: what lives, what died
	awk '/^Samples:/ { on = 1; next } /^Locations/ { exit }
		on && $1 ~ /^[0-9]+$/ { live += $1; born += $3; sub(":", "", $4); died += $4 }
		END { print live, born, died }' raw >sums
	expect "$(cat sums)" "944 7424 6480" "live, born, died"
	grep -q 'age:\[1m to 10m\] type:\[eventfd\] verdict:\[leak\]' raw
	grep -q '0x55d0c0a03341 M=. session_new src/session.c:31' raw
	grep -A1 'session_new src/session.c:31' raw | grep -q 'session_open src/session.c:77'
	grep -q '0x55d0c0a00000/0x55d0c0a09000/0x1000 /usr/sbin/relayd d00dfeed \[FN\]\[FL\]\[LN\]\[IN\]' raw
	pprof -top leaktrace-4242-fd.pb.gz >top
	grep -qx 'File: relayd' top
	grep -Eq '^ +412 43.64% .* accept4$' top
	grep -Eq ' 824 87.29%  accept_client$' top
	pprof -top -sample_index=died leaktrace-4242-fd.pb.gz >top
	grep -Eq ' 5880 90.74%  upstream_connect$' top
	pprof -top leaktrace-4242-page.pb.gz >top
	grep -q '^Type: live_space' top
	grep -Eq '^ +6000kB .* sysmalloc' top
}

# 65.005 blocks for each sample of 1,000 and 16 bytes in 65,536.
@test "pprof: samples of a heap are what they stand for, by the names that Go has for it" {
	need go
	cd "$BATS_TEST_TMPDIR"
	"$TOP/userland/build/make_trace" heap.lt heap
	run_report 1 --format pprof -o . heap.lt
	pprof -raw leaktrace-4242-heap.pb.gz >raw
	grep -qx 'PeriodType: space bytes' raw
	grep -qx 'Period: 65536' raw
	grep -qx 'alloc_objects/count alloc_space/bytes inuse_objects/count inuse_space/bytes\[dflt\]' raw
	awk '/^Samples:/ { on = 1; next } /^Locations/ { exit }
		on && $1 ~ /^[0-9]+$/ { sub(":", "", $4); print $1, $2, $3, $4 }' raw >sums
	expect "$(cat sums)" "65005 65005229 32503 32502614" "allocated and in use, blocks and bytes"
	run_report 1 --format json -o heap.json heap.lt
	expect "$(jq -c '.sites[] | select(.kind == "heap") | [.born, .died, .live, .samples, .bytes]' heap.json)" \
		'[65005,32502,32503,500,32502614]' "born, died, live, samples, bytes in JSON"
	expect "$(jq .totals.heap.bytes heap.json)" 32502614 "bytes of all"
	jq -e '(.sites[] | select(.kind == "heap")) as $s | .findings[] | select(.live.heap)
		| .sampled and .bytes == $s.bytes and .interval == $s.interval
		and .rate_per_min == $s.rate_per_min and (.rate_per_min | . > 3200 and . < 3300)' heap.json
	run_report 1 --format folded -o heap.folded heap.lt
	grep -Eq '^relayd;heap;.* 32503$' heap.folded
}

# run_diff OLD NEW ARGS: a difference, with status 1
run_diff() {
	local status=0
	"$LEAKTRACE" diff "$@" || status=$?
	expect "$status" 1 status
}

@test "diff: bytes of a heap that came between, in one run and in two, with the interval" {
	cd "$BATS_TEST_TMPDIR"
	for mode in heap later again; do
		"$TOP/userland/build/make_trace" $mode.lt $mode
	done
	run_diff heap.lt later.lt >text
	grep -qx ' *heap  +31 MiB (95 %: +28 MiB to +34 MiB)' text
	grep -q '^+31 MiB (95 %: +28 MiB to +34 MiB)  LEAK  500 heap glibc samples .* at cache_insert' text
	run_diff heap.lt later.lt --format json >difference
	jq -e '[.sites[] | select(.kind == "heap")] | length == 1 and (.[0] | .growth == 32503
		and .live_before == 0 and .growth_bytes == 32502614 and .interval.growth_bytes == .interval.bytes)' difference
	# 500 samples, and 1,000 of another run: further apart than either by itself
	run_diff heap.lt again.lt --format json >difference
	jq -e '.sites[] | select(.kind == "heap") | .bytes_before == 32502614 and .bytes == 65005229
		and .growth_bytes == 32502614
		and .interval.growth_bytes[0] < .bytes - .bytes_before - (.bytes - .interval.bytes[0])
		and .interval.growth_bytes[1] > .growth_bytes + (.interval.bytes[1] - .bytes)' difference
	run_diff again.lt heap.lt | grep -q '^-31 MiB (95 %: -36 MiB to -26 MiB) (62 MiB before)'
}

@test "pprof: -diff_base of two reports is what came between" {
	need go
	cd "$BATS_TEST_TMPDIR"
	"$TOP/userland/build/make_trace" wide.lt wide
	run_report 1 --format pprof -o old.pb.gz "$TRACE"
	run_report 1 --format pprof -o new.pb.gz wide.lt
	pprof -top -diff_base old.fd.pb.gz new.fd.pb.gz >top
	grep -Eq '^ +200 .* open64$' top
	refute grep -q accept4 top
	pprof -top -diff_base new.fd.pb.gz new.fd.pb.gz | grep -q 'accounting for 0'
}

@test "pprof: -http serves its views of a profile" {
	need go
	cd "$BATS_TEST_TMPDIR"
	run_report 1 --format pprof -o x.pb.gz "$TRACE"
	local tool address
	# the tool itself, so that it can be ended
	tool=$(go env GOTOOLDIR)/pprof
	address=127.0.0.1:$(free_port)
	in_background "$tool" -no_browser -http "$address" x.page.pb.gz
	until_true 60 curl -sf "http://$address/ui/flamegraph" -o flamegraph
	grep -q cache_put flamegraph
	curl -s "http://$address/ui/top" -o top
	grep -q cache_insert top
}

@test "pprof: the writer's own profile of 20,000 stacks is read as it was meant" {
	need go
	"$TOP/userland/build/test_pprof_encode" "$BATS_TEST_TMPDIR/many.pb.gz"
	pprof -top -sample_index=live "$BATS_TEST_TMPDIR/many.pb.gz" >"$BATS_TEST_TMPDIR/top"
	grep -q 'Total samples = 20000' "$BATS_TEST_TMPDIR/top"
	grep -Eq ' 20000   100%  f0$' "$BATS_TEST_TMPDIR/top"
}

@test "pprof: in a pipe, one of all kinds; nothing for a terminal, and where it cannot go is told" {
	need go
	lt report --format pprof "$TRACE" >"$BATS_TEST_TMPDIR/all.pb.gz" || expect $? 1 status
	lt report --format pprof "$TRACE" -o /dev/stdout | cmp - "$BATS_TEST_TMPDIR/all.pb.gz"
	# a file that the shell has opened is written to, not replaced
	echo before >"$BATS_TEST_TMPDIR/appended"
	lt report --format pprof "$TRACE" -o /dev/stdout >>"$BATS_TEST_TMPDIR/appended" || expect $? 1 status
	cmp "$BATS_TEST_TMPDIR/appended" <(echo before; cat "$BATS_TEST_TMPDIR/all.pb.gz")
	lt report --format json "$TRACE" -o /dev/fd/1 >>"$BATS_TEST_TMPDIR/appended" || expect $? 1 status
	[ "$(head -n 1 "$BATS_TEST_TMPDIR/appended")" = before ]
	pprof -tags "$BATS_TEST_TMPDIR/all.pb.gz" >"$BATS_TEST_TMPDIR/tags"
	awk '/^ *kind:/ { on = 1; next } /^ *[a-z]+:/ { on = 0 } on && NF { print $NF, $1 }' \
		"$BATS_TEST_TMPDIR/tags" | sort | diff - <(printf '%s\n' 'fd 944.0' 'page 1564.0' \
		'thread 90.0' 'timer 3.0') >&2
	run script -qec "$LEAKTRACE report --format pprof $TRACE" /dev/null
	expect "$status" 2 status
	[[ $output == *"-o FILE"* && ${#lines[@]} = 1 ]]
	run lt report --format pprof -o "$BATS_TEST_TMPDIR/no/such/x.pb.gz" "$TRACE"
	expect "$status" 2 status
	[[ $output == *"No such file"* ]]
}

@test "output: what was written is said, and why the exit status is 1" {
	cd "$BATS_TEST_TMPDIR"
	run_report 1 --format html -o r.html "$TRACE"
	[[ $output =~ ^"leaktrace: wrote r.html: "[1-9][0-9]*" leak"s?$ ]] || { echo "$output"; false; }
	run_report 1 --format json "$TRACE"
	refute grep -q wrote <<<"$output"
	"$LEAKTRACE" diff "$TRACE" "$TRACE" -o d.txt 2>err || true
	expect "$(cat err)" "leaktrace: wrote d.txt: no leak" "diff"
}

@test "pprof: into a folder, which is made; several kinds to files only by a suffix" {
	cd "$BATS_TEST_TMPDIR"
	run_report 1 --format pprof -o pp "$TRACE"
	[ -s pp/leaktrace-4242-fd.pb.gz ]
	run_report 1 --format pprof -o new/ "$TRACE"
	[ -s new/leaktrace-4242-fd.pb.gz ]
	run_report 1 --format pprof -o x.pb.gz "$TRACE"
	[ -s x.fd.pb.gz ] && [ -s x.page.pb.gz ] && [ ! -e x.pb.gz ]
	: >file
	run_report 2 --format pprof -o file "$TRACE"
	[[ $output == *"Not a directory"* ]]
}

@test "help: one line each, which fits a terminal" {
	lt --help >"$BATS_TEST_TMPDIR/help"
	refute grep -E '.{81}' "$BATS_TEST_TMPDIR/help"
	expect "$(grep -c '^  [a-z][a-z]* *[A-Z]' "$BATS_TEST_TMPDIR/help")" \
		"$(find "$TOP/userland/cli" -name 'cmd_*.c' | wc -l)" "lines of commands"
}

# verdicts OPTION…: of the sites that are told, by kind and innermost frame
verdicts() {
	lt report --format json "$@" "$TRACE" 2>/dev/null >"$BATS_TEST_TMPDIR/v.json" || [ $? = 1 ]
	jq -r '.sites[] | select(.verdict == "leak" or .verdict == "suspect") | "\(.kind) \(.frames[0].function)"' \
		"$BATS_TEST_TMPDIR/v.json" | sort
}

@test "suppressions: what report --suppress writes is not reported, and nothing else" {
	local file=$BATS_TEST_TMPDIR/known.supp
	verdicts >"$BATS_TEST_TMPDIR/all"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/all")" -ge 3 ]
	lt report --suppress "$TRACE" >"$file"
	expect "$(grep -c '^{' "$file")" "$(wc -l <"$BATS_TEST_TMPDIR/all")" "entries"
	# of what leaks by the same path elsewhere there is one
	diff "$file" <(lt report --suppress "$TRACE" "$TRACE")
	run_report 0 --suppressions "$file" "$TRACE"
	[[ $output == *"leaktrace: suppressed: 1 call path: fd in accept_client"* && $output != *LEAK* ]]
	verdicts --suppressions "$file" >"$BATS_TEST_TMPDIR/left"
	expect "$(cat "$BATS_TEST_TMPDIR/left")" "" "with all of them"
	jq -e 'any(.sites[]; .verdict == "ok" and .evidence[0] == "suppressed: fd in accept_client") and (.findings | length) == 0' \
		"$BATS_TEST_TMPDIR/v.json"
	# without the first entry its leak is back
	awk '/^{/ { n++ } n > 1' "$file" >"$file.less"
	run_report 1 --suppressions "$file.less" "$TRACE"
	[ "$(verdicts --suppressions "$file.less" | wc -l)" = 1 ]
	# by hand: patterns, a comment, several kinds, and a kind that is another
	printf '# known\n{\n  pool\n  leaktrace:page,fd\n  ...\n  fun:upstream_*\n  obj:*relayd\n}\n' >"$file"
	diff "$BATS_TEST_TMPDIR/all" <(verdicts --suppressions "$file") >"$BATS_TEST_TMPDIR/diff" || true
	expect "$(grep -c '^[<>]' "$BATS_TEST_TMPDIR/diff")" 1 "suppressed by patterns"
	sed -i 's/page,fd/timer/' "$file"
	diff "$BATS_TEST_TMPDIR/all" <(verdicts --suppressions "$file")
}

@test "a file with a Go runtime: its kinds are told, compared and exported like any other" {
	cd "$BATS_TEST_TMPDIR"
	"$TOP/userland/build/make_trace" go.lt go
	"$TOP/userland/build/make_trace" plain.lt
	run_report 1 go.lt
	[[ $output == *"LEAK  300 goroutine chan send at main.waitForAnswer (ask.go:32)"* ]]
	[[ $output == *"48 MiB held by main.answers"*"-> map[string]*main.Answer"*"-> main.Answer.Body"* ]]
	lt report --format json go.lt >go.json || expect $? 1 status
	jq -e '.totals.goroutine == {baseline: 10, born: 290, died: 0, live: 300, bytes: 0} and
		(.totals | has("goholder") | not)' go.json
	jq -e 'any(.sites[]; .kind == "goholder" and .holders == [{root: "main.answers",
		chain: ["map[string]*main.Answer", "main.Answer.Body"], bytes: 50331648, grown_bytes: 41943040}])' go.json
	lt report --format openmetrics go.lt >metrics || expect $? 1 status
	grep -q '^leaktrace_live{.*kind="goroutine".*function="main.waitForAnswer"} 300$' metrics
	lt report --format folded go.lt >stacks || expect $? 1 status
	grep -q '^relayd;goroutine;main.waitForAnswer 300$' stacks
	lt diff --format json plain.lt go.lt >diff.json || expect $? 1 status
	jq -e '[.sites[] | [.kind, .growth, .growth_bytes, .bytes_before]] ==
		[["goholder", 0, 41943040, 8388608], ["goroutine", 300, 0, 0]]' diff.json
	lt diff plain.lt go.lt >differences || expect $? 1 status
	grep -q '^+40 MiB (8.0 MiB before)  suspect  48 MiB held by main.answers' differences
	run_report 0 --baseline go.lt go.lt
}

@test "suppressions, baseline: child processes that nobody waits for are known, too" {
	cd "$BATS_TEST_TMPDIR"
	"$TOP/userland/build/make_trace" z.lt zombies
	is_process_leak() { jq -e 'any(.sites[]; .kind == "process" and .verdict == "leak")' v.json; }
	lt report --format json z.lt >v.json || expect $? 1 status
	is_process_leak
	cp v.json former.json
	lt report --suppress z.lt >known
	grep -A3 'process in worker' known | grep -qF 'fun:worker\*'
	run_report 0 --suppressions known z.lt
	[[ $output == *"suppressed: 1 call path: process in worker*"* && $output != *LEAK* ]]
	run_report 0 --baseline former.json z.lt
	run_report 0 --baseline z.lt z.lt
	# not by the others of it
	awk '/^{/ { n++ } { e[n] = e[n] $0 "\n" } END { for (i in e) if (e[i] !~ /process/) printf "%s", e[i] }' known >less
	lt report --format json --suppressions less z.lt >v.json 2>/dev/null || expect $? 1 status
	is_process_leak
	printf '{\n  z\n  leaktrace:process\n  fun:w*\n}\n' >>less
	run_report 0 --suppressions less z.lt
	sed -i 's/fun:w/fun:x/' less
	run_report 1 --suppressions less z.lt
}

@test "suppressions: what is wrong with a file is told, with its line" {
	local file=$BATS_TEST_TMPDIR/bad.supp text
	for text in 'x' '{\n name\n fun:a\n}' '{\n name\n leaktrace:fd\n}' '{\n name\n leaktrace:fd\n bad:a\n}' '{\n name'; do
		# shellcheck disable=SC2059
		printf "$text\n" >"$file"
		run_report 2 --suppressions "$file" "$TRACE"
		[[ $output =~ bad.supp:[0-9]+:\  ]] || { echo "$text: $output"; false; }
	done
	run_report 2 --suppressions /nonexistent "$TRACE"
	run_report 2 --suppress --format json "$TRACE"
}

@test "baseline: what a former report or trace has is not new" {
	lt report --format json "$TRACE" >"$BATS_TEST_TMPDIR/base.json" || true
	run_report 0 --baseline "$BATS_TEST_TMPDIR/base.json" "$TRACE"
	[[ $output == *"in the baseline"* && $output != *LEAK* ]]
	run_report 0 --baseline "$TRACE" "$TRACE"
	# a leak that was none then is new
	jq '(.sites[] | select(.frames[0].function == "accept4") | .verdict) = "ok"' "$BATS_TEST_TMPDIR/base.json" \
		>"$BATS_TEST_TMPDIR/less.json"
	run_report 1 --baseline "$BATS_TEST_TMPDIR/less.json" "$TRACE"
	[[ $output == *LEAK* ]]
	echo '{"sites": 7}' >"$BATS_TEST_TMPDIR/none.json"
	run_report 2 --baseline "$BATS_TEST_TMPDIR/none.json" "$TRACE"
}

@test "report: a file's processes by name; none that fits is an error" {
	run_report 1 --comm relayd --format json "$TRACE"
	run_report 2 --comm nosuch "$TRACE"
	expect "$output" "leaktrace: no target matches --comm nosuch" "the error"
	run_report 2 --unit nosuch "$TRACE"
	run_report 2 --container 123 "$TRACE"
}

@test "folded: a stack a line, outermost first, with what lives; names cannot break a line" {
	lt report --format folded "$TRACE" >"$BATS_TEST_TMPDIR/folded" || true
	grep -qx 'relayd;fd;__libc_start_main;main;loop_run;loop_dispatch;accept_client;session_open;session_new;eventfd 412' \
		"$BATS_TEST_TMPDIR/folded"
	expect "$(awk '{ n += $NF } END { print n }' "$BATS_TEST_TMPDIR/folded")" $((944 + 1564 + 3 + 90)) sum
	lt report --format folded "$HOSTILE" >"$BATS_TEST_TMPDIR/folded" || true
	expect "$(grep -c ' [0-9]*$' "$BATS_TEST_TMPDIR/folded")" "$(wc -l <"$BATS_TEST_TMPDIR/folded")" lines
	refute grep -q $'[\001-\010\013-\037]' "$BATS_TEST_TMPDIR/folded"
}

@test "html: renders at 1280 and 390 pixels, light and dark, without a complaint or a request" {
	need chromium
	local page=$BATS_TEST_TMPDIR/page.html
	run_report 1 --format html -o "$page" "$TRACE"
	refute grep -Eq '(src|href)="?(http|//)' "$page"
	"$TOP/tests/lib/page.py" "$page" --every-way --eval '({
		cards: document.querySelectorAll(".card.leak").length,
		curves: document.querySelectorAll("figure .curve").length,
		flame: document.querySelectorAll(".flame button").length,
		dark: getComputedStyle(document.body).backgroundColor,
		text: document.body.innerText })' >"$BATS_TEST_TMPDIR/looks"
	expect "$(wc -l <"$BATS_TEST_TMPDIR/looks")" 4 looks
	jq -se 'all(.[]; .console == [] and .network == [] and (.too_wide | not)
			and .value.cards >= 2 and .value.curves >= 3 and .value.flame > 10
			and (.value.text | contains("accept_client") and contains("412 opened in 10 min, none closed")
				and contains("5,880 of 6,000 closed") and contains("src/upstream.c:212")))
		and ([.[].value.dark] | unique | length) == 2' "$BATS_TEST_TMPDIR/looks"
}

@test "html, openmetrics: of samples of a heap, the bytes that they stand for" {
	need chromium
	need promtool
	cd "$BATS_TEST_TMPDIR"
	"$TOP/userland/build/make_trace" heap.lt heap
	run_report 1 --format html -o page.html heap.lt
	"$TOP/tests/lib/page.py" page.html --eval '({
		card: [...document.querySelectorAll(".card.leak")].map(c => c.innerText).filter(t => t.includes("heap glibc")),
		rows: [...document.querySelectorAll("tbody tr")].map(r => r.innerText).filter(t => t.includes("heap glibc")) })' |
		jq -e '.console == [] and (.value.card | length == 1) and (.value.rows[0] | contains("31 MiB"))
			and (.value.card[0] | contains("≈ 31 MiB") and contains("in 32,503 blocks, by 500 samples")
				and contains("28 MiB to 34 MiB") and contains("+3.1 MiB\nper minute")
				and contains("Samples still live, by time of creation"))'
	run_report 1 --format openmetrics -o x.prom heap.lt
	expect "$(sed -n 's/^leaktrace_heap_bytes{.*function="cache_insert",bound="\(.*\)"} /\1 /p' x.prom | xargs)" \
		"estimate 32502614 low 29715748 high 35480456" "bytes, with their interval"
	run_report 1 --format prometheus -o old.prom heap.lt
	expect "$(promtool check metrics <old.prom 2>&1)" "" promtool
}

@test "text, JSON and html say that the heap grows, and blame nobody for it" {
	need chromium
	cd "$BATS_TEST_TMPDIR"
	"$TOP/userland/build/make_trace" grows.lt grows
	run_report 1 --format text -o text grows.lt
	grep -q '^suspect  the heap grows 27 KiB/s (21 MiB so far), first touched by cache_insert (cache.c:45) and others' text
	grep -q '  - first touched by cache_insert 82 %, request_buffer 18 %' text
	refute grep -q '^LEAK .*cache_insert' text
	run_report 1 --format json -o json grows.lt
	jq -e '[.findings[] | select(.first_touch)] | length == 1 and .[0].verdict == "suspect"
		and .[0].joined_by == "heap" and .[0].bytes == 5500 * 4096' json
	run_report 1 --format html -o page.html grows.lt
	"$TOP/tests/lib/page.py" page.html --eval '[...document.querySelectorAll(".card.suspect")].map(c => c.innerText)' |
		jq -e '.console == [] and (.value | length == 1)
			and (.value[0] | contains("The heap grows 1.6 MiB per minute") and contains("first touched by cache_insert and others"))'
}

@test "text, JSON and html say what share of stacks is complete, why the others are not, and which debug file is missing" {
	need chromium
	local short=$BATS_TEST_TMPDIR/short.lt
	"$TOP/userland/build/make_trace" "$short" short
	run_report 1 --format json -o "$BATS_TEST_TMPDIR/json" "$short"
	# live: 944 descriptors, 1,564 pages, 90 threads, 3 timers
	jq -e '.losses | .incomplete_stacks as $ended
		| ($ended | map(.objects) | add) as $o | ($ended | map(.bytes) | add) as $b
		| ($ended | length == 2) and $o > 0 and $b > 0
		and ((.complete_stacks + $o / 2601 - 1) | fabs) < 0.001
		and ((.complete_stacks_bytes + $b / (1564 * 4096) - 1) | fabs) < 0.001' "$BATS_TEST_TMPDIR/json"
	run_report 1 --format text -o "$BATS_TEST_TMPDIR/text" "$short"
	run_report 1 --format json -o "$BATS_TEST_TMPDIR/whole" "$TRACE"
	jq -e '.losses | has("missing_debug") | not' "$BATS_TEST_TMPDIR/whole"
	run_report 1 --format html -o "$BATS_TEST_TMPDIR/page.html" "$short"
	"$TOP/tests/lib/page.py" "$BATS_TEST_TMPDIR/page.html" --eval 'document.body.innerText' >"$BATS_TEST_TMPDIR/looks"
	"$PYTHON" - "$BATS_TEST_TMPDIR" <<-'PY'
		import json, re, sys
		folder = sys.argv[1]
		losses = json.load(open(folder + "/json"))["losses"]
		text = re.sub(r"\s+", " ", open(folder + "/text").read())
		page = re.sub(r"\s+", " ", json.load(open(folder + "/looks"))["value"])
		ended = losses["incomplete_stacks"]
		share = "%.4g %% of objects and %.4g %% of bytes have complete stacks; incomplete:" % (
		    100 - sum(e["objects"] for e in ended) / 26.01, 100 - sum(e["bytes"] for e in ended) / 15.64 / 4096)
		assert share in text, share
		assert "%.0f %% of objects and %.0f %% of bytes" % (
		    100 * losses["complete_stacks"], 100 * losses["complete_stacks_bytes"]) in page, page
		for e in ended:
		    assert "{:,} ({})".format(e["objects"], e["why"]) in text, e
		    assert "Incomplete stacks: " + e["why"] in page, page
		    assert "{:,} objects".format(e["objects"]) in page, page
		gone = losses["missing_debug"]
		assert gone["file"].startswith("/build/relayd/") and gone["file"].endswith(".c.dwo") and gone["files"] > 2, gone
		assert ("inlined functions and tail calls of relayd are not named: its debug information is in %s, which is missing, "
		        "or of another build (and %d other files); put it there, or relayd.dwp beside %s"
		        % (gone["file"], gone["files"] - 1, gone["module"])) in text, text
		assert "Missing debug information %s of %s, and %d more" % (
		    gone["file"], gone["module"], gone["files"] - 1) in page, page
		rest = next(s["rest"] for s in json.load(open(folder + "/json"))["sites"] if "rest" in s)
		went_on = "That of one object continues: " + " ".join(
		    "%s %s" % (f["function"] or "%s+%#x" % (f["module"].split("/")[-1], f["offset"]),
		               "%s:%d" % (f["file"], f["line"]) if f["file"] else f["module"]) for f in rest["frames"])
		assert went_on in page, (went_on, page)
	PY
}

@test "html: frames of libraries are marked, wherever in the report they stand" {
	run_report 1 --format html -o "$BATS_TEST_TMPDIR/page.html" "$TRACE"
	sed -n 's|.*id="data">\(.*\)</script>.*|\1|p' "$BATS_TEST_TMPDIR/page.html" |
		jq -e '[.. | objects | select(has("function") and has("module") and has("file"))]
			| length > 20 and all(.[]; (.machinery == true) == (.module | test("/(libc|ld)[.-]")))
				and any(.[]; .machinery)'
}

@test "html: the flame graph is searched and zoomed" {
	need chromium
	local page=$BATS_TEST_TMPDIR/page.html
	run_report 1 --format html -o "$page" "$TRACE"
	"$TOP/tests/lib/page.py" "$page" --type '.tools input' upstream --eval '({
		hits: [...document.querySelectorAll(".flame .hit")].map(b => b.textContent),
		told: document.querySelector(".told").textContent })' |
		jq -e '.console == [] and .value.hits == ["upstream_connect"] and (.value.told | startswith("120 of 944 (13 %)"))'
	"$TOP/tests/lib/page.py" "$page" --click '.flame button[aria-label^="pool_get"]' --eval '({
		wide: document.querySelector(".flame button[aria-label^=pool_get]").style.width,
		gone: document.querySelector(".flame button[aria-label^=session_open]") === null,
		out: document.querySelector(".tools button").disabled })' |
		jq -e '.console == [] and .value == {wide: "100%", gone: true, out: false}'
}

@test "html: names that a hostile process chose stay text" {
	need chromium
	local page=$BATS_TEST_TMPDIR/page.html
	run_report 1 --format html -o "$page" "$HOSTILE"
	"$TOP/tests/lib/page.py" "$page" --eval '({
		scripts: document.scripts.length, alien: document.querySelectorAll("img, main svg[onload], main b > b").length,
		shown: document.body.innerText.includes("</script><script>alert(\u0027pwned\u0027)</script>"),
		bidi: /[\u202a-\u202e]/.test(document.body.innerText) })' |
		jq -e '.console == [] and .network == [] and .value == {scripts: 2, alien: 0, shown: true, bidi: false}'
	# and if one did become markup, it would not run
	sed 's|<main id="page">|&<script>console.log("ran")</script><img src="x.png" onerror="console.log(1)">|' "$page" >"$page.bad.html"
	"$TOP/tests/lib/page.py" "$page.bad.html" | jq -e '(.console | length > 0 and all(contains("Content Security Policy")))
		and .network == []'
}

@test "site: one whole, by number, by hash and by how that begins" {
	local id=$BATS_TEST_TMPDIR/id hash number
	run_report 1 --format json "$TRACE"
	jq -r '.sites[0] | .id, .hash' <<<"$output" >"$id"
	jq -e '[.sites[].hash] | all(test("^[0-9a-f]{16}$")) and (unique | length) == length' <<<"$output"
	{ read -r number && read -r hash; } <"$id"
	run_report 1 --site "$number" "$TRACE"
	local whole=$output
	[[ $whole == *"site $number, hash $hash"* && $whole == *__libc_start_main* && $whole == *"created at"* ]]
	run_report 1 --site "$hash" "$TRACE"
	expect "$output" "$whole" "by hash"
	run_report 1 --site "${hash:0:6}" "$TRACE"
	expect "$output" "$whole" "by the beginning of it"
	run_report 1 --site "$hash" --format json "$TRACE"
	expect "$(jq -r '"\(.id) \(.hash)"' <<<"$output")" "$number $hash" "as JSON"
	run lt report --site nonesuch "$TRACE"
	expect "$status" 2 "exit status"
	run lt report --site 1 --format html "$TRACE"
	expect "$status" 2 "exit status of another format"
}

# on_terminal ROWS COMMAND: through a terminal of that height
on_terminal() { TERM=xterm SHELL=/bin/sh script -qefc "stty rows $1 cols 200; $2" /dev/null </dev/null; }

@test "pager: for a report that is longer than the terminal, and for nothing else" {
	need script
	local paged=$BATS_TEST_TMPDIR/paged report
	report="$(printf %q "$TOP/userland/leaktrace") report $(printf %q "$TRACE")"
	lt report "$TRACE" >"$BATS_TEST_TMPDIR/whole" || expect $? 1 status
	export LEAKTRACE_PAGER="cat >$paged" PAGER=false
	run on_terminal 24 "$report --no-color"
	expect "$status" 1 "exit status: $output"
	diff "$paged" "$BATS_TEST_TMPDIR/whole" >&2
	rm "$paged"
	run on_terminal 2000 "$report"
	[[ $output == *LEAK* && ! -e $paged ]]
	run on_terminal 24 "$report -o $BATS_TEST_TMPDIR/file"
	diff "$BATS_TEST_TMPDIR/file" "$BATS_TEST_TMPDIR/whole" >&2
	[ ! -e "$paged" ]
	LEAKTRACE_PAGER=/nonexistent run on_terminal 24 "$report"
	[[ $output == *LEAK* && $output == *"exact"* ]]
	unset LEAKTRACE_PAGER
	PAGER="cat >$paged" run on_terminal 24 "$report"
	[ -s "$paged" ]
}

# in_tmux COLUMNS COMMAND: what it writes to a terminal of that width, without the
# terminal's own line breaks
in_tmux() {
	local socket rows
	socket=$(mktemp -u "$BATS_TEST_TMPDIR/tmux.XXXX")
	tmux -S "$socket" -f /dev/null new-session -d -x "$1" -y 24 \
		"printf 'rows %s\n' \$(tput cols); $2; echo; echo all done; sleep 1000" 3>&-
	written() { tmux -S "$socket" capture-pane -p -S - | grep -qx 'all done'; }
	until_true 60 written || true
	rows=$(tmux -S "$socket" capture-pane -p -J -S -)
	tmux -S "$socket" kill-server
	grep -qx 'all done' <<<"$rows" || { echo "$rows" >&2; return 1; }
	sed -e '/^all done/,$d' -e 's/ *$//' <<<"$rows"
}

# The words of a report, with the last part of each path only
words() { tr -s ' \n' '\n' | sed -e 's|.*/||' -e '/^$/d'; }

@test "text: fits each width of a terminal, and no word of it is lost" {
	need tmux
	cd "$BATS_TEST_TMPDIR"
	export LC_ALL=C.UTF-8
	local columns what
	"$TOP/userland/build/make_trace" short.lt short
	for columns in 60 80 120; do
		for what in "report $TRACE" "report --all short.lt" "report --site 3 $TRACE" "diff short.lt $TRACE"; do
			# shellcheck disable=SC2086
			lt $what >whole || [ $? = 1 ]
			in_tmux $columns "LEAKTRACE_PAGER='cat -' '$LEAKTRACE' $what" >got
			grep -qx "rows $columns" got
			sed -i 1d got
			[ "$(wc -L <got)" -le $columns ] || { cat got >&2; false; }
			expect "$(words <got)" "$(words <whole)" "$what: the words at $columns columns"
		done
	done
	# wherever they stand, functions begin in one column
	in_tmux 80 "LEAKTRACE_PAGER='cat -' '$LEAKTRACE' report $TRACE" >got
	grep -q '^  created at accept4   .*accept4.c:27 .*(libc.so.6)$' got
	grep -q '^             accept_client   .*listen.c:57 .*(relayd)$' got
	grep -q '^    38 min$' got
}

@test "openmetrics: sums are the report's, a strict reader takes it, so does promtool" {
	need promtool
	"$TOP/userland/build/make_trace" "$BATS_TEST_TMPDIR/wide.lt" wide
	local file
	for file in "$TRACE" "$HOSTILE" "$BATS_TEST_TMPDIR/wide.lt"; do
		run_report 1 --format openmetrics -o "$BATS_TEST_TMPDIR/x.prom" "$file"
		lt report --format json "$file" >"$BATS_TEST_TMPDIR/x.json" || true
		expect "$(tail -1 "$BATS_TEST_TMPDIR/x.prom")" "# EOF" "last line"
		"$PYTHON" - "$BATS_TEST_TMPDIR/x.prom" "$BATS_TEST_TMPDIR/x.json" <<-'PY'
			import collections, json, sys
			from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse
			families = {f.name: f for f in parse(open(sys.argv[1]).read())}
			totals = json.load(open(sys.argv[2]))['totals']
			live = collections.Counter()
			for s in families['leaktrace_live'].samples:
			    live[s.labels['kind']] += s.value
			rows = collections.Counter(s.labels['kind'] for s in families['leaktrace_live'].samples)
			for kind, t in totals.items():
			    assert live[kind] == t['live'], (kind, live[kind], t)
			    assert rows[kind] <= 34, (kind, rows[kind])
			for name in ('born', 'died'):
			    have = {s.labels['kind']: s.value for s in families['leaktrace_' + name].samples}
			    assert families['leaktrace_' + name].type == 'counter'
			    assert have == {k: t[name] for k, t in totals.items()}, (name, have)
			assert {s.labels['cause'] for s in families['leaktrace_lost'].samples} >= {'events', 'objects', 'stacks'}
		PY
		# the older format, for node_exporter: the same samples, and counters are typed
		run_report 1 --format prometheus -o "$BATS_TEST_TMPDIR/old.prom" "$file"
		promtool check metrics <"$BATS_TEST_TMPDIR/old.prom" >"$BATS_TEST_TMPDIR/lint" 2>&1 || { cat "$BATS_TEST_TMPDIR/lint"; false; }
		expect "$(cat "$BATS_TEST_TMPDIR/lint")" "" "promtool"
		grep -qx '# TYPE leaktrace_born_total counter' "$BATS_TEST_TMPDIR/old.prom"
		diff <(grep -v '^#' "$BATS_TEST_TMPDIR/x.prom") <(grep -v '^#' "$BATS_TEST_TMPDIR/old.prom")
		# a label is the same after the next attach: no number
		grep '^leaktrace_live{' "$BATS_TEST_TMPDIR/x.prom" | grep -q 'site="[0-9a-f]\{16\}"'
		refute grep 'site="[0-9]\{1,10\}"' "$BATS_TEST_TMPDIR/x.prom"
	done
}

@test "output: a file is replaced as a whole, or stays as it was" {
	cd "$BATS_TEST_TMPDIR"
	echo old >x.prom
	ln x.prom same.prom
	run_report 1 --format openmetrics -o x.prom "$TRACE"
	expect "$(cat same.prom)" old "who had it open"
	grep -qx '# EOF' x.prom
	echo old >x.prom
	run lt report --format openmetrics -o x.prom "$BATS_TEST_DIRNAME/lib/common.bash"
	expect "$status" 2 status
	expect "$(cat x.prom)" old "after a failure"
	expect "$(ls)" "$(printf 'same.prom\nx.prom')" "what is left"
	run lt report --format openmetrics -o /dev/stdout "$TRACE"
	[[ $output == *"# EOF" ]]
}

# Whoever runs it may be root, and the directory somebody else's.
@test "output: links and pipes under names of our making are neither followed nor waited for" {
	cd "$BATS_TEST_TMPDIR"
	echo old >other
	mkdir dir
	ln -s ../other dir/leaktrace-4242-fd.pb.gz
	mkfifo dir/leaktrace-4242-page.pb.gz
	lt report --format pprof -o dir/ "$TRACE" || [ $? = 1 ]
	zcat dir/leaktrace-4242-fd.pb.gz dir/leaktrace-4242-page.pb.gz | grep -aq accept_client
	[ -f dir/leaktrace-4242-page.pb.gz ]
	ln -s other x.lt.partial
	refute "$TOP/userland/build/make_trace" x.lt
	rm x.lt.partial
	mkfifo x.lt.partial
	refute timeout 60 "$TOP/userland/build/make_trace" x.lt
	expect "$(cat other)" old "what the links lead to"
}

# Its ports for HTTP and for gRPC are in $SAYS, what it got in got/.
collector() { until_it_says "$TOP/tests/lib/collector.py" "$BATS_TEST_TMPDIR/got" "$@"; }

@test "push: Pyroscope, Parca and a plain endpoint get the very profiles, with their labels" {
	local http grpc k
	collector
	read -r http grpc <<<"$SAYS"
	lt report --format pprof -o "$BATS_TEST_TMPDIR/" "$TRACE" || true
	lt push "$TRACE" --to "http://127.0.0.1:$http/" --label env=test --label service_name=relay
	lt push "$TRACE" --to "http://127.0.0.1:$grpc" --protocol parca
	LEAKTRACE_PUSH_TOKEN=sesame lt push "$TRACE" --to "http://127.0.0.1:$http/ingest" --protocol pprof
	jq -sc '.[] | select(.n == 1 or .n == 5 or .n == 9)' "$BATS_TEST_TMPDIR/got/log" >&2
	jq -se 'length == 12 and ([.[].to] | unique) == ["parca", "pprof", "pyroscope"]
		and all(.[:4][]; .to == "pyroscope" and .["Content-Type"] == "application/proto"
			and .labels.env == "test" and .labels.service_name == "relay" and .labels.pid == "4242")
		and ([.[:4][].labels.__name__] == ["leaktrace_fd", "leaktrace_page", "leaktrace_timer", "leaktrace_thread"])
		and all(.[4:8][]; .to == "parca" and .labels.service_name == "relayd" and .labels.instance == "edge-7")
		and all(.[8:][]; .to == "pprof" and .Authorization == "Bearer sesame")
		and (.[8].path == "/ingest?name=relayd.fd&from=1790005000&until=1790005600&format=pprof")' "$BATS_TEST_TMPDIR/got/log"
	local kinds=(fd page timer thread)
	for k in {0..11}; do
		cmp "$BATS_TEST_TMPDIR/got/$((k + 1)).pb.gz" "$BATS_TEST_TMPDIR/leaktrace-4242-${kinds[k % 4]}.pb.gz"
	done
}

@test "push: tries again when the server cannot, not when it will not" {
	local http grpc
	collector --fail 1
	read -r http grpc <<<"$SAYS"
	lt push "$TRACE" --to "http://127.0.0.1:$http"
	expect "$(wc -l <"$BATS_TEST_TMPDIR/got/log")" 4 profiles
	collector --fail 1
	read -r http grpc <<<"$SAYS"
	lt push "$TRACE" --to "http://127.0.0.1:$grpc" --protocol parca
	expect "$(wc -l <"$BATS_TEST_TMPDIR/got/log")" 8 profiles
	collector --fail 4 --status 401
	read -r http grpc <<<"$SAYS"
	run lt push "$TRACE" --to "http://127.0.0.1:$http"
	expect "$status" 2 status
	expect "${#lines[@]}" 4 "a line for each"
	[[ ${lines[0]} == *"rejected: the server answered HTTP 401"*"not now"* && $output != *$'\e'* ]]
}

@test "push: what makes no sense is told at once" {
	local wrong
	for wrong in "" "--to ftp://x/" "--to http://localhost --protocol smoke" "--to http://localhost --label 1=2" \
		"--to http://localhost --every 1s"; do
		# shellcheck disable=SC2086 # words
		run lt push "$TRACE" $wrong
		expect "$status" 2 "status of push $wrong"
		expect "${#lines[@]}" 1 "lines of push $wrong"
	done
}

@test "serve: Prometheus scrapes it, go tool pprof fetches, Ctrl-C ends it" {
	need prometheus
	need go
	cd "$BATS_TEST_TMPDIR"
	until_it_says lt_front serve "$TRACE" --listen 0
	local url=${SAYS#serving at } server=$SERVER port
	[[ $url == http://127.0.0.1:*/ ]]
	pprof -top "${url}debug/pprof/fd" >top
	grep -Eq ' 824 87.29%  accept_client$' top
	curl -s "${url}debug/pprof/" | grep -q '/debug/pprof/thread?pid=4242'
	curl -s "$url" | grep -q '</html>'
	cat >prometheus.yml <<-YML
		scrape_configs:
		- job_name: leaktrace
		  scrape_interval: 1s
		  static_configs: [{targets: ['${url:7:-1}']}]
	YML
	port=$(free_port)
	in_background prometheus --config.file=prometheus.yml --storage.tsdb.path=data \
		--web.listen-address="127.0.0.1:$port"
	scraped() {
		curl -s "http://127.0.0.1:$port/api/v1/query" --data-urlencode 'query=sum by (kind) (leaktrace_live)' |
			jq -e '[.data.result[] | select(.value[1] != "0") | {(.metric.kind): .value[1]}] |
				add == {fd: "958", page: "3774", timer: "3", thread: "95"}'
	}
	until_true 60 scraped
	kill -INT "$server"
	wait "$server"
}

@test "serve: loopback only, bounded, and unimpressed" {
	until_it_says lt_front serve "$HOSTILE" --listen 0
	local url=${SAYS#serving at } server=$SERVER
	code() { curl -s -o /dev/null -w '%{http_code}' "$@"; }
	expect "$(code -H 'Host: evil.example' "$url")" 403 "by a name"
	expect "$(code -X POST -d x "$url")" 405 "POST"
	expect "$(code "${url}debug/pprof/mutex")" 404 "no such kind"
	expect "$(code "${url}debug/pprof/fd?pid=1")" 404 "no such process"
	expect "$(code --path-as-is "${url}../etc/passwd")" 404 "no such path"
	refute grep -q '<b>x' <(curl -s "${url}debug/pprof/")
	"$PYTHON" - "$url" <<-'PY'
		import random, socket, sys
		port, random = int(sys.argv[1].rstrip('/').split(':')[-1]), random.Random(1)
		def one():
		    s = socket.create_connection(('127.0.0.1', port))
		    s.settimeout(0.02)
		    return s
		for i in range(120):
		    s = one()
		    data = [random.randbytes(2000), b'GET /' + b'A' * 60000 + b' HTTP/1.1\r\n\r\n',
		            b'GET /metrics?pid=' + b'%00%ff' * 300 + b' HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n',
		            b'POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\nx',
		            b'GET / HTTP/1.1\r\n' + b'X: y\r\n' * 8000,
		            b'GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n' * 9][i % 6]
		    try:
		        s.sendall(data)
		        s.recv(100)
		    except OSError:
		        pass
		    s.close()
		idle = [one() for _ in range(100)]
	PY
	expect "$(code -m 20 "${url}metrics")" 200 "afterwards"
	[ "$(grep -c socket: < <(ls -l "/proc/$server/fd"))" -le 40 ]
	kill -INT "$server"
	wait "$server"
	run lt serve "$TRACE" --listen somewhere:1
	expect "$status" 2 status
	run lt serve "$BATS_TEST_TMPDIR/nothing.lt"
	expect "$status" 2 status
}

@test "outputs: without the memory for a text, none is written and the status is 2" {
	local preload=$BATS_TEST_TMPDIR/no_memory.so command
	"${CC:-cc}" -shared -fPIC -o "$preload" "$TOP/tests/lib/no_memory.c"
	sleep 600 3>&- &
	STARTED+=("$!")
	for command in "report $TRACE" "diff $TRACE $TRACE" "heap $!" "report --help" "help report"; do
		# shellcheck disable=SC2086 # words
		LD_PRELOAD=$preload run "$LEAKTRACE" $command
		expect "$status" 2 "status of $command: $output"
		[[ $output =~ out\ of\ memory$|Cannot\ allocate\ memory$ ]] || { echo "$command: $output" >&2; false; }
		expect "${#lines[@]}" 1 "lines of $command"
	done
	LD_PRELOAD=$preload run "$LEAKTRACE" report "$TRACE" -o "$BATS_TEST_TMPDIR/text"
	expect "$status" 2 "status with -o"
	[ ! -e "$BATS_TEST_TMPDIR/text" ]
}

@test "openmetrics: alert rules say what they should, the dashboard asks for what there is" {
	need promtool
	cd "$TOP/packaging/prometheus"
	promtool check rules leaktrace.rules.yml
	promtool test rules leaktrace.rules.test.yml
	run_report 1 --format prometheus -o "$BATS_TEST_TMPDIR/x.prom" "$TRACE"
	"$PYTHON" - "$BATS_TEST_TMPDIR/x.prom" "$TOP/packaging" "$BATS_TEST_TMPDIR/dashboard.yml" <<-'PY'
		import json, re, sys
		metrics = {l.split()[2] for l in open(sys.argv[1]) if l.startswith('# TYPE')}
		source = open(sys.argv[2] + '/../userland/agent/metrics.c').read()
		agents = {'leaktrace_agent_' + name + ('_total' if counter == 'true' else '')
		          for name, counter in re.findall(r'put\(f, openmetrics, "(\w+)", (true|false),', source)}
		assert len(agents) >= 11, agents
		metrics |= agents
		rules = open(sys.argv[2] + '/prometheus/leaktrace.rules.yml').read()
		recorded = set(re.findall(r'record: (\S+)', rules))
		dashboard = json.load(open(sys.argv[2] + '/grafana/leaktrace.json'))
		variables = {v['name'] for v in dashboard['templating']['list']}
		panels = dashboard['panels']
		assert len({p['id'] for p in panels}) == len(panels)
		cells = [(x, y) for p in panels for g in [p['gridPos']]
		         for x in range(g['x'], g['x'] + g['w']) for y in range(g['y'], g['y'] + g['h'])]
		assert len(set(cells)) == len(cells) and max(x for x, _ in cells) == 23
		asked = [t['expr'] for p in panels for t in p['targets']]
		for text in asked + re.findall(r'expr: (?:>-\s+)?((?:.|\n      )+)', rules):
		    for name in re.findall(r'\bleaktrace[_:][a-z_:]+', text):
		        # these are there if a process has one
		        assert name in metrics | recorded | {'leaktrace_children'}, name
		for name in agents:
		    assert any(re.search(r'\b%s\b' % name, text) for text in asked), name
		for text in asked:
		    assert set(re.findall(r'\$(\w+)', text)) <= variables, text
		with open(sys.argv[3], 'w') as f:
		    print('groups: [{name: x, rules: [', file=f)
		    for n, text in enumerate(asked):
		        print('{record: x%d, expr: %s},' % (n, json.dumps(text)), file=f)
		    print(']}]', file=f)
	PY
	promtool check rules "$BATS_TEST_TMPDIR/dashboard.yml"
}

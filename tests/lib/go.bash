# shellcheck shell=bash
# What the suites about Go share: tests/victims/go, built with the oldest and the
# newest Go of Debian; $LEAKTRACE_GO is another program 'go' than the newest one. A
# suite says: load lib/common, load lib/go.
# shellcheck disable=SC2034,SC2153 # REPORT, VICTIMS, VICTIM: see common.bash

# build GO VICTIM VARIANT: compiled packages are kept in the cache
build() {
	local cache=${LEAKTRACE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/leaktrace}
	local flags=(-tags profile) package=. strip=-ldflags='-s -w'
	case $3 in
	linked-out) flags=("$strip") ;;
	strip) flags+=("$strip") ;;
	pie) flags+=(-buildmode=pie) ;;
	strip-pie) flags+=(-buildmode=pie "$strip") ;;
	leaks) flags=(-trimpath) package=$TOP/docs/examples/leaks.go ;;
	network | kernels) flags=("$strip") package=./$3 ;;
	esac
	(
		cd "$TOP/tests/victims/go" || exit
		export CGO_ENABLED=0 GOFLAGS='-buildvcs=false' GOTOOLCHAIN=local GOPROXY=off
		export GOCACHE=$cache/golang/build GOPATH=$BATS_FILE_TMPDIR
		"$1" build -o "$2-$3" "${flags[@]}" "$package"
	)
}

# build_victims VARIANT…: as $GO_VICTIMS/old-VARIANT and new-VARIANT
build_victims() {
	local new variant
	export GO_VICTIMS=$BATS_FILE_TMPDIR/go
	mkdir "$GO_VICTIMS"
	command -v go >/dev/null || lacking "no go: run scripts/setup --test"
	new=${LEAKTRACE_GO:-$("$TOP/scripts/golang")} || lacking "no newer Go: scripts/golang failed"
	for variant; do
		build "$(command -v go)" "$GO_VICTIMS/old" "$variant"
		build "$new" "$GO_VICTIMS/new" "$variant"
	done
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
	"$LEAKTRACE" go "$VICTIM" --every 500ms --count 5 --format json >"$REPORT" 3>&- &
	looker=$!
	while kill -0 $looker 2>/dev/null; do
		"$@"
		sleep 0.2
	done
	wait $looker || REPORT_STATUS=$?
}

# --verdict, with the collection that it waits for
ask_runtime() {
	REPORT=$(scratch)/go.json
	lt go "$VICTIM" --verdict --format json </dev/null >"$REPORT" &
	while kill -0 $! 2>/dev/null; do
		tell gc
		sleep 0.05
	done
	wait $! || expect $? 1 "exit status"
}

# Some of everything that leaks. In one go: bats is slow on a busy machine, and what
# is looked at twice a second is to have grown meanwhile.
leak() {
	local answers orders=('recv 20' 'send 20' 'select 20' 'group 20' 'held 20' 'mutex 20'
		'thread 10' 'locked 10' 'ticker 20' 'after 20' 'context 20' 'map 500' 'slice 40'
		'title 40' gc)
	printf '%s\n' "${orders[@]}" >&"${VICTIM_IN[$VICTIM]}"
	mapfile -t -n "${#orders[@]}" -u "${VICTIM_OUT[$VICTIM]}" answers
	[ "${answers[*]}" = "${orders[*]//*/ok}" ] || { echo "the victim: ${answers[*]}" >&2; return 1; }
}

# --- the table of leaks in docs/go.md ---

# table_rows SUBCOMMAND: NAME GO COMMAND ANSWER NAMED of its rows, by tabs
table_rows() {
	awk -F ' *[|] *' -v subcommand="leaktrace $1 " '/^## / { in_table = /^## Leaks, and/ }
		in_table && $3 ~ /^`/ && index($4, subcommand) == 2 {
			go = $2 ~ /before Go/ ? "old" : "new"
			gsub(/`/, "")
			print $3 "\t" go "\t" $4 "\t" $5 "\t" $6 }' "$TOP/docs/go.md"
}

# look_at_example PROGRAM NAME COMMAND [mended]: what COMMAND says of it, to a file
look_at_example() {
	local out words pid status=0
	out=$(scratch)/$2${4-}
	"$1" "$2" ${4:+"$4"} >"$out.log" 2>&1 3>&- &
	pid=$!
	echo $pid >>"$(scratch)/pids"
	sleep 2		# what is only set up does not grow any more
	read -ra words <<<"${3/PID/$pid}"
	lt "${words[@]:1}" >"$out" 2>&1 || status=$?
	echo "exit status $status" >>"$out"
	kill $pid
}

# table_is_as_told SUBCOMMAND PROGRAM LOOKS: so many looks at once, at its rows and their mended
# twins; @ in PROGRAM stands for GO
table_is_as_told() {
	local name go command answer named twin looks=()
	while IFS=$'\t' read -r name go command answer named; do
		for twin in '' mended; do
			look_at_example "${2/@/$go}" "$name" "$command" $twin 3>&- &
			looks+=($!)
		done
	done < <(table_rows "$1")
	expect "${#looks[@]}" "$3" looks
	wait "${looks[@]}"
	examples_are_as_told "$1"
}

# If they have not ended with the look.
end_examples() {
	local pid
	[ -e "$(scratch)/pids" ] || return 0
	while read -r pid; do
		kill -KILL "$pid" 2>/dev/null || true
	done <"$(scratch)/pids"
}

# examples_are_as_told SUBCOMMAND: each of its rows, and of mended twins nothing is said
examples_are_as_told() {
	local name go command answer named out
	while IFS=$'\t' read -r name go command answer named; do
		out=$(scratch)/$name
		"$PYTHON" "$TOP/tests/lib/docs.py" printed "$out" "$answer" "    $named" ||
			{ printf '%s\n' "$name" "$answer" "$named" | cat - "$out" >&2; return 1; }
		expect "$(tail -n 1 "$out")" "exit status $([[ ${answer,,} == leak* ]] && echo 1 || echo 0)" "$name"
		expect "$(tail -n 1 "${out}mended")" "exit status 0" "mended $name"
		refute grep -E -i -A 3 '^(leak|suspect|finding|grows)' "${out}mended"
	done < <(table_rows "$1")
}

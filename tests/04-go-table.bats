#!/usr/bin/env bats
# The table of leaks in docs/go.md: each command is run on the example of that name, and its
# answer is as the table says; of the mended twin nothing is said.
# bats file_tags=host,go
# shellcheck disable=SC2030,SC2031,SC2034,SC2153 # VICTIMS, VICTIM: see lib/common

load lib/common
load lib/go

setup_file() { build_victims leaks; }

# NAME GO COMMAND ANSWER NAMED of each row, by tabs
rows() {
	awk -F ' *[|] *' '/^## / { in_table = /^## Leaks, and/ } in_table && $3 ~ /^`/ {
		go = $2 ~ /before Go/ ? "old" : "new"
		gsub(/`/, "")
		print $3 "\t" go "\t" $4 "\t" $5 "\t" $6 }' "$TOP/docs/go.md"
}

# look NAME GO COMMAND [mended]: what COMMAND says of the example, which runs meanwhile
look() {
	local out words pid status=0
	out=$(scratch)/$1${4-}
	"$GO_VICTIMS/$2-leaks" "$1" ${4:+"$4"} >"$out.log" 2>&1 3>&- &
	pid=$!
	echo $pid >>"$(scratch)/pids"
	sleep 2		# what is only set up does not grow any more
	read -ra words <<<"${3/PID/$pid}"
	lt "${words[@]:1}" >"$out" 2>&1 || status=$?
	echo "exit status $status" >>"$out"
	kill $pid
}

teardown() {
	local pid
	while read -r pid; do
		kill -KILL "$pid" 2>/dev/null || true
	done <"$(scratch)/pids"
}

# said NAME LINE…: of the example
said() {
	"$PYTHON" "$TOP/tests/lib/docs.py" printed "$(scratch)/$1" "${@:2}" ||
		{ printf '%s\n' "$@" | cat - "$(scratch)/$1" >&2; return 1; }
}

@test "go: the table of leaks in docs/go.md is what is printed, and of mended twins nothing is" {
	local name go command answer named looks=()
	while IFS=$'\t' read -r name go command answer named; do
		look "$name" "$go" "$command" 3>&- &
		looks+=($!)
		look "$name" "$go" "$command" mended 3>&- &
		looks+=($!)
	done < <(rows)
	expect "${#looks[@]}" 18 looks
	wait "${looks[@]}"
	while IFS=$'\t' read -r name go command answer named; do
		said "$name" "$answer" "    $named"
		expect "$(tail -n 1 "$(scratch)/$name")" "exit status $([[ $answer == leak* ]] && echo 1 || echo 0)" "$name"
		expect "$(tail -n 1 "$(scratch)/${name}mended")" "exit status 0" "mended $name"
		refute grep -E -A 3 '^(leak|suspect|finding|grows)' "$(scratch)/${name}mended"
	done < <(rows)
}

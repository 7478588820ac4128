#!/usr/bin/env bats
# What README.md and docs/ tell people to type works, and prints what they show.
# How blocks are marked, run and compared: tests/lib/docs.py.
# bats file_tags=docs
# shellcheck disable=SC2016 # what is quoted are documents

load lib/common

docs() { "$PYTHON" "$TOP/tests/lib/docs.py" "$@"; }

setup_file() {
	export DOCS=$BATS_FILE_TMPDIR
	[ -n "${LEAKTRACE_KERNEL-}" ] || make -s -C "$TOP/userland" >&2
}

teardown() { clean_up; }

# In a guest, with the module; README's and docs' files are one session each.
in_guest() {
	need_module
	command -v iperf3 >/dev/null || [[ $1 != README.md ]] || lacking "no iperf3: run scripts/setup"
	module_loaded || insmod "$LEAKTRACE_KO"
	hide_debug_files
	DOCS_PLAY=$BATS_TEST_TMPDIR docs run vm "$TOP/$1" >&3
}

# bats test_tags=host
@test "docs: commands, options, paths, links and headings that are named exist" {
	docs check "$TOP"/*.md "$TOP"/docs/*.md
}

# bats test_tags=host
@test "docs: what cannot be run is counted, and is no more than it was" {
	docs count "$TOP"/README.md "$TOP"/docs/*.md >"$DOCS/count"
	sed 's/^/# /' "$DOCS/count" >&3
	# a command that nobody runs wants a reason, here, too
	grep -q ', not run 36$' "$DOCS/count"
}

# bats test_tags=host
@test "docs: each page is run by a test" {
	local page
	for page in "$TOP"/README.md "$TOP"/docs/*.md; do
		page=${page#"$TOP"/}
		[ "$(docs blocks vm "$TOP/$page")" = 0 ] ||
			grep -q "in_guest $page" "$BATS_TEST_FILENAME" || { echo "$page" >&2; false; }
		[ "$(docs blocks host "$TOP/$page")" = 0 ] ||
			grep -q "run host .*$page" "$BATS_TEST_FILENAME" || { echo "$page" >&2; false; }
	done
}

# bats test_tags=host
@test "docs: a wrong output, option, path or link is found" {
	local wrong=$BATS_TEST_TMPDIR/wrong.md line
	while read -r line; do
		printf '%b\n' "$line" >"$wrong"
		refute docs check "$wrong"
	done <<-'WRONG'
		`leaktrace attach 1 --no-such-option`
		`leaktrace nosuchcommand 1`
		`module/nosuchfile.c`
		[x](nosuchfile.md)
		```sh\nleaktrace report 1 --no-such-option\n```
		```\nleaktrace report 1\n```
	WRONG
	while read -r line; do
		printf '<!-- docs: host -->\n```console\n%b\n```\n' "$line" >"$wrong"
		refute docs run host "$wrong"
	done <<-'WRONG'
		$ echo 12 files, 3 KiB\n12 files, 3 KiB long
		$ echo 12 files, 3 KiB\n12 files, 0 KiB
		$ echo 12 files, 3 KiB\n12 files, 3 ms
		$ echo app.c:12\napp.c:13
		$ printf 'a\\nb\\n'\na
		$ printf 'a\\nb\\n'\nb
		$ false
	WRONG
	printf '<!-- docs: host -->\n```console\n$ printf "7 files, 2 MiB\\nx\\ny\\n"; sleep 60\n12  files, 3 KiB\n…\n^C\n```\n' >"$wrong"
	docs run host "$wrong"
}

# bats test_tags=host
@test "docs: what docs/internals.md shows is what is printed" {
	docs run host "$TOP/docs/internals.md"
}

# bats test_tags=host
@test "docs: what docs/contributing.md shows is what is printed" {
	docs run host "$TOP/docs/contributing.md"
}

# bats test_tags=host
@test "docs: what docs/heap.md shows is what happens" {
	DOCS_PLAY=$BATS_TEST_TMPDIR docs run host "$TOP/docs/heap.md"
}

# bats test_tags=host
@test "docs: what docs/look.md shows is what happens" {
	DOCS_PLAY=$BATS_TEST_TMPDIR docs run host "$TOP/docs/look.md"
}

# bats test_tags=host
@test "docs: what docs/agent.md shows is what happens" {
	DOCS_PLAY=$BATS_TEST_TMPDIR docs run host "$TOP/docs/agent.md"
}

# bats test_tags=host
@test "docs: what docs/objects.md shows is what happens" {
	DOCS_PLAY=$BATS_TEST_TMPDIR docs run host "$TOP/docs/objects.md"
}

# what --help prints, without the example: its long options
options_of_help() { lt "$1" --help | sed '/^example:/,$d' | grep -o -- '--[a-z][a-z-]*' | sort -u; }

# what a page has in .TP's lines below OPTIONS
options_of_page() {
	awk '/^\.SH/ { on = /OPTIONS/ } on && tag { print } { tag = /^\.TP/ }' "$1" |
		sed 's/\\-/-/g; s/\\f[BRI]/ /g' | grep -o -- '--[a-z][a-z-]*' | sort -u
}

# bats test_tags=host
@test "docs: each command has a manual page, with the options that it takes and no others" {
	local command commands
	mapfile -t commands < <(lt --help | sed -n 's/^  \([a-z][a-z]*\)  *[A-Z].*/\1/p')
	[ ${#commands[@]} -ge 12 ]
	expect "$(ls "$TOP/man")" "$(printf 'leaktrace-%s.1\n' "${commands[@]}" | cat - <(echo leaktrace.1) | LC_ALL=C sort)" pages
	for command in "${commands[@]}"; do
		diff <(options_of_help "$command") <(options_of_page "$TOP/man/leaktrace-$command.1") >&2 ||
			{ echo "< leaktrace $command --help; > its page" >&2; false; }
		grep -q "^\.BR leaktrace.*$command (1)" "$TOP/man/leaktrace.1"
	done
}

# bats test_tags=host
@test "docs: manual pages have a date, an example, and nothing that man warns of" {
	command -v man >/dev/null || lacking "no man: run scripts/setup"
	local page
	for page in "$TOP"/man/*.1; do
		LC_ALL=C.UTF-8 MANROFFSEQ='' MANWIDTH=80 man --warnings -E UTF-8 -l -Tutf8 -Z "$page" \
			2>"$BATS_TEST_TMPDIR/warnings" >/dev/null
		expect "$(cat "$BATS_TEST_TMPDIR/warnings")" "" "$page"
		grep -Eq '^\.TH [^ ]+ 1 "20[0-9]{2}-[0-9]{2}-[0-9]{2}" ' "$page"
		grep -qx '.SH EXAMPLES' "$page"
		grep -qx '.SH "\?EXIT STATUS"\?' "$page"
		docs check-man "$page"
	done
}

# bats test_tags=host
@test "docs: manual pages are installed" {
	make -s -C "$TOP/userland" install DESTDIR="$BATS_TEST_TMPDIR" PREFIX=/usr >&2
	diff -r "$TOP/man" "$BATS_TEST_TMPDIR/usr/share/man/man1"
}

# bats test_tags=vm
@test "docs: what README.md shows is what happens" { in_guest README.md; }

# bats test_tags=vm
@test "docs: what docs/report.md shows is what happens" { in_guest docs/report.md; }

# bats test_tags=vm
@test "docs: what docs/commands.md shows is what happens" { in_guest docs/commands.md; }

# bats test_tags=vm
@test "docs: what docs/json.md shows is what happens" { in_guest docs/json.md; }

# bats test_tags=vm
@test "docs: what docs/limits.md shows is what happens" { in_guest docs/limits.md; }

# bats test_tags=vm
@test "docs: what docs/go.md shows is what happens" {
	command -v go >/dev/null || lacking "no go: run scripts/setup --test"
	GO=$("$TOP/scripts/golang") || lacking "no newer Go: scripts/golang failed"
	export GO GOCACHE=${LEAKTRACE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/leaktrace}/golang/build
	in_guest docs/go.md
}

# bats test_tags=vm
@test "docs: what docs/heap.md shows of gates is what happens" {
	need_module
	load_module gates=1
	in_guest docs/heap.md
	load_module
}

# bats test_tags=vm
@test "docs: what docs/pairs.md shows is what happens" { in_guest docs/pairs.md; }

# the last one: it unloads the module
# bats test_tags=vm
@test "docs: what docs/install.md shows is what happens" { in_guest docs/install.md; }

#!/usr/bin/env bats
# Programs in Python, PHP, Perl and Ruby: the script's own lines, against the script's own word.
# bats file_tags=vm,script
# shellcheck disable=SC2016 # what is quoted are programs

load lib/common

setup() {
	need_module
	hide_debug_files
}

teardown() {
	[ -z "${program-}" ] || { kill -KILL "$program" 2>/dev/null; wait "$program" 2>/dev/null; } || true
	clean_up
}

# begin PROGRAM…: starts it, and waits until it says ready
begin() {
	local in=$BATS_TEST_TMPDIR/in out=$BATS_TEST_TMPDIR/out
	mkfifo "$in" "$out"
	"$@" <"$in" >"$out" 2>"$BATS_TEST_TMPDIR/err" 3>&- &
	program=$!
	exec 5>"$in" 6<"$out"
	hears ready
}

# hears WORD: what the program says next
hears() {
	local line
	read -r -t 300 line <&6
	expect "$line" "$1" "the program"
}

says() { echo "$*" >&5; }

@test "script: of two lines that open files the one that keeps them is named, and not its twin" {
	begin "$PYTHON" -u -c '
import os, time
kept = []
def get(keep):
    if keep:
        kept.append(os.open("/etc/passwd", os.O_RDONLY))
    else:
        os.close(os.open("/etc/passwd", os.O_RDONLY))
print("ready"); input()
for i in range(60):
    get(True); get(False)
    time.sleep(0.1)
print("done"); input()'
	lt attach "$program" --background --kinds fd
	says go
	hears "done"
	report "$program"
	assert_exact
	jq -e '[.findings[] | select(.verdict == "leak")] | length == 1 and .[0].live == {fd: 60}' "$REPORT" ||
		explain "not one leak of 60"
	jq -e '[.sites[] | select(.live > 0)] | all(.frames[.blame]
		| .file == "<string>" and .line == 6 and .function == "get" and .language == "python")' "$REPORT" ||
		explain "another line is blamed"
	jq -e '[.sites[] | select(.live == 0) | .frames[.blame].line] | unique == [8]' "$REPORT" ||
		explain "the twin is not apart"
	lt report "$program" >"$BATS_TEST_TMPDIR/text" || true
	grep -q 'fd file at get (<string>:6)' "$BATS_TEST_TMPDIR/text" || explain "$(cat "$BATS_TEST_TMPDIR/text")"
}

# bats test_tags=core,debug
@test "script: what is shown of each descriptor is the traceback of who opened it" {
	begin "$PYTHON" -u "$TOP/tests/victims/script.py" 20
	lt attach "$program" --background --kinds fd
	says go
	hears "done"
	report "$program"
	"$PYTHON" -S "$TOP/tests/lib/genl_command.py" objects "$program" fd >"$BATS_TEST_TMPDIR/objects"
	says tell
	read -r -t 300 truth <&6
	echo "$truth" >"$BATS_TEST_TMPDIR/truth"
	"$PYTHON" -S "$TOP/tests/lib/script.py" "$BATS_TEST_TMPDIR/truth" "$REPORT" "$BATS_TEST_TMPDIR/objects"
}

# begin_opening PROGRAM…: begins it with a folder to open files in, and attaches while it does
begin_opening() {
	mkdir "$BATS_TEST_TMPDIR/files"
	begin "$@" 20 "$BATS_TEST_TMPDIR/files"
	lt attach "$program" --background --kinds fd
	says go
	hears "done"
	report "$program"
	assert_exact
	"$PYTHON" -S "$TOP/tests/lib/genl_command.py" objects "$program" fd >"$BATS_TEST_TMPDIR/objects"
	says tell
	read -r -t 300 truth <&6
	echo "$truth" >"$BATS_TEST_TMPDIR/truth"
	"$PYTHON" -S "$TOP/tests/lib/script.py" "$BATS_TEST_TMPDIR/truth" "$REPORT" "$BATS_TEST_TMPDIR/objects"
}

# Of what work() calls: one way through the interpreter, four lines, of which the second keeps nothing.
# lines_are_apart LANGUAGE FRAMES REGEX CLEAN: the script's frames of these lines, their functions, and the second one's
lines_are_apart() {
	jq -e --arg language "$1" --argjson frames "$2" --arg functions "$3" '[.sites[]
		| select([.frames[] | select(.script)] | length == $frames)
		| {live, own: .frames[.blame], machine: [.frames[] | select(.script | not) | [.module, .offset]]}
		| select(.own.function | test($functions))]
		| (group_by(.machine) | any(map(.own.line) | unique | length == 4))
		and (group_by(.own.line) | map(map(.live) | add) == [20, 0, 20, 20])
		and all(.own.language == $language)' "$REPORT" || explain "the lines are not apart"
	jq -e --arg clean "$4" '[.sites[] | select(.frames[.blame].function == $clean) | .id] as $clean | ($clean | length > 0)
		and all(.findings[].sites[]; . as $id | $clean | index($id) | not)' "$REPORT" ||
		explain "the clean twin is a finding"
}

# bats test_tags=core
@test "script: PHP's lines are told apart where machine code is one, and are those of its tracebacks" {
	begin_opening php "$TOP/tests/victims/script.php"
	lines_are_apart php 3 '^Pool::(one|clean|both)$' Pool::clean
}

# bats test_tags=core
@test "script: Perl's lines are told apart where machine code is one, and are those of its tracebacks" {
	begin_opening perl "$TOP/tests/victims/script.pl"
	lines_are_apart perl 3 '^Pool::(one|clean|both)$' Pool::clean
}

# bats test_tags=core
@test "script: Ruby's lines are told apart where machine code is one, and are those of its tracebacks" {
	begin_opening ruby "$TOP/tests/victims/script.rb"
	lines_are_apart ruby 4 '^(one|clean|both)$' clean
}

@test "script: of an interpreter that is not known it is said that its lines are missing" {
	local php=$BATS_TEST_TMPDIR/php8.9
	sed 's:\(X-Powered-By. PHP/8\.\)[0-9]:\19:' "$(realpath /usr/bin/php)" >"$php"
	chmod +x "$php"
	begin "$php" -r 'echo "ready\n"; fgets(STDIN); $f = fopen("/etc/passwd", "r"); echo "done\n"; fgets(STDIN);'
	lt attach "$program" --background --kinds fd
	says go
	hears "done"
	report "$program"
	expect "$(jq -r .losses.unknown_script "$REPORT")" "PHP 8.9" "losses.unknown_script"
	jq -e '[.sites[].frames[] | select(.script)] == []' "$REPORT" || explain "frames of a version that is not known"
	lt report "$program" >"$BATS_TEST_TMPDIR/text" || true
	grep -q 'lines of the script are not shown: PHP 8\.9 is not known' "$BATS_TEST_TMPDIR/text" ||
		explain "$(cat "$BATS_TEST_TMPDIR/text")"
}

@test "script: a forked child has its own frames; what is left out of a deep recursion is said" {
	local child
	begin "$PYTHON" -u -c '
import os
def deep(n):
    if n:
        deep(n - 1); return
    os.open("/etc/passwd", os.O_RDONLY)
def in_child():
    for i in range(20):
        os.open("/etc/group", os.O_RDONLY)
print("ready"); input()
deep(200)
pid = os.fork()
if not pid:
    in_child()
    print("done"); input(); os._exit(0)
os.waitpid(pid, 0)'
	lt attach "$program" --background --kinds fd --follow-fork
	says go
	hears "done"
	child=$(pgrep -P "$program")
	report "$child"
	jq -e '[.sites[] | select(.live > 0)] | length > 0 and all(.frames[.blame]
		| .function == "in_child" and .line == 9)' "$REPORT" || explain "another line of the child is blamed"
	report "$program"
	jq -e '[.sites[] | select(.frames[.blame].function == "deep")] | length == 1
		and ([.[0].frames[] | select(.script)] | length == 128)' "$REPORT" || explain "not 128 frames"
	jq -e '.losses | .complete_stacks < 1 and .incomplete_stacks[0].why == "deeper than the depth limit"' "$REPORT" ||
		explain "nothing is said to be missing"
	says end
}

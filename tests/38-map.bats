#!/usr/bin/env bats
# Mappings: every road in and out, every trap, against /proc/PID/maps: as many, at the
# same addresses, of the same size.
# bats file_tags=vm,map

load lib/common

setup() {
	need_module
	hide_debug_files
}

teardown() { clean_up; }

begin() { start_and_attach map victim_map; }

# assert_maps [PID]: the objects are the lines of its maps. [vsyscall] is no mapping.
assert_maps() {
	local pid=${1:-$VICTIM}
	report "$pid"
	"$PYTHON" -S "$TOP/tests/lib/maps.py" "$pid" || explain "not as in maps"
	assert_total map live "$(proc_map_count "$pid")"
	assert_exact
}

proc_map_count() { grep -vc '\[vsyscall\]' "/proc/$1/maps"; }

# assert_made FUNCTION LIVE BORN [RELEASED_AT]: and all of it was seen as it happened
assert_made() {
	assert_site "$1" map "$2" "$3"
	[ "$3" = 0 ] || assert_innermost "$1" map
	[ -z "${4-}" ] || assert_released "$1" map "$4"
	assert_unrepaired
}

# assert_type FUNCTION TYPE: of the mappings made there
assert_type() {
	local have
	have=$(jq -r --arg f "$1" '[.sites[] | select(.kind == "map" and .frames[0].function == $f)
		| .type] | unique | join(" ")' "$REPORT")
	expect "$have" "$2" "type of what $1 makes"
}

# bats test_tags=core
@test "map: made by mmap, of every type" {
	begin
	tell map a anon 10
	tell map b file 4
	tell map c shared_file 4
	tell map d shared 8
	tell map e memfd 8
	tell map f stack 16
	assert_maps
	local what
	for what in anon file shared_file shared memfd stack; do
		assert_made "by_$what" 1 1
	done
	assert_type by_anon anon
	assert_type by_file file
	assert_type by_shared_file file
	assert_type by_shared shared
	assert_type by_memfd shared
	assert_type by_stack stack
	assert_no_leaks
}

@test "map: huge pages" {
	echo 8 >/proc/sys/vm/nr_hugepages
	[ "$(cat /proc/sys/vm/nr_hugepages)" -ge 4 ] || skip "no huge pages to be had"
	begin
	tell map a huge 1024
	assert_maps
	assert_made by_huge 1 1
	assert_type by_huge huge
	tell unmap a 0 512
	assert_maps
	assert_made by_huge 1 1
	tell unmap a 512 512
	assert_maps
	assert_made by_huge 0 1 die_unmap
}

# bats test_tags=core
@test "map: unmapped as a whole, at either end, in the middle, across several" {
	begin
	tell map a anon 20
	tell unmap a
	assert_maps
	assert_made by_anon 0 1 die_unmap
	tell map b file 20
	tell unmap b 0 4
	tell unmap b 16 4
	assert_maps
	assert_made by_file 1 1
	tell unmap b 8 2
	assert_maps
	# the upper part was made by who made the hole
	assert_made by_file 1 1
	assert_made die_unmap 1 1
	assert_type die_unmap file
	for part in 0 4 8 12; do
		tell map c shared 2 $part
	done
	tell unmap c 1 12
	assert_maps
	assert_made by_shared 2 4 die_unmap
}

# bats test_tags=core
@test "map: neighbours that merge are one, and grow upward and downward" {
	begin
	tell map a anon 4
	tell map a anon 4 8
	assert_maps
	assert_made by_anon 2 2
	# fills the gap: the upper one ends
	tell map a anon 4 4
	assert_maps
	assert_made by_anon 1 2 by_anon
	tell map b anon 4 4
	tell map b anon 4 8
	tell map b anon 4 0
	assert_maps
	assert_made by_anon 2 3
}

# bats test_tags=core
@test "map: over others, in the middle, at the ends, over all" {
	begin
	tell map a anon 20
	tell over a 8 4
	assert_maps
	assert_made by_anon 1 1
	# what it is, and what is above it
	assert_made by_over 2 2
	tell over a 0 2
	tell over a 18 2
	assert_maps
	assert_made by_over 4 4
	tell over a 0 20
	assert_maps
	assert_made by_anon 0 1 by_over
	assert_made by_over 1 5 by_over
}

@test "map: split and merged by mprotect" {
	begin
	tell map a anon 20
	tell protect a none 8 4
	assert_maps
	assert_made by_anon 1 1
	assert_made change_protection 2 2
	assert_type change_protection anon
	# the border moves, nothing is made
	tell protect a none 12 2
	assert_maps
	assert_made change_protection 2 2
	tell protect a rw 8 6
	assert_maps
	assert_made by_anon 1 1
	assert_made change_protection 0 2 change_protection
	tell protect a ro 0 4
	assert_maps
	assert_made by_anon 1 1
	assert_made change_protection 1 3
	tell unmap a
	assert_maps
	assert_made by_anon 0 1 die_unmap
	assert_made change_protection 0 3 die_unmap
}

# bats test_tags=core
@test "map: split and merged by madvise, mlock, munlock, and not by what is about pages" {
	begin
	tell map a anon 20
	tell advise a dontfork 4 4
	tell advise a dontneed 12 2
	assert_maps
	assert_made change_advice 2 2
	tell advise a dofork 4 4
	assert_maps
	assert_made change_advice 0 2 change_advice
	tell map b anon 20
	# all of it is touched, so that the parts can merge again
	tell lock b 0 20
	tell unlock b 4 4
	assert_maps
	assert_made change_unlock 2 2
	tell lock b 4 4
	assert_maps
	assert_made change_unlock 0 2 change_lock
	assert_made by_anon 2 2
	tell lock_all
	tell unlock_all
	assert_maps
	assert_unrepaired
}

@test "map: thousands that one call merges" {
	begin
	tell many 3000
	tell alike
	assert_maps
	assert_made by_many 1 3000 merge_many
	tell many 1000
	assert_maps
	assert_site by_many map 1001 4000
}

@test "map: split by a NUMA policy" {
	begin
	tell map a anon 20
	send policy a 4 4
	hear || skip "mbind: $ANSWER"
	assert_maps
	assert_made change_policy 2 2
}

@test "map: split by a name" {
	begin
	tell map a anon 20
	send name a buffer 4 4
	hear || skip "prctl: $ANSWER"
	assert_maps
	assert_made change_name 2 2
}

@test "map: split by mseal" {
	since 6.10 mseal
	begin
	tell map a anon 20
	tell seal a 4 4
	assert_maps
	assert_made change_seal 2 2
}

# bats test_tags=core
@test "map: mremap resizes and moves what stays the same" {
	begin
	tell map a anon 20
	tell remap a stay 30
	assert_maps
	tell remap a stay 10 0 30
	assert_maps
	tell remap a fixed 10 0 10
	assert_maps
	tell map b shared 4
	tell remap b move 4096 0 4
	assert_maps
	assert_made by_anon 1 1
	assert_made by_shared 1 1
	assert_site by_remap map 0 0
}

@test "map: mremap moves a part, over others, and leaves something behind" {
	begin
	tell map a anon 20
	tell remap a fixed 4 8 4
	assert_maps
	# its new place, and what is above the hole
	assert_made by_anon 1 1
	assert_made by_remap 2 2
	tell map b shared 4
	tell map b file 8 8190
	tell remap b fixed 4 0 4
	assert_maps
	assert_made by_shared 1 1
	assert_made by_file 1 1
	assert_made by_remap 3 3
	tell map c anon 8
	tell remap c dontunmap 8 0 8
	assert_maps
	assert_made by_anon 2 2
	assert_made by_remap 4 4
}

@test "map: remap_file_pages" {
	begin
	tell map a memfd 8
	tell nonlinear a 2 2 6
	assert_maps
	assert_made by_memfd 1 1
	assert_made by_nonlinear 2 2
}

# bats test_tags=core
@test "map: SysV shared memory" {
	begin
	tell attach_shm a 4
	tell attach_shm b 8
	assert_maps
	assert_made by_attach_shm 2 2
	assert_type by_attach_shm shared
	tell detach_shm a
	assert_maps
	assert_made by_attach_shm 1 2 die_detach_shm
}

# bats test_tags=core
@test "map: the heap, up and down" {
	begin
	tell brk 40
	assert_maps
	tell brk 200
	assert_maps
	tell brk -100
	assert_maps
	tell brk -140
	assert_maps
	# it may have been there before
	[[ $(site by_brk map) == "0 0 0"* || $(site by_brk map) == "1 1 0"* ]] || explain "the heap"
	assert_unrepaired
}

@test "map: rings of asynchronous I/O" {
	begin
	tell aio
	assert_maps
	assert_made by_aio 1 1
	tell aio_end
	assert_maps
	assert_made by_aio 0 1 die_aio
}

@test "map: the stack grows" {
	begin
	tell deepen 64
	assert_maps
	tell deepen 512
	assert_maps
	assert_total map born 0
	assert_unrepaired
}

# bats test_tags=core
@test "map: a call that fails makes nothing and ends nothing" {
	begin
	tell map a anon 4
	assert_maps
	local before
	before=$(grep '^total map' "$REPORT.lines")
	tell fail 10
	assert_maps
	expect "$(grep '^total map' "$REPORT.lines")" "$before" "after failures"
	assert_unrepaired
}

@test "map: stacks of threads, with their guard pages" {
	begin
	tell threads 6
	assert_maps
	# one call maps it all, another one cuts the guard off
	local stacks
	stacks=$(jq '[.sites[] | select(.kind == "map" and .type == "stack") | .live] | add' "$REPORT")
	# one may touch what is there already
	[ "$stacks" -ge 10 ] && [ "$stacks" -le 12 ] || explain "$stacks stacks and guards"
	jq -e '[.sites[] | select(.kind == "map" and .type == "stack")]
		| all(.frames | map(.function) | index("pthread_create") and index("threads"))' \
		"$REPORT" || explain "whose stacks?"
	assert_unrepaired
	tell end_threads
	assert_maps
	assert_unrepaired
}

@test "map: what is not seen at once is found, and said" {
	begin
	tell map a anon 20
	echo 1 >/proc/sys/vm/unprivileged_userfaultfd || true
	tell watch a 4 4
	assert_maps
	expect "$(loss reconciled)" 2 "repaired"
	assert_site by_anon map 1 1
}

# bats test_tags=core,debug
@test "map: a child that is followed begins with copies" {
	start_victim victim_map
	attach --kinds map --follow-fork
	tell map a anon 20
	tell fork_map b
	local child
	child=$(answer child)
	assert_maps "$child"
	assert_site by_child map 3 3
	assert_site by_anon map 0 0
	assert_unrepaired
	expect "$(total map baseline)" "$(($(proc_map_count "$child") - 3))" "copied"
	assert_maps
	assert_site by_child map 0 0
	assert_site by_anon map 1 1
	tell gone
}

# bats test_tags=core
@test "map: exec begins anew" {
	begin
	tell map a anon 20
	tell map b file 4
	tell exec
	assert_maps
	assert_some_site map 1 0
	assert_unrepaired
	tell map c shared 4
	assert_maps
	assert_made by_shared 1 1
}

# bats test_tags=core
@test "map: what was mapped at the exit stays in the last report" {
	begin
	tell map a anon 20
	tell map b file 4
	tell unmap b
	local before
	before=$(proc_map_count "$VICTIM")
	end_victim
	report
	assert_total map live "$before"
	assert_made by_anon 1 1
	assert_made by_file 0 1
	assert_exact
}

@test "map: threads at work all at once" {
	begin
	tell storm 6 1500
	assert_maps
	assert_unrepaired
	expect "$(genl status | jq '.lost_work + .lost_objects')" 0 lost
	# and while somebody looks
	send storm 6 3000
	report
	report
	hear
	assert_maps
}

@test "map: attached to sixty thousand of them" {
	start_victim victim_map
	tell many 60000
	local begin=${EPOCHREALTIME/./}
	attach --kinds map
	echo "# attached in $(((${EPOCHREALTIME/./} - begin) / 1000)) ms" >&3
	report
	assert_total map live "$(proc_map_count "$VICTIM")"
	assert_total map born 0
	assert_exact
	tell map a anon 4
	tell many 100
	assert_maps
	assert_made by_anon 1 1
	assert_made by_many 100 100
	assert_total map baseline "$(($(proc_map_count "$VICTIM") - 101))"
}

# grow COMMAND…: again and again, as long as a verdict takes
grow() {
	local i
	for ((i = 0; i < 40; i++)); do
		tell "$@"
		sleep 0.2
	done
	report
}

@test "map: a leak is named, with vm.max_map_count and the time to it" {
	begin
	grow leak 5
	assert_site by_leak map 200 200
	assert_innermost by_leak map
	assert_verdict by_leak map leak
	assert_exact
	assert_unrepaired
	local max
	max=$(cat /proc/sys/vm/max_map_count)
	jq -e --argjson max "$max" '.findings[0] | .verdict == "leak" and .live == {map: 200}
		and .limit.what == "vm.max_map_count" and .limit.max == $max and .limit.in_s > 0' \
		"$REPORT" || explain "no limit"
	jq -e '.findings[0].evidence | any(test("vm.max_map_count .* is reached in "))
		and any(test("^200 created in .*, none removed$"))' "$REPORT" || explain "no evidence"
	# what it is: a line of maps
	jq -r '.sites[] | select(.verdict == "leak") | .examples[].what' "$REPORT" >"$BATS_TEST_TMPDIR/what"
	[ -s "$BATS_TEST_TMPDIR/what" ]
	refute grep -v "^0x[0-9a-f]*-0x[0-9a-f]* 8.0 KiB r--p .*/victim_map$" "$BATS_TEST_TMPDIR/what"
	run lt report "$VICTIM"
	expect "$status" 1 "exit status"
	[[ $output == *"200 map file"* ]] || { echo "$output"; false; }
	assert_maps
}

@test "map: the same, unmapped each time, is no leak" {
	begin
	grow pairs 5
	assert_site by_pair map 0 200
	assert_released by_pair map die_pair
	assert_no_leaks
	assert_exact
	assert_unrepaired
	assert_maps
}

@test "map: who splits mappings is named, not who made them" {
	begin
	grow guards 5
	assert_verdict split_guard map leak
	assert_innermost split_guard map
	jq -e '[.sites[] | select(.frames[0].function == "split_guard").examples[].what]
		| length > 0 and all(test("split off another mapping$"))' "$REPORT" || explain "not split off"
	assert_exact
	assert_unrepaired
	assert_maps
}

# follow_python SCRIPT: it says ready, waits for a line, and says done
follow_python() {
	local in=$BATS_TEST_TMPDIR/in out=$BATS_TEST_TMPDIR/out line
	mkfifo "$in" "$out"
	"$PYTHON" -u -c "$1" "$BATS_TEST_TMPDIR" <"$in" >"$out" 3>&- &
	VICTIM=$!
	STARTED+=("$VICTIM")
	exec 5>"$in" 6<"$out"
	read -r -t 120 line <&6
	expect "$line" ready python
	attach --kinds map
	echo go >&5
	read -r -t 300 line <&6
	expect "$line" "done" python
	assert_maps
	exec 5>&- 6<&-
}

# Its databases are mapped by libsqlite3, as stock as Python itself.
databases='
import sqlite3, sys, time
def use(name):
    db = sqlite3.connect(name)
    db.execute("pragma mmap_size = 1000000")
    db.execute("select * from t").fetchall()
    return db
sqlite3.connect(sys.argv[1] + "/db").executescript("create table t (n); insert into t values (1)")
kept = []
use(sys.argv[1] + "/db").close()
print("ready"); input()
for i in range(60):
    db = use(sys.argv[1] + "/db")
    KEEP
    time.sleep(0.2)
print("done"); input()'

@test "map: a Python program that keeps its databases open is named, and not its twin" {
	follow_python "${databases/KEEP/kept.append(db)}"
	jq -e '[.findings[] | select(.verdict == "leak")] | length == 1 and .[0].live == {map: 60}' \
		"$REPORT" || explain "not one leak of 60"
	jq -e '[.sites[] | select(.verdict == "leak")] | length > 0
		and all(.[]; .frames | any(.module | test("libsqlite3")))' "$REPORT" || explain "not sqlite"
	kill_victims
	rm -f "$BATS_TEST_TMPDIR"/{in,out,db}
	follow_python "${databases/KEEP/db.close()}"
	assert_no_leaks
}

buffers='
import mmap, time
kept = []
print("ready"); input()
for i in range(60):
    buffer = mmap.mmap(-1, 8192)
    KEEP
    time.sleep(0.2)
print("done"); input()'

@test "map: a Python program that keeps its mmap objects is named, and not its twin" {
	follow_python "${buffers/KEEP/kept.append(buffer)}"
	jq -e '[.findings[] | select(.verdict == "leak")] | length == 1 and .[0].live == {map: 60}' \
		"$REPORT" || explain "not one leak of 60"
	kill_victims
	rm -f "$BATS_TEST_TMPDIR"/{in,out}
	follow_python "${buffers/KEEP/buffer.close()}"
	assert_no_leaks
}

#!/usr/bin/env bats
# Pages: every road in and out, every trap, against /proc/PID/pagemap.
# bats file_tags=vm,page

# shellcheck disable=SC2030,SC2031

load lib/common

setup() {
	need_module
	hide_debug_files
	start_and_attach page victim_page
}

teardown() {
	write_sys 0 /sys/kernel/mm/ksm/run
	clean_up
}

write_sys() { [ ! -w "$2" ] || echo "$1" >"$2"; }

# truth RANGE…: populated pages now
truth() {
	local sum=0 name
	for name; do
		sum=$((sum + $(populated "$VICTIM" "${RANGE[$name]}")))
	done
	echo $sum
}

# counted FUNCTION PAGES RANGE…: the victim did what the test means it to have
# done, and the report says so
counted() {
	expect "$(truth "${@:3}")" "$2" "pagemap"
	report
	assert_site "$1" page "$2"
	assert_exact
}

# pages that MADV_FREE gave away and that are still there
lazyfree() { awk '/^LazyFree:/ { kb += $2 } END { print kb / 4 }' "/proc/$VICTIM/smaps"; }

# bats test_tags=core
@test "page: born by the first write, once" {
	tell map a 40
	tell touch a write
	tell again a
	counted touch_write 40 a
	assert_innermost touch_write page
	assert_unrepaired
	assert_site write_again page 0 0
	tell touch a write
	tell map b 1
	tell touch b write
	counted touch_write 41 a b
}

# bats test_tags=core
@test "page: born by the first read; the write after it is no second birth" {
	tell map a 25
	tell touch a read
	counted touch_read 25 a
	assert_unrepaired
	tell again a
	counted touch_read 25 a
	assert_site write_again page 0
}

# bats test_tags=core
@test "page: born inside a system call" {
	tell map a 30
	tell touch a syscall
	counted touch_syscall 30 a
	assert_innermost touch_syscall page
	assert_unrepaired
	tell map b 12
	tell touch b futex
	counted touch_futex 12 b
}

# bats test_tags=core
@test "page: born by MAP_POPULATE and mlock" {
	tell map a 33 populate
	counted touch_populate 33 a
	tell map b 17
	tell touch b mlock
	counted touch_mlock 17 b
	assert_unrepaired
}

@test "page: born by MADV_POPULATE_WRITE" {
	since 5.14 MADV_POPULATE_WRITE
	tell map a 21
	tell touch a madvise
	counted touch_madvise 21 a
	assert_unrepaired
}

# bats test_tags=core
@test "page: brk up and down" {
	tell brk 50
	counted touch_brk 50 brk
	tell brk_down 20
	counted touch_brk 30 brk
	tell brk 5
	counted touch_brk 35 brk
	assert_unrepaired
}

# bats test_tags=core
@test "page: a growing stack" {
	tell stack 60
	counted touch_stack 60 stack
	assert_unrepaired
}

# bats test_tags=core
@test "page: shared anonymous memory; MADV_REMOVE" {
	tell map a 30 shared
	tell touch a write
	counted touch_write 30 a
	jq -e '[.sites[] | select(.kind == "page" and .type == "shmem") | .live] | add == 30' "$REPORT"
	tell advise a remove 5 10
	counted touch_write 20 a
	tell unmap a
	counted touch_write 0 a
}

# bats test_tags=core
@test "page: a memfd is truncated, or has a hole, in all of its mappings; touched again they are born again" {
	tell map a 600 file nohuge
	tell map b 40 file
	tell touch a write
	tell touch b write
	counted touch_write 640 a b
	tell punch 20 500
	counted touch_write 120 a b
	assert_unrepaired
	assert_released touch_write page make_hole
	tell touch b write 20 10
	counted touch_write 130 a b
	assert_site touch_write page 130 650
	tell truncate 10
	counted touch_write 20 a b
	assert_unrepaired
	tell truncate 4096
	tell touch a write 10 90
	tell truncate 0
	counted touch_write 0 a b
	assert_site touch_write page 0 740
	assert_unrepaired
}

@test "page: a file gets longer, or a hole behind what is mapped: nothing is released" {
	tell map a 64 file
	tell touch a write
	tell map b 64
	tell touch b write
	tell truncate 64
	tell truncate 4096
	tell punch 64 1000
	counted touch_write 128 a b
	assert_site touch_write page 128 128
	assert_unrepaired
}

@test "page: another process writes into untouched memory" {
	tell map a 18
	report
	local before
	before=$(total page live)
	"$VICTIMS/remote" write "$VICTIM" "${RANGE[a]%-*}" 18
	expect "$(truth a)" 18 pagemap
	report
	assert_total page live $((before + 18))
	assert_exact
	tell touch a write
	report
	assert_site touch_write page 0
	tell unmap a
	report
	assert_total page live "$before"
}

# bats test_tags=core
@test "page: died by munmap, whole and in parts" {
	tell map a 64
	tell touch a write
	tell unmap a 10 20
	counted touch_write 44 a
	tell unmap a 0 10
	tell unmap a 63 1
	counted touch_write 33 a
	tell unmap a
	counted touch_write 0 a
	assert_unrepaired
	assert_released touch_write page unmap
}

# bats test_tags=core
@test "page: died by MADV_DONTNEED; touched again it is born again" {
	tell map a 40
	tell touch a write
	tell advise a dontneed 8 16
	counted touch_write 24 a
	assert_unrepaired
	tell touch a write
	counted touch_write 40 a
	assert_site touch_write page 40 56
}

# bats test_tags=core
@test "page: died by MADV_FREE, although the kernel may take it later; a write keeps it" {
	tell map a 32
	tell touch a write
	report
	local before
	before=$(total page live)
	tell advise a free 0 20
	report
	assert_site touch_write page 12 32
	assert_total page live $((before - 20))
	assert_exact
	# the processor tells nobody of this write
	tell again a
	expect "$(lazyfree)" 0 "smaps: LazyFree"
	report
	assert_total page live "$before"
	assert_exact
}

# bats test_tags=core
@test "page: mremap moves it alive" {
	tell map a 48
	tell touch a write
	tell remap a 48 fixed
	counted touch_write 48 a
	assert_site touch_write page 48 48
	assert_unrepaired
	tell unmap a
	counted touch_write 0 a
	assert_site touch_write page 0 48
}

# bats test_tags=core
@test "page: mremap grows, shrinks, moves onto others" {
	tell map a 20
	tell touch a write
	tell remap a 40 move
	tell touch a write
	counted touch_write 40 a
	assert_site touch_write page 40 40
	tell remap a 15
	counted touch_write 15 a
	tell map b 15
	tell touch b write
	tell remap b 15 fixed
	counted touch_write 30 a b
	assert_site touch_write page 30 55
	assert_unrepaired
}

# What moves by a multiple of 2 MiB moves by the block, all else by the page.
# bats test_tags=core
@test "page: mremap of many pages, by whole blocks and not, with holes" {
	tell map a 1600 nohuge
	tell touch a write 100 700
	tell touch a write 900 600
	tell remap a 1600 fixed
	counted touch_write 1300 a
	tell remap a 1600 shifted
	counted touch_write 1300 a
	tell remap a 1600 fixed
	counted touch_write 1300 a
	assert_site touch_write page 1300 1300
	tell unmap a 0 600
	counted touch_write 800 a
	tell remap a 500 shifted 1100 500
	counted touch_write 800 a old
	assert_site touch_write page 800 1300
	assert_unrepaired
}

# One found at its new place before its birth has come along would be born twice.
# bats test_tags=core,debug
@test "page: moved again and again while everything is compared: each is where it was born" {
	tell map a 3000 nohuge
	tell touch a write
	local id i
	id=$(genl target "$VICTIM" | jq .id)
	PYTHONPATH=$TOP/tests/lib "$PYTHON" -S -B - "$id" <<-'PYTHON' 3>&- 4>&- &
	import sys, genl
	nl, target = genl.Netlink(), genl.u32("id", int(sys.argv[1]))
	family = nl.family()["id"]
	while True:
	    genl.call(nl, family, "RECONCILE", target)
	PYTHON
	STARTED+=($!)
	for ((i = 0; i < 40; i++)); do
		tell remap a 3000 fixed
	done
	kill "${STARTED[-1]}"
	counted touch_write 3000 a
	assert_site touch_write page 3000 3000
}

@test "page: MREMAP_DONTUNMAP leaves an empty mapping behind" {
	tell map a 24
	tell touch a write
	tell remap a 24 dontunmap
	counted touch_write 24 a old
	assert_site touch_write page 24 24
	local old=${RANGE[old]}
	expect "$(populated "$VICTIM" "$old")" 0 "old pages"
	tell unmap a
	counted touch_write 0 a old
}

@test "page: mremap of a part" {
	tell map a 64
	tell touch a write
	tell remap a 16 fixed 24 16
	counted touch_write 64 a old
	assert_site touch_write page 64 64
	assert_unrepaired
}

@test "page: a move of a huge page" {
	thp
	tell map b 1024 huge
	tell touch b write
	report
	assert_site touch_write page 1024
	tell remap b 1024 fixed
	counted touch_write 1024 old b
	assert_unrepaired
}

# What is dirty and mapped may need more than one try.
paged_out() {
	"$VICTIMS/remote" pageout "$VICTIM" "${RANGE[a]%-*}" "$1"
	[ "$(swapped "$VICTIM" "${RANGE[a]}")" -ge $(($1 / 2)) ]
}

# bats test_tags=core,debug
@test "page: swapped out and back in: neither death nor birth" {
	swapon --show --noheadings | grep -q . || lacking "no swap"
	tell map a 64
	tell touch a write
	until_true 60 paged_out 64
	counted touch_write 64 a
	assert_site touch_write page 64 64
	assert_unrepaired
	tell again a
	expect "$(swapped "$VICTIM" "${RANGE[a]}")" 0 "still in swap"
	counted touch_write 64 a
	assert_site touch_write page 64 64
	assert_site write_again page 0 0
	assert_unrepaired
}

@test "page: munmap of what is in swap kills it" {
	swapon --show --noheadings | grep -q . || lacking "no swap"
	tell map a 40
	tell touch a write
	until_true 60 paged_out 40
	tell unmap a 0 30
	counted touch_write 10 a
	assert_site touch_write page 10 40
}

frames_of() { "$VICTIMS/pagemap_count" "$VICTIM" list "${RANGE[a]%-*}" "${RANGE[a]#*-}"; }

@test "page: migrated to another frame: neither death nor birth" {
	[ -e /sys/devices/system/memory/soft_offline_page ] || skip "a kernel without CONFIG_MEMORY_FAILURE"
	tell map a 8
	tell touch a write
	frames_of >"$BATS_TEST_TMPDIR/frames.before"
	tell advise a soft_offline 0 4
	frames_of >"$BATS_TEST_TMPDIR/frames.after"
	# they did move
	[ "$(paste -d' ' "$BATS_TEST_TMPDIR"/frames.* | awk '$1 != $2' | wc -l)" -ge 4 ]
	counted touch_write 8 a
	assert_site touch_write page 8 8
	assert_unrepaired
}

# bats test_tags=core
@test "page: compaction: neither death nor birth" {
	[ -w /proc/sys/vm/compact_memory ] || lacking "no compaction"
	tell map a 600 nohuge
	tell touch a write
	tell map b 600 nohuge
	tell touch b write
	echo 1 >/proc/sys/vm/compact_memory
	counted touch_write 1200 a b
	assert_site touch_write page 1200 1200
	assert_unrepaired
}

@test "page: KSM merges and a write takes apart: neither death nor birth" {
	[ -w /sys/kernel/mm/ksm/run ] || lacking "no KSM"
	tell map a 60 mergeable
	tell same a
	counted write_same 60 a
	echo 10 >/sys/kernel/mm/ksm/sleep_millisecs
	echo 500 >/sys/kernel/mm/ksm/pages_to_scan
	echo 1 >/sys/kernel/mm/ksm/run
	merged() { [ "$(cat /sys/kernel/mm/ksm/pages_sharing)" -ge 50 ]; }
	until_true 120 merged
	counted write_same 60 a
	assert_site write_same page 60 60
	tell again a
	counted write_same 60 a
	assert_site write_same page 60 60
	assert_site write_again page 0
	assert_unrepaired
	tell unmap a 0 30
	counted write_same 30 a
}

# Huge pages, and nobody who fills their holes behind the test's back.
thp() {
	! is_rt || skip "PREEMPT_RT excludes huge pages"
	grep -qv '\[never\]' /sys/kernel/mm/transparent_hugepage/enabled 2>/dev/null || lacking "no huge pages"
	write_sys 0 /sys/kernel/mm/transparent_hugepage/khugepaged/max_ptes_none
}

# bats test_tags=core
@test "page: a huge fault is a birth of 512; munmap of a part splits it" {
	thp
	tell map a 1024 huge
	tell touch a write 0 1
	counted touch_write 512 a
	tell touch a write 512 1
	counted touch_write 1024 a
	assert_unrepaired
	tell unmap a 0 256
	counted touch_write 768 a
	tell advise a dontneed 512 100
	counted touch_write 668 a
	tell unmap a
	counted touch_write 0 a
	assert_site touch_write page 0 1024
}

@test "page: a huge page read first, then written" {
	thp
	tell map a 512 huge
	tell touch a read 0 1
	local n
	n=$(truth a)
	report
	assert_site touch_read page "$n"
	tell again a
	expect "$(truth a)" 512 pagemap
	report
	assert_all_pages
	# the zero page may have been huge: then nothing was left to be born
	local first second
	read -r _ _ first _ <<<"$(site touch_read page)"
	read -r _ _ second _ <<<"$(site write_again page)"
	expect $((first + second)) 512 live
}

@test "page: MADV_COLLAPSE puts small pages together: neither death nor birth" {
	thp
	since 6.1 MADV_COLLAPSE
	tell map a 512
	tell touch a write 0 300
	counted touch_write 300 a
	tell advise a collapse
	# the holes are filled
	local n
	n=$(truth a)
	expect "$n" 512 pagemap
	report
	assert_all_pages
	# what was alive keeps its site and its birth
	assert_site touch_write page 300 300
	tell unmap a
	report
	assert_site touch_write page 0 300
	assert_exact
}

@test "page: khugepaged collapses: neither death nor birth" {
	thp
	local tuning=/sys/kernel/mm/transparent_hugepage/khugepaged collapsed
	echo 1 >$tuning/scan_sleep_millisecs
	echo 1 >$tuning/alloc_sleep_millisecs
	echo 8192 >$tuning/pages_to_scan
	tell map a 1024 nohuge
	tell touch a write
	counted touch_write 1024 a
	collapsed=$(cat $tuning/pages_collapsed)
	tell advise a huge
	has_collapsed() { [ "$(cat $tuning/pages_collapsed)" -ge $((collapsed + 2)) ]; }
	until_true 120 has_collapsed
	counted touch_write 1024 a
	assert_site touch_write page 1024 1024
	assert_unrepaired
	tell unmap a 100 100
	counted touch_write 924 a
}

# bats test_tags=core
@test "page: copy on write after fork is no second birth" {
	tell map a 40
	tell touch a write
	tell fork
	tell again a
	counted touch_write 40 a
	assert_site touch_write page 40 40
	assert_site write_again page 0
	assert_unrepaired
	tell gone
	counted touch_write 40 a
}

@test "page: --follow-fork: copies are the child's baseline, writing to them no birth" {
	lt detach "$VICTIM"
	attach --kinds page --follow-fork
	tell map a 40
	tell touch a write
	tell map b 10
	tell fork_write a
	local child
	child=$(answer child)
	expect "$(populated "$child" "${RANGE[a]}")" 40 "child's pagemap"
	report "$child"
	assert_site child_write page 0
	assert_all_pages "$child"
	tell gone
	report
	assert_site touch_write page 40
}

# bats test_tags=core,debug
@test "page: exec: the old image's pages are gone, the new one's are born" {
	tell map a 100
	tell touch a write
	counted touch_write 100 a
	tell exec
	report
	assert_some_site page 100 0
	assert_all_pages
	tell map b 10
	tell touch b write
	expect "$(truth b)" 10 pagemap
	report
	assert_some_site page 100 0
	assert_site touch_write page 10 10
	assert_all_pages
}

# bats test_tags=core
@test "page: mprotect and back: neither death nor birth" {
	tell map a 20
	tell touch a write
	tell protect a ro
	tell protect a rw
	tell again a
	counted touch_write 20 a
	assert_site touch_write page 20 20
	assert_unrepaired
}

# bats test_tags=core
@test "page: all of the process's anonymous memory is what pagemap has" {
	tell map a 100
	tell touch a write
	tell map b 50 shared
	tell touch b write 0 30
	tell unmap a 20 30
	report
	assert_all_pages
	assert_total page bytes $(($(total page live) * 4096))
}

@test "page: an exited target's numbers are those of its last moment" {
	local pid=$VICTIM
	tell map a 70
	tell touch a write
	tell unmap a 0 20
	end_victim
	report "$pid"
	jq -e '.target.exited' "$REPORT"
	assert_some_site page 70 50
}

has_memory() { [ -n "$(cat "/proc/$1/maps" 2>/dev/null)" ]; }

# Also where the kernel tells of an exit before it takes the memory apart (v6.16).
@test "page: what is left of an exited target's memory is compared when that goes" {
	start_and_attach page victim_storm
	tell lend
	local pid=$VICTIM child
	child=$(answer pid)
	STARTED+=("$child")
	tell pages 2 30 1
	end_victim
	report "$pid"
	jq -e '.target.exited' "$REPORT"
	expect "$(loss exact)" false "exact, while a child has its memory"
	kill -KILL "$child"
	until_true 60 refute has_memory "$child"
	report "$pid"
	assert_exact
}

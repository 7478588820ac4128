#!/usr/bin/env bats
# Whatever file a process's code is in: its stacks are complete, its functions named.
# bats file_tags=vm,code

load lib/common

setup_file() { load_module hold_ms=20000; hide_debug_files; }
teardown_file() { load_module; }

setup() {
	need_module
	files=$BATS_TEST_TMPDIR/files
	mkdir "$files"
}

teardown() { clean_up; }

# victim_from FOLDER PROGRAM: what is there, attached
victim_from() {
	VICTIMS=$1 start_victim "$2"
	attach --kinds fd
}

# holds [FUNCTION…]: five descriptors, one complete stack; their names, innermost first
holds() {
	local names
	tell hold 5
	report
	names=$(jq -c '[.sites[] | select(.kind == "fd" and .born == 5)] |
		if length == 1 then .[0].frames | map(.function) else "no site" end' "$REPORT")
	jq -e '.losses.complete_stacks == 1' "$REPORT" || explain "a stack is not complete: $names"
	[ "$(jq -r '.[:3] | join(" ")' <<<"$names")" = "${*:-eventfd by_hold by_holder}" ] ||
		explain "frames: $names"
}

@test "code: a program that is linked statically" {
	victim_from "$VICTIMS" victim_static
	holds
}

@test "code: a program without section headers and symbols: complete, and only what libc exports is named" {
	strip -s -o "$files/victim" "$VICTIMS/victim_plain"
	"$PYTHON" - "$files/victim" <<-'PYTHON'
	import struct, sys
	with open(sys.argv[1], "r+b") as f:
	    f.seek(0x28); f.write(bytes(8))                  # e_shoff
	    f.seek(0x3c); f.write(struct.pack("HH", 0, 0))   # e_shnum, e_shstrndx
	PYTHON
	victim_from "$files" victim
	holds eventfd '' ''
}

@test "code: a file that is gone, and another one with its name" {
	cp "$VICTIMS/victim_plain" "$files/victim"
	VICTIMS=$files start_victim victim
	rm "$files/victim"
	cp "$VICTIMS/victim_fd" "$files/victim"
	attach --kinds fd
	holds
}

@test "code: a file that only the process sees, in a mount namespace of its own" {
	cat >"$files/victim" <<-SHELL
	#!/bin/sh
	exec unshare -m sh -c 'mount -t tmpfs none /mnt && cp "$VICTIMS/victim_plain" /mnt/inside &&
		exec /mnt/inside'
	SHELL
	chmod 755 "$files/victim"
	victim_from "$files" victim
	[ ! -e /mnt/inside ]
	holds
}

@test "code: of a memory file that never had a name" {
	cat >"$files/victim" <<-PYTHON
	#!$PYTHON
	import os
	fd = os.memfd_create("victim")
	with open("$VICTIMS/victim_plain", "rb") as f: os.write(fd, f.read())
	os.execv("/proc/self/fd/%d" % fd, ["victim"])
	PYTHON
	chmod 755 "$files/victim"
	victim_from "$files" victim
	holds
}

@test "code: names survive the target's death" {
	victim_from "$VICTIMS" victim_plain
	tell hold 5
	report
	kill -KILL "$VICTIM"
	gone() { [ ! -d "/proc/$VICTIM/fd" ] || [ -z "$(ls "/proc/$VICTIM/fd")" ]; }
	until_true 60 gone
	report
	jq -e '[.sites[] | select(.kind == "fd" and .born == 5)] | length == 1
		and .[0].frames[1].function == "by_hold"' "$REPORT" || explain "no name of by_hold"
}

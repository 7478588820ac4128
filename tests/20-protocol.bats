#!/usr/bin/env bats
# One protocol: specification, header, loaded module. And what it refuses.
# bats file_tags=protocol

load lib/common

SPEC=$BATS_TEST_DIRNAME/../include/leaktrace.yaml

# --- specification and header: no module needed ---

# bats test_tags=host,core
@test "protocol: the specification names what the header names, in its order" {
	[ -e "$SPEC" ] || lacking "no include/leaktrace.yaml"
	genl header >"$BATS_TEST_TMPDIR/header"
	"$PYTHON" "$TOP/tests/lib/spec.py" "$SPEC" "$BATS_TEST_TMPDIR/header"
}

# bats test_tags=host,core
@test "protocol: the header compiles by itself, in C and C++, and has no holes in time" {
	echo '#include "leaktrace.h"' >"$BATS_TEST_TMPDIR/h.c"
	cp "$BATS_TEST_TMPDIR/h.c" "$BATS_TEST_TMPDIR/h.cc"
	gcc -std=c99 -Wall -Wextra -Werror -pedantic -fsyntax-only \
		-I "$TOP/include/uapi/linux" "$BATS_TEST_TMPDIR/h.c"
	! command -v g++ >/dev/null || g++ -Wall -Wextra -Werror -fsyntax-only \
		-I "$TOP/include/uapi/linux" "$BATS_TEST_TMPDIR/h.cc"
}

# --- the loaded module ---

in_guest() {
	need_module
	start_victim victim_fd
}

teardown() { clean_up; }

# bats test_tags=vm,core
@test "protocol: the controller knows the family as the header describes it" {
	need_module
	genl family >"$BATS_TEST_TMPDIR/family"
	genl header >"$BATS_TEST_TMPDIR/header"
	jq -e '.name == "leaktrace" and .version == 1 and (.groups | index("events"))' "$BATS_TEST_TMPDIR/family"
	# every command but the notifications is an operation that asks for privilege
	jq -n -e --slurpfile f "$BATS_TEST_TMPDIR/family" --slurpfile h "$BATS_TEST_TMPDIR/header" '
		($h[0].enums.leaktrace_cmd | map(select(.[0] | test("UNSPEC|_EVENT$|_REST$") | not) | .[1]) | sort)
		== ($f[0].ops | map(.id) | sort)'
}

# bats test_tags=vm,core
@test "protocol: the module's own policy is what the specification says" {
	need_module
	genl policy >"$BATS_TEST_TMPDIR/policy"
	"$PYTHON" "$TOP/tests/lib/spec.py" "$SPEC" --policy "$BATS_TEST_TMPDIR/policy"
}

# bats test_tags=vm
@test "protocol: genl(8) reads the same policy" {
	need_module
	command -v genl >/dev/null || lacking "no genl(8)"
	command genl ctrl policy name leaktrace >"$BATS_TEST_TMPDIR/genl" 2>&1 || {
		grep -qi 'unknown\|usage\|not supported' "$BATS_TEST_TMPDIR/genl" && skip "genl(8) cannot"
	}
	grep -q 'ID:' "$BATS_TEST_TMPDIR/genl"
}

# bats test_tags=vm,core,debug
@test "protocol: refuses what is missing, unknown, out of range or of the wrong size" {
	in_guest
	local absent='ENOENT|ESRCH' range='EINVAL|ERANGE'
	genl tries <<-TRIES
		EINVAL TARGET_ADD
		ESRCH TARGET_ADD pid=4194000
		$range TARGET_ADD pid=$VICTIM kinds=0x80000000
		$range TARGET_ADD pid=$VICTIM kinds=0x80
		$range TARGET_ADD pid=$VICTIM flags=0x80
		$range TARGET_ADD pid=$VICTIM flags=0x4
		$range TARGET_ADD pid=$VICTIM 99=1
		$range TARGET_ADD pid=$VICTIM comm=s:me
		$range TARGET_ADD pid=x:01
		$range TARGET_ADD pid=$VICTIM chain=x:01
		EINVAL TARGET_ADD pid=$VICTIM chain=x:$(printf '00%.0s' {1..536})
		$range TARGET_ADD pid=none
		$range TARGET_ADD pid=0
		$range SITE_GET dump
		$absent SITE_GET dump id=4000000000
		$range OBJECT_GET dump
		$range STACK_GET dump
		$range RECONCILE
		$absent RECONCILE id=4000000000
		$absent TARGET_DEL id=4000000000
		$absent TARGET_GET id=4000000000
		EOPNOTSUPP|ENOTSUP EVENT
		EOPNOTSUPP|ENOTSUP 250
	TRIES
	expect "$(genl status | jq .targets)" 0 "targets after refusals"
}

# bats test_tags=vm,core
@test "protocol: refuses values beyond an object's kind" {
	in_guest
	attach
	local id
	id=$(genl target "$VICTIM" | jq .id)
	genl tries <<-TRIES
		EINVAL|ERANGE OBJECT_GET dump id=$id object_kind=u8:200
		ok OBJECT_GET dump id=$id object_kind=u8:0
		ok OBJECT_GET dump id=$id
		ok SITE_GET dump id=$id
		ok RECONCILE id=$id
		EEXIST TARGET_ADD pid=$VICTIM
	TRIES
}

# bats test_tags=vm,core
@test "protocol: every command needs privilege" {
	in_guest
	attach
	local have id group
	public "$TOP/include/uapi/linux/leaktrace.h" >/dev/null
	local as_nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all
		"$PYTHON" "$(public "$TOP/tests/lib/genl.py")")
	id=$(genl target "$VICTIM" | jq .id)
	"${as_nobody[@]}" tries <<-TRIES
		EPERM TARGET_ADD pid=1
		EPERM TARGET_DEL id=$id
		EPERM TARGET_DEL
		EPERM TARGET_GET id=$id
		EPERM TARGET_GET dump
		EPERM STATUS_GET
		EPERM PROBE_GET dump
		EPERM SITE_GET dump id=$id
		EPERM OBJECT_GET dump id=$id
		EPERM STACK_GET dump id=$id
		EPERM RECONCILE id=$id
	TRIES
	expect "$(genl status | jq .targets)" 1 "targets after refusals"
	# nor may everybody listen
	for group in events targets; do
		have=$("${as_nobody[@]}" listen "$group") || true
		expect "${have%% *}" EPERM "joining the group '$group'"
	done
}

# bats test_tags=vm
@test "protocol: garbage in place of attributes" {
	in_guest
	local i
	for i in 1 2 3; do
		genl fuzz 300 $i
	done
	kill -0 "$VICTIM"
	# and it still works
	lt detach >/dev/null 2>&1 || true
	attach
	tell hold 3
	report
	assert_site by_hold fd 3 3
}

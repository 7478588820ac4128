#!/usr/bin/env bats
# Kernels that take no module but a signed one: said in one line, and a signed one works.
# bats file_tags=host,signed
#
# Each test boots a guest of its own. The last two want 6.12-rt (scripts/build-kernel
# rt), whose key its build has made and left beside it.

load lib/common
# shellcheck source-path=SCRIPTDIR source=../scripts/lib/lab.sh
. "$TOP/scripts/lib/lab.sh"
set +u

# What the guests do: insmod, then attach to themselves, and say what came of it.
# shellcheck disable=SC2016 # expands there
TRY='mountpoint -q /sys/kernel/security || mount -t securityfs none /sys/kernel/security
	insmod "$1" 2>&1; echo "insmod: $?"
	"$2" attach $$ --background --kinds fd,page,timer,thread 2>&1; echo "attach: $?"
	exec 77</etc/passwd
	"$2" report $$ --format json >/tmp/report; echo "report: $?"
	jq -r ".losses.exact" /tmp/report 2>&1
	"$2" detach >/dev/null 2>&1; rmmod leaktrace 2>/dev/null; echo "rmmod: $?"'

# boot VERSION KO OPTION…
boot() {
	run "$TOP/scripts/vm" --smp 1 --mem 1536 --swap 0 --cwd "$BATS_TEST_TMPDIR" "${@:3}" "$1" -- \
		bash -c "$TRY" bash "$2" "$LEAKTRACE"
	echo "$output"
}

module_of() {
	local ko=$lab_build/$1/leaktrace.ko
	"$TOP/scripts/build-matrix" "$1" >&2
	cp "$ko" "$BATS_TEST_TMPDIR/leaktrace.ko"
	echo "$BATS_TEST_TMPDIR/leaktrace.ko"
}

signed_kernel() {
	"$TOP/scripts/build-kernel" --cached rt ||
		skip "no 6.12-rt here: scripts/build-kernel rt builds it"
}

# What it has to say of a module that was refused.
assert_refused() {
	expect "$status" 0 "exit status of the guest"
	grep -q '^insmod: [1-9]' <<<"$output"
	grep -q '^attach: 2' <<<"$output"
	# one line for each of the two commands
	expect "$(grep -c '^leaktrace: module not loaded: this kernel accepts only signed modules' <<<"$output")" 2 \
		"lines that say why"
	expect "$(grep -c '^leaktrace:' <<<"$output")" 2 "lines of the tool"
}

assert_traced() {
	expect "$status" 0 "exit status of the guest"
	grep -qx 'insmod: 0' <<<"$output"
	grep -qx 'attach: 0' <<<"$output"
	grep -qx 'report: [01]' <<<"$output"
	grep -qx true <<<"$output"
	grep -qx 'rmmod: 0' <<<"$output"
}

@test "signed: a kernel that demands signatures refuses ours, and the tool says what to do" {
	boot 6.1 "$(module_of 6.1)" --append module.sig_enforce=1
	assert_refused
}

@test "signed: so does one that is locked down" {
	signed_kernel
	boot 6.12-rt "$(module_of 6.12-rt)" --append lockdown=integrity
	assert_refused
}

@test "signed: signed with the kernel's key it loads, and traces even under lockdown=confidentiality" {
	signed_kernel
	local ko kdir
	ko=$(module_of 6.12-rt)
	kdir=$(kernel_kdir 6.12-rt)
	"$kdir/scripts/sign-file" sha256 "$kdir/certs/signing_key.pem" "$kdir/certs/signing_key.x509" "$ko"
	boot 6.12-rt "$ko" --append "module.sig_enforce=1 lockdown=confidentiality"
	assert_traced
}

#!/usr/bin/env bats
# DKMS builds and installs the module from what make install ships, for two
# kernels, in trees of its own. Runs without a guest, as root.
# bats file_tags=host,build,dkms

load lib/common

cached_kernels=${LEAKTRACE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/leaktrace}/kernels

setup_file() {
	export ROOT=$BATS_FILE_TMPDIR/root
	VERSION=$(sed -n 's/^#define LT_VERSION "\(.*\)"/\1/p' "$TOP/module/leaktrace.h")
	export VERSION
	make -s -C "$TOP" install-dkms DESTDIR="$ROOT" >"$BATS_FILE_TMPDIR/install" 2>&1
}

@test "dkms: package version is the module's, and so is what is shipped" {
	[ -n "$VERSION" ]
	grep -qx "PACKAGE_VERSION=\"$VERSION\"" "$TOP/dkms.conf"
	[ -e "$ROOT/usr/src/leaktrace-$VERSION/dkms.conf" ]
	# all that Kbuild and the sources ask for, nothing that people do
	[ ! -e "$ROOT/usr/src/leaktrace-$VERSION/Makefile" ]
	(cd "$TOP" && git ls-files --cached --others --exclude-standard module include/uapi |
		while read -r f; do [ ! -e "$f" ] || echo "$f"; done) | sort >"$BATS_TEST_TMPDIR/have"
	(cd "$ROOT/usr/src/leaktrace-$VERSION" && find module include -type f) | sort >"$BATS_TEST_TMPDIR/shipped"
	diff "$BATS_TEST_TMPDIR/have" "$BATS_TEST_TMPDIR/shipped"
}

# dkms, with every tree of its own and no word to the host's depmod
private_dkms() {
	TMPDIR=$BATS_TEST_TMPDIR dkms "$@" --dkmstree "$BATS_TEST_TMPDIR/dkms" \
		--sourcetree "$ROOT/usr/src" --installtree "$BATS_TEST_TMPDIR/modules"
}

# What dkms could touch outside
outside() {
	find /var/lib/dkms /usr/src /lib/modules/ /etc/dkms -printf '%p %T@\n' 2>/dev/null | sort
}

# dkms_for KERNEL: add, build, install, look, remove
dkms_for() {
	local kdir release ko
	command -v dkms >/dev/null || lacking "no dkms"
	[ "$(id -u)" = 0 ] || lacking "dkms wants to be root"
	kdir=$(echo "$cached_kernels/$1"/root/usr/src/linux-headers-*-amd64)
	[ -e "$kdir/Makefile" ] || lacking "no headers of $1: run scripts/kernels $1"
	release=${kdir##*/linux-headers-}
	mkdir -p "$BATS_TEST_TMPDIR/dkms" "$BATS_TEST_TMPDIR/modules/$release"
	outside >"$BATS_TEST_TMPDIR/before"
	{
		private_dkms add "leaktrace/$VERSION" &&
			private_dkms build "leaktrace/$VERSION" -k "$release/x86_64" --kernelsourcedir "$kdir" &&
			private_dkms install "leaktrace/$VERSION" -k "$release/x86_64" --no-depmod
	} >"$BATS_TEST_TMPDIR/log" 2>&1 || {
		cat "$BATS_TEST_TMPDIR/log" "$BATS_TEST_TMPDIR/dkms/leaktrace/$VERSION/build/make.log" || true
		return 1
	}
	private_dkms status | grep -q "^leaktrace/$VERSION, $release, x86_64: installed"
	ko=$(find "$BATS_TEST_TMPDIR/modules/$release" -name 'leaktrace.ko*')
	expect "$(modinfo -F version "$ko")" "$VERSION" "version of $ko"
	expect "$(modinfo -F license "$ko")" GPL "licence of $ko"
	[[ "$(modinfo -F vermagic "$ko")" == "$release "* ]]
	private_dkms remove "leaktrace/$VERSION" --all --no-depmod
	expect "$(find "$BATS_TEST_TMPDIR/modules" -name 'leaktrace.ko*')" "" "left after remove"
	outside >"$BATS_TEST_TMPDIR/after"
	diff "$BATS_TEST_TMPDIR/before" "$BATS_TEST_TMPDIR/after"
}

@test "dkms: adds, builds, installs and removes it for 6.1" { dkms_for 6.1; }
@test "dkms: adds, builds, installs and removes it for 5.10" { dkms_for 5.10; }

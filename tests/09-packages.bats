#!/usr/bin/env bats
# What is installed: completions, make install and its undoing. Runs without a guest.
# bats file_tags=host,packages

load lib/common

setup_file() {
	make -s -C "$TOP/userland" >&2
	# completions call the program by name
	mkdir "$BATS_FILE_TMPDIR/bin" "$BATS_FILE_TMPDIR/functions"
	ln -s "$TOP/userland/leaktrace" "$BATS_FILE_TMPDIR/bin/leaktrace"
	ln -s "$TOP/userland/completions/leaktrace.zsh" "$BATS_FILE_TMPDIR/functions/_leaktrace"
	export PATH=$BATS_FILE_TMPDIR/bin:$PATH
}

# --- completions ---

commands() { lt --help | sed -n 's/^  \([a-z][a-z]*\)  *[A-Z].*/\1/p'; }

# what --help prints, without the example: its long options
options() { lt "$1" --help | sed '/^example:/,$d' | grep -o -- '^  \(-., \|    \)--[a-z][a-z-]*' | sed 's/.* //'; }

# offers SHELL <LINES: each line, a tabulator, and a word that the shell offers at its end
offers() {
	case $1 in
	bash) bash --norc "$TOP/tests/lib/complete.bash" "$TOP/userland/completions/leaktrace.bash" ;;
	fish) fish --no-config "$TOP/tests/lib/complete.fish" "$TOP/userland/completions/leaktrace.fish" ;;
	zsh) zsh -f "$TOP/tests/lib/complete.zsh" "$BATS_FILE_TMPDIR/functions" ;;
	esac
}

# wanted LINE WORD…: what is to be offered there
wanted() { printf "${1//%/%%}\t%s\n" "${@:2}"; }

# completes SHELL: lines and offers as they have to be, in standard input
completes() {
	command -v "$1" >/dev/null || lacking "no $1: run scripts/setup"
	sort >"$BATS_TEST_TMPDIR/wanted"
	cut -f1 "$BATS_TEST_TMPDIR/wanted" | uniq >"$BATS_TEST_TMPDIR/lines"
	(cd "$BATS_TEST_TMPDIR/play" && offers "$1" <"$BATS_TEST_TMPDIR/lines") |
		# a folder may be shown as one
		sed 's|/$||' | sort >"$BATS_TEST_TMPDIR/offered"
	diff "$BATS_TEST_TMPDIR/wanted" "$BATS_TEST_TMPDIR/offered" >&2 || { echo "< wanted; > offered by $1"; false; }
}

every_completion() {
	local command
	mkdir -p "$BATS_TEST_TMPDIR/play/folder"
	touch "$BATS_TEST_TMPDIR/play/file"
	for command in $(commands); do
		mapfile -t options < <(options "$command")
		wanted "leaktrace $command --" "${options[@]}"
	done
	mapfile -t commands < <(commands)
	wanted 'leaktrace help ' "${commands[@]}"
	wanted 'leaktrace de' detach
	wanted 'leaktrace h' help
	wanted 'leaktrace v' version
	wanted 'leaktrace --v' --version
	wanted 'leaktrace go --ev' --every
	wanted 'leaktrace attach --kinds ' fd page timer thread map all
	wanted 'leaktrace attach -F ' text json folded html pprof openmetrics
	wanted 'leaktrace diff --format ' text json
	wanted 'leaktrace go --format p' pprof
	wanted 'leaktrace push --protocol ' pyroscope parca pprof
	wanted 'leaktrace run --fail-on ' leak
	wanted 'leaktrace diff ' file folder
	wanted 'leaktrace diff file f' file folder
	wanted 'leaktrace record -o ' file folder
	wanted 'leaktrace serve fo' folder
	wanted 'leaktrace run -- shellch' shellcheck
	wanted 'leaktrace run -- cat f' file folder
	wanted "leaktrace attach $$" $$
	wanted "leaktrace go --json $$" $$
}

@test "completion: bash offers the commands, options, values and operands of --help" {
	{ every_completion; wanted 'leaktrace attach --kinds fd,p' fd,page; } | completes bash
}

@test "completion: fish offers the same" {
	{ every_completion; wanted 'leaktrace attach --kinds fd,p' fd,page; } | completes fish
}

@test "completion: zsh offers the same" {
	{ every_completion; wanted 'leaktrace attach --kinds fd,p' page; } | completes zsh
}

@test "completion: nothing is offered where there is nothing to choose from" {
	local shell
	for shell in bash fish zsh; do
		printf 'leaktrace %s\n' 'report --between ' 'push --to ' 'serve --listen ' 'attach --duration ' 'version ' |
			offers "$shell" >"$BATS_TEST_TMPDIR/$shell"
		expect "$(cat "$BATS_TEST_TMPDIR/$shell")" "" "offered by $shell"
	done
}

@test "completion: each value that is offered is taken, and others are not" {
	local option word
	for option in '--kinds' '--format'; do
		for word in $(echo "leaktrace attach $option " | offers bash | cut -f2); do
			run lt attach "$option" "$word" 4194305
			[[ $output != *"$option"* && $output != *"'$word'"* ]]
		done
		run lt attach "$option" nonsense 4194305
		[[ $output == *nonsense* ]]
	done
	for word in $(echo "leaktrace push --protocol " | offers bash | cut -f2) nonsense; do
		run lt push --protocol "$word" --to http://127.0.0.1:1 /nonexistent
		[[ $word = nonsense || $output != *"$word"* ]]
		[[ $word != nonsense || $output == *nonsense* ]]
	done
}

# --- make install, make uninstall ---

# what is there: type, mode, name
tree_of() { (cd "$1" && find . -printf '%y %m %p\n' | sort -k3); }

@test "install: make uninstall removes what make install put there, and nothing else" {
	local root=$BATS_TEST_TMPDIR/root prefix
	for prefix in /usr/local /opt/tool; do
		mkdir -p "$root/usr/src/other-1" "$root$prefix/bin" "$root$prefix/share/man/man1"
		touch "$root/usr/src/other-1/dkms.conf" "$root$prefix/bin/leaktraced" "$root$prefix/share/man/man1/leaktraced.1"
		find "$root" -type f | sort >"$BATS_TEST_TMPDIR/before"
		make -s -C "$TOP" install DESTDIR="$root" PREFIX="$prefix" >&2
		[ -x "$root$prefix/bin/leaktrace" ]
		make -s -C "$TOP" uninstall DESTDIR="$root" PREFIX="$prefix" >&2
		find "$root" -type f | sort | diff "$BATS_TEST_TMPDIR/before" - >&2
		expect "$(ls "$root/usr/src")" other-1 "left in usr/src"
		# again: nothing is there
		make -s -C "$TOP" uninstall DESTDIR="$root" PREFIX="$prefix" >&2
	done
}

@test "install: make uninstall leaves the source to a DKMS that still has the module" {
	local root=$BATS_TEST_TMPDIR/root version
	make -s -C "$TOP" install-dkms DESTDIR="$root" >&2
	version=$(cd "$root/usr/src" && echo leaktrace-*)
	mkdir -p "$root/var/lib/dkms/leaktrace/${version#leaktrace-}"
	run make -s -C "$TOP" uninstall-dkms DESTDIR="$root"
	[ "$status" != 0 ]
	[[ $output == *"dkms remove leaktrace/${version#leaktrace-} --all"* ]]
	[ -e "$root/usr/src/$version/dkms.conf" ]
}

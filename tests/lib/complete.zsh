# What zsh offers for command lines: an interactive shell's on a terminal of its own, whose
# compadd keeps what it adds.
# usage: zsh -f complete.zsh FOLDER-OF-FUNCTIONS <LINES      prints LINE, a tabulator, a word

emulate -L zsh
zmodload zsh/zpty
setup=$(mktemp)
cat >$setup <<-END
	PROMPT= PS2= TERM=dumb LISTMAX=0
	fpath=(${(q)1} \$fpath)
	autoload -U compinit && compinit -D -u
	offered=()
	compadd() {
		local -a hits
		if (( ! \${@[(I)-[OAD]]} )); then
			builtin compadd -A hits "\$@"
			offered+=(\$hits)
		fi
		builtin compadd "\$@"
	}
	tell() {
		compstate[insert]= compstate[list]=
		print -rl -- @begin@ \$offered @end@
		offered=()
	}
	complete_line() { comppostfuncs=(tell); zle complete-word; zle kill-whole-line; }
	zle -N complete_line
	bindkey "^I" complete_line
	print -r -- @re""ady@
END
zpty shell zsh -f -i

# next: a line of what the shell writes. To wait for a pattern takes a time that grows with
# the cube of what has been read.
next() {
	zpty -r shell seen || exit 1
	seen=${${seen%$'\n'}//$'\r'/}
}

zpty -w shell "source $setup"
until next; [[ $seen == *@ready@* ]]; do :; done
while IFS= read -r line; do
	zpty -w -n shell $line$'\t'
	until next; [[ $seen == *@begin@* ]]; do :; done
	while next; [[ $seen != *@end@* ]]; do
		print -r -- $line$'\t'$seen
	done
done
zpty -d shell
rm -f $setup

# shellcheck shell=bash
# What bash offers at the end of command lines.
# usage: bash --norc complete.bash FILE <LINES      prints LINE, a tabulator, a word
# shellcheck source=/dev/null
. "$1"
while IFS= read -r line; do
	read -ra COMP_WORDS <<<"$line"
	[[ $line != *' ' ]] || COMP_WORDS+=('')
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	COMPREPLY=()
	_leaktrace
	[ ${#COMPREPLY[@]} = 0 ] || printf "$line\t%s\n" "${COMPREPLY[@]}"
done

# SPDX-License-Identifier: GPL-2.0
# Of objdump's listing first, then of what the planner says: counts doors, and what is wrong.
FNR == NR {
	if ($1 !~ /^[0-9a-f]+:$/)
		next
	at = "0x" substr($1, 1, length($1) - 1)
	text = $0
	sub(/^[^\t]*\t/, "", text)
	insn[at] = text
	order[n++] = at
	place[at] = n - 1
	# jumps and calls: "jmp    12345 <name+0x1>"
	if (text ~ /^(bnd |notrack )?(j[a-z]+|call|loop[a-z]*) +[0-9a-f]+ /) {
		split(text, word, " ")
		for (i in word)
			if (word[i] ~ /^[0-9a-f]+$/ && word[i] !~ /^(bnd|notrack|call)$/)
				target["0x" word[i]] = 1
	}
	next
}
function wrong(what) { bad++; print "wrong: " what " " $0 > "/dev/stderr" }
function number(hex,  i, v) {
	for (i = 3; i <= length(hex); i++)
		v = v * 16 + index("0123456789abcdef", substr(hex, i, 1)) - 1
	return v + 0
}
function inside(at, bytes,  i) {
	for (i = 1; i < bytes; i++)
		if (sprintf("0x%x", number(at) + i) in target)
			return 1
	return 0
}
$1 == "door" {
	doors++
	if (!($4 in insn))
		wrong("no instruction begins there")
	else if (!(sprintf("0x%x", number($4) + $5) in insn))
		wrong("its length")
	if (inside($4, $5) || ($4 != $3 && $4 in target))
		wrong("somebody branches into it")
	if ($6 == 5 && $5 < 5 || $5 < 2)
		wrong("it is too short")
	if (insn[$4] ~ /^(call|ret|endbr)/)
		wrong("it cannot be moved")
}
$1 == "door" && $7 != "0" {
	islands++
	distance = number($7) - number($4) - 2
	if ($6 != 2 || distance > 127 || distance < -128)
		wrong("the island is too far away")
	if (used[$7]++ || $7 in target || inside($7, 5))
		wrong("the island is used")
	# what comes before it, back to an instruction that is no padding, ends there
	for (at = number($7); !(sprintf("0x%x", at) in insn); at--)
		;
	i = place[sprintf("0x%x", at)]
	if (insn[order[i]] !~ /nop|xchg +%ax,%ax|int3/)
		wrong("the island is no padding: " insn[order[i]])
	while (insn[order[i]] ~ /nop|xchg +%ax,%ax|int3|^data16/)
		i--
	if (insn[order[i]] !~ /^(bnd |repz )?(ret|jmp|ud2)/)
		wrong("the island is executed after " insn[order[i]])
}
$1 == "passes" { passes++ }
$1 == "refused" { refused++ }
END { print doors + 0, "doors,", islands + 0, "islands,", passes + 0, "pass,", refused + 0, "refused,", bad + 0, "wrong" }

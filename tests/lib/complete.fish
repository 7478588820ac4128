# What fish offers at the end of command lines.
# usage: fish --no-config complete.fish FILE <LINES      prints LINE, a tabulator, a word
source $argv[1]
while read --local --line line
    for word in (complete -C "$line")
        printf '%s\t%s\n' $line (string split \t -- $word)[1]
    end
end

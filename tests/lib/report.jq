# A report as lines that a shell reads: what a test asserts on, and what
# breaks the contract whatever the test.
#   total KIND BASELINE BORN DIED LIVE BYTES
#   loss NAME VALUE
#   site ID KIND TYPE VERDICT BORN DIED LIVE INNERMOST FUNCTION…
#   released ID SHARE FUNCTION…
#   bad WHAT
def word: if . == null or . == "" then "?" else tostring | gsub("\\s+"; "_") end;
def functions: [.frames[]?.function | word] | join(" ");
# the first frame that is no inlined one has the function's own name
def innermost: [.frames[]? | select(.inlined != true) | .function | word][0] // "?";
def bad: "bad \(.)";

(if .leaktrace != 1 then "no version" | bad else empty end),
(["pid", "comm", "exe", "attached_at", "window_s", "exited"][] as $k
 | if .target | has($k) then empty else "target.\($k) is missing" | bad end),
(["exact", "events", "objects", "stacks", "truncated_stacks", "complete_stacks", "reconciled"][] as $k
 | if .losses | has($k) then empty else "losses.\($k) is missing" | bad end),
(.totals | to_entries[]
 | (.value as $t | "total \(.key) \($t.baseline) \($t.born) \($t.died) \($t.live) \($t.bytes // 0)"),
   (if .value.live != .value.baseline + .value.born - .value.died
    then "totals.\(.key): live \(.value.live) is not baseline \(.value.baseline) + born \(.value.born) - died \(.value.died)" | bad
    else empty end)),
(.losses | to_entries[] | "loss \(.key) \(.value | word)"),
(.sites[]
 | "site \(.id) \(.kind) \(.type | word) \(.verdict) \(.born) \(.died) \(.live) \(innermost) \(functions)",
   (.id as $id | .released_at[]? | "released \($id) \(.share) \(functions)"),
   (if .live != .born - .died
    then "site \(.id): live \(.live) is not born \(.born) - died \(.died)" | bad
    else empty end),
   (if .verdict | IN("leak", "suspect", "cache", "ok") then empty
    else "site \(.id): verdict \(.verdict)" | bad end),
   (if .verdict == "leak" and (.evidence | length) == 0
    then "site \(.id): a leak without evidence" | bad else empty end))

#!/bin/sh
# Runs every benchmark and writes its figures into docs/benchmarks.md, with the
# machine they were taken on. Speed is only ever compared within one run.
set -eu
cd "$(dirname "$0")/.."
doc=$(mktemp)
trap 'rm -f "$doc"' EXIT

section() { # heading, what it shows, package, pattern, time
	echo "measuring: $1" >&2
	{
		printf '\n## %s\n\n%s\n\n```\n' "$1" "$2"
		go test -run '^$' -bench "$4" -benchtime "$5" -timeout 60m "$3" | grep -E '^Benchmark' | sed 's/  */ /g; s/\t */  /g'
		printf '```\n'
	} >>"$doc"
}

cpu=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
cat >"$doc" <<EOF
# Benchmarks

Figures of \`make bench\`, written by it. Absolute times belong to the machine; what counts are the ratios
within one run, and that nothing grows that must not.

Taken $(date -u +%Y-%m-%d) on $(nproc) cores (${cpu:-unknown}), $(uname -sr), $(go version | cut -d' ' -f3).
EOF

section 'The commit loop of the store' \
	'`Commit` through the committer beside `Bare`, the same puts in a plain bbolt loop; the number is how many callers.' \
	./appliance/store Commit 2s
section 'The audit log' 'A leaf appended to a log that is already long.' ./appliance/audit . 2s
section 'Taking a message' \
	'Sealed record, envelope, audit leaf and timer in one durable transaction, through the intake and beside it written directly. The promise is a ratio within 1.2.' \
	./appliance/intake . 2s
section 'The bell' \
	'From the commit to the first notice in the channel (promise: p99 under 50 ms), and how late a due step runs with 10,000 timers waiting.' \
	./appliance/escalation . 2s
section 'The way out' \
	'From the commit of a notice until its request is at a gateway, over TLS.' \
	./appliance/notify CommitToGateway 2s
section 'Who is on call' \
	'Answered from the store, and from a plan that is read already: of a usual practice, and of one with three schedules, a year of shifts and 200 exceptions; and the two weeks that findings look ahead.' \
	./appliance/oncall . 2s
section 'The protocol' \
	'What a message costs: the rule that it goes by, and the check of 60 words for red flags, with its time for a kilobyte of ever longer text, which must not grow.' \
	./appliance/protocol 'Route|RedFlags' 2s
section 'From the form to saved' \
	'A call at a desk without the time in which somebody talks: the form comes, is sent, and the page with the number comes; over TLS (promise: p50 under 30 ms).' \
	./appliance/appliancetest/measure FormToSaved 2s
section 'Backup and restore' \
	'10,000 messages, beside age and tar on the same bytes.' \
	./backup . 1x
section 'The inbox page' \
	'One page over TLS at 1,000, 100,000 and 1,000,000 messages (promise: p99 under 10 ms, not growing).' \
	./appliance/appliancetest/measure InboxPage 2s
section 'Start' 'From starting the process to listening, with 100,000 messages (promise: under 200 ms).' \
	./appliance/appliancetest/measure Start 20x
section 'Memory' 'RssAnon of the process: idle, right after a sign-in (the key derivation takes 256 MiB and gives them back), and a minute later (promise: under 64 MiB).' \
	./appliance/appliancetest/measure Memory 1x
section 'The program' 'Promise: under 40 MB.' ./appliance/appliancetest/measure Program 1x

cp "$doc" docs/benchmarks.md
echo "docs/benchmarks.md is written" >&2

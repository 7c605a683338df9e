# Runs a command that must not outlive the process that holds the other end of our input.
#
# usage: sh -c THIS sh SIGNALS GRACE LOG COMMAND...
#   SIGNALS  what to send when our input ends, GRACE seconds apart, for instance 'TERM KILL'
#   LOG      where the command's output goes; empty for our own output
#
# The first line that we print is the process id of the command. We exit with its status.
signals=$1 grace=$2 log=$3
shift 3
exec 3<&0 </dev/null

sh -c 'echo $$; [ -z "$0" ] || exec >>"$0"; exec "$@" 2>&1' "$log" "$@" 3<&- &
child=$!
exec 2>/dev/null

(
    while read -r _; do :; done <&3
    for signal in $signals; do
        kill -s CONT "$child"
        kill -s "$signal" "$child"
        sleep "$grace"
    done
) >/dev/null &
watcher=$!

wait "$child"
status=$?
kill "$watcher"
exit "$status"

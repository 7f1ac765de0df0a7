# Runs "$@" and ends it when standard input closes: then our owner is gone, in whatever way.
# A line on standard input is the name of a signal for it.
trap '' HUP INT QUIT TERM
exec 3<&0 </dev/null

"$@" 3<&- &
child=$!

(
    while read -r signal; do
        kill -s "$signal" "$child"
    done
    # At once and without a checkpoint: nobody needs the data any more.
    kill -s QUIT "$child"
    for _ in 1 2 3 4 5; do
        sleep 1
    done
    kill -s KILL "$child"
) <&3 >/dev/null 2>&1 &
watcher=$!
exec 3<&-

wait "$child"
status=$?
kill -s KILL "$watcher" 2>/dev/null
wait "$watcher" 2>/dev/null
if [ -n "$PGSRE_LEFTOVER" ]; then
    rm -rf "$PGSRE_LEFTOVER"
fi
exit "$status"

# Runs "$@" and ends it when standard input closes: then our owner is gone, in whatever way.
# A line on standard input is the name of a signal for it.

# We outlive what ends our owner. A trap, unlike an ignored signal, is not inherited by the child.
trap : HUP INT QUIT TERM
exec 3<&0 </dev/null

"$@" 3<&- &
child=$!

(
    trap '' HUP INT QUIT TERM
    while read -r signal; do
        kill -s "$signal" "$child"
    done
    # At once and without a checkpoint: nobody needs the data any more. Again and again, because
    # the child may not listen yet: a shell starts it with INT and QUIT ignored. TERM is for that
    # early time, too.
    kill -s TERM "$child"
    for _ in 1 2 3 4 5; do
        kill -s QUIT "$child"
        sleep 1
    done
    kill -s KILL "$child"
) <&3 >/dev/null 2>&1 &
watcher=$!
exec 3<&-

# A trapped signal interrupts `wait`.
while :; do
    wait "$child"
    status=$?
    kill -s 0 "$child" 2>/dev/null || break
done
kill -s KILL "$watcher" 2>/dev/null
wait "$watcher" 2>/dev/null
if [ -n "$PGSRE_LEFTOVER" ]; then
    rm -rf "$PGSRE_LEFTOVER"
fi
# What an ended child left running, such as a step of initdb: this process group is ours alone.
[ "$status" -eq 0 ] || kill -s KILL 0
exit "$status"

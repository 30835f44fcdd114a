# Runs one PostgreSQL for as long as the pipe on standard input stays open, then stops it and removes its folder.
# The kernel closes that pipe however the parent ends, SIGKILL included, so nothing is ever left behind.
# Arguments: folder, initdb, postgres. The folder holds `password` and `settings.conf`, and `data` when it is a copy of
# another server's.
set -u
folder=$1 initdb=$2 postgres=$3
trap 'cd /; rm -rf "$folder"' EXIT
trap '' INT TERM HUP
exec 3<&0 </dev/null

if [ ! -d "$folder/data" ]; then
  "$initdb" --pgdata="$folder/data" --username=admin --pwfile="$folder/password" --auth=scram-sha-256 \
    --encoding=UTF8 --locale=C --no-sync >&2 || exit 1
fi
rm -f "$folder/password"
# In the file and not as arguments, so that ALTER SYSTEM may change them.
cat "$folder/settings.conf" >>"$folder/data/postgresql.conf" || exit 1

"$postgres" -D "$folder/data" 3<&- >&2 &
server=$!
(
  read -r _ <&3
  # Again and again: until PostgreSQL has installed its handlers it ignores SIGINT, its "fast" stop.
  while kill -INT "$server" 2>/dev/null; do sleep 0.1; done
) &
watcher=$!
wait "$server"
status=$?
kill -KILL "$watcher" 2>/dev/null
# Only a server that was killed leaves this file, and in its seventh line the shared memory that it left as well.
segment=$(sed -n '7s/.* //p' "$folder/data/postmaster.pid" 2>/dev/null)
[ -z "$segment" ] || ipcrm -m "$segment" 2>/dev/null
exit "$status"

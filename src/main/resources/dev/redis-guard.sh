# Keeps the embedded Redis of one router, and clears up after both, however the router ends: its end closes our input.
# $1: a directory of our own with the program redis-server in it. $2: the port. One line on the input starts Redis.
trap '' HUP INT TERM
if read -r start; then
  # As a daemon it has a session of its own: Ctrl-C in the terminal reaches the router alone, which ends in order.
  "$1/redis-server" --daemonize yes --bind 127.0.0.1 --port "$2" --dir "$1" --pidfile "$1/redis.pid" \
    --logfile "$1/redis.log" --save '' --appendonly no
  while read -r ignored; do :; done
  tries=0
  while [ ! -s "$1/redis.pid" ] && [ "$tries" -lt 20 ]; do
    tries=$((tries + 1))
    sleep 0.1
  done
  if [ -s "$1/redis.pid" ]; then
    pid=$(cat "$1/redis.pid")
    kill "$pid"
    tries=0
    # Redis removes the file when it ends; asking for the process would wait for one that nobody reaps.
    while [ -e "$1/redis.pid" ] && [ "$tries" -lt 50 ]; do
      tries=$((tries + 1))
      sleep 0.1
    done
    if [ -e "$1/redis.pid" ]; then
      kill -9 "$pid"
    fi
  fi
fi
rm -rf "$1"

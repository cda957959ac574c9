# Ends what runs below pyx when pyx itself is killed: only then does its standard input end while
# something is in the last line read. `-N` is a process group, `N` a process with those below it.
trap '' INT TERM HUP TSTP
below() {
  ps -A -o pid= -o ppid= | while read -r pid parent; do
    if [ "$parent" = "$1" ]; then
      echo "$pid"
      below "$pid"
    fi
  done
}
running=
while read -r line; do running=$line; done
for one in $running; do
  case $one in
  -*) kill -KILL "$one" ;;
  *) kill -KILL $(below "$one") "$one" ;;
  esac
done

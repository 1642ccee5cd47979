#!/bin/bash
# Stories with real systems by other authors. Ends with "N passed, M failed, K skipped" (systems).
set -u
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 1
. tests/interop/program.sh

all='pi words homeassistant homeassistant-2024.11 brokers nodered'
usage() {
	cat <<-U
	usage: tests/interop/run.sh [SYSTEM...]
	  SYSTEM: ${all// /, }; all of them without one
	They are installed from PyPI, npm, Maven Central and the Go proxy on first use, below
	~/.cache/printer2mqtt-interop (\$P2M_INTEROP_DIR). What cannot be had here is skipped, and that is said.
	U
}

for system; do
	case " $all all " in
	*" $system "*) continue ;;
	esac
	case $system in
	-h | --help) usage; exit 0 ;;
	*) usage >&2; exit 2 ;;
	esac
done
[ $# -gt 0 ] || set -- all
case " $* " in *' all '*) set -- $all ;; esac

need_program || exit 1
passed=0 failed=0 skipped=0

stories() { # SYSTEM FILE [NAME=VALUE...]
	local system=$1 file=$2 log=$logs/interop-$1.log status=0
	shift 2
	echo
	echo "== $system"
	env "$@" /usr/bin/python3 -m pytest -q -p no:cacheprovider "tests/interop/$file" >"$log" 2>&1 || status=$?
	if grep -q '^=* what real systems showed' "$log"; then
		sed '1,/^=* what real systems showed/d; /^=/,$d; /^[0-9]* \(passed\|skipped\|failed\)/d; /./,$!d' "$log"
	else
		tail -n 20 "$log"
	fi
	if [ $status != 0 ]; then
		failed=$((failed + 1))
		echo "FAILED: $system; all of it: $log"
	elif grep -qE '^[0-9]+ passed' "$log"; then
		passed=$((passed + 1))
	else
		skipped=$((skipped + 1))
	fi
}

for system; do
	case $system in
	pi) stories "$system" test_pi.py ;;
	words) stories "$system" test_words.py ;;
	homeassistant) stories "$system" test_homeassistant.py ;;
	homeassistant-2024.11)
		stories "$system" test_homeassistant.py P2M_HA_SUITE=trixie P2M_HA_VERSION=2024.11.3
		;;
	brokers) stories "$system" test_brokers.py ;;
	nodered) stories "$system" test_nodered.py ;;
	esac
done
echo
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]

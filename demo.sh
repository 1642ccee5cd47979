#!/bin/bash
# A first look: a broker, printers, the bridge and a live view of the topics.
set -eu
cd "$(dirname "$(readlink -f "$0")")"
. tests/packages.sh

usage() {
	cat <<-'U'
	usage: ./demo.sh [--printer URL] [--seconds N]

	Installs what is missing (apt-get, as root or with sudo), builds printer2mqtt,
	and shows it at work: a mosquitto on a free port of this machine, simulated
	printers, the bridge, and every topic as it changes. Ctrl-C ends it all.

	  --printer URL  your own printer instead of the simulated ones, such as
	                 http://192.168.1.50 (PrusaLink). Asks for user name and
	                 password; they are the ones of the printer's web page, on a
	                 printer without Raspberry Pi: Settings > Network > PrusaLink.
	  --seconds N    end by itself after N seconds
	U
}

arguments=("$@")
while [ $# -gt 0 ]; do
	case $1 in
	-h | --help) usage; exit 0 ;;
	--printer | --seconds) [ $# -gt 1 ] || { usage >&2; exit 2; }; shift 2 ;;
	--printer=* | --seconds=*) shift ;;
	*) usage >&2; exit 2 ;;
	esac
done

build() {
	local log=build/demo-build.log
	mkdir -p build
	cmake --preset release >$log 2>&1 || { cat $log >&2; return 1; }
	[ -x build/release/printer2mqtt ] || echo "Building printer2mqtt, about a minute the first time."
	if [ -t 1 ]; then # one line that counts up
		cmake --build --preset release
	else
		cmake --build --preset release >$log 2>&1 || { cat $log >&2; return 1; }
	fi
}

need $build_needs $demo_needs
build || { echo "The build failed: see above." >&2; exit 1; }
exec /usr/bin/python3 tests/demo "${arguments[@]}"

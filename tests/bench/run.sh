#!/bin/bash
# What printer2mqtt costs: builds it for release, measures, prints one table.
set -u
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 1
. tests/packages.sh

usage() {
	cat <<-'U'
	usage: tests/bench/run.sh [--quick] [NAME...]
	  --quick  short windows, one round: about seven minutes instead of twenty
	  NAME     only these: requests hundred instructions memory thousands trouble long_print
	           upload uploads listing filament status
	A full run of all writes tests/bench/RESULTS.md. The exit status is 1 when a goal is missed.
	U
}

case ${1-} in -h | --help) usage; exit 0 ;; esac

bench_needs='mosquitto:mosquitto /usr/bin/python3:python3 py/paho.mqtt.client:python3-paho-mqtt
	py/requests:python3-requests valgrind:valgrind taskset:util-linux curl:curl pc/cmocka:libcmocka-dev'
need $build_needs $bench_needs || exit 1

export P2M_BENCH_BUILD="$PWD/build/bench"
log=build/bench.log
mkdir -p build
echo "Building in build/bench" >&2
if ! { cmake --preset release -B "$P2M_BENCH_BUILD" -DBUILD_TESTING=ON &&
	cmake --build "$P2M_BENCH_BUILD" --target printer2mqtt \
		bench_load bench_watch bench_floor bench_long_print bench_hang \
		bench_sink test_metadata_files_test; } >$log 2>&1; then
	tail -n 40 $log >&2
	exit 1
fi
exec /usr/bin/python3 tests/bench/figures.py "$@"

#!/bin/bash
# The whole suite. Ends with "N passed, M failed[, K skipped]".
set -u
cd "$(dirname "$(readlink -f "$0")")" || exit 1
. tests/packages.sh

usage() {
	cat <<-'U'
	usage: ./test.sh [--quick] [--ci]
	  --quick  build with gcc, unit tests, Python tests but the longest
	  --ci     warnings are errors (also when CI=true)
	Without --quick also: clang, AddressSanitizer and UBSan, fuzzers, valgrind,
	clang-format, clang-tidy. What is missing is installed with apt-get.
	Not here: tests/interop/run.sh (real Home Assistant, PrusaLink, Node-RED, brokers).
	U
}

quick= werror=OFF
[ "${CI:-}" != true ] || werror=ON
for argument; do
	case $argument in
	--quick) quick=1 ;;
	--ci) werror=ON ;;
	-h | --help) usage; exit 0 ;;
	*) usage >&2; exit 2 ;;
	esac
done

logs=build/logs passed=0 failed=0 skipped=0
sources='mapping config homeassistant bridge'
mkdir -p $logs

# run NAME COMMAND...: its output goes to a log, which is shown if it fails.
run() {
	local name=$1 began=$SECONDS status=0
	shift
	log="$logs/${name//[^A-Za-z0-9]/-}.log"
	printf '%-44s' "== $name"
	"$@" >"$log" 2>&1 || status=$?
	[ $status = 0 ] && printf 'ok' || printf 'FAILED'
	printf ' (%d s)\n' $((SECONDS - began))
	[ $status = 0 ] || tail -n 80 "$log"
	return $status
}

check() { # one thing that is right or wrong
	if run "$@"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		return 1
	fi
}

skip() { # NAME REASON
	printf '%-44sskipped: %s\n' "== $1" "$2"
	skipped=$((skipped + 1))
}

# number PATTERN: the number before or behind it in the log's last such line.
number() {
	grep -oE "$1" "$log" | tail -n 1 | grep -oE '[0-9]+' || echo 0
}

# count PASSED FAILED SKIPPED STATUS: a suite that fails without a number, as
# when it does not even start, is one failure.
count() {
	local bad=$2
	[ "$4" = 0 ] || [ "$bad" -gt 0 ] || bad=1
	passed=$((passed + $1)) failed=$((failed + bad)) skipped=$((skipped + $3))
	printf '   %d passed, %d failed, %d skipped\n' "$1" "$bad" "$3"
}

suite_ctest() { # NAME PRESET [OPTION...]
	local name=$1 preset=$2 status=0
	shift 2
	run "$name" ctest --preset "$preset" -j "$(nproc)" "$@" || status=$?
	local total bad
	total=$(number 'out of [0-9]+') bad=$(number '[0-9]+ tests? failed')
	count $((total - bad)) "$bad" 0 $status
}

suite_pytest() { # NAME PRESET FOLDER...
	local name=$1 status=0
	export P2M_PROGRAM="$PWD/build/$2/printer2mqtt"
	shift 2
	[ $# -gt 0 ] || return 0
	run "$name" /usr/bin/python3 -m pytest -q -p no:cacheprovider -n $((3 * $(nproc))) "$@" || status=$?
	count "$(number '[0-9]+ passed')" "$(($(number '[0-9]+ failed') + $(number '[0-9]+ errors?')))" \
		"$(number '[0-9]+ skipped')" $status
}

build() { # PRESET [OPTION...]
	cmake --preset "$@" -DP2M_WERROR=$werror && cmake --build --preset "$1" -- --quiet -k 0
}

existing() { # those of the folders that are there
	local folder
	for folder; do [ ! -d "$folder" ] || echo "$folder"; done
}

c_files() {
	find $sources tests -name '*.[ch]'
}

# Other versions lay some lines out differently.
format_version=14
check_format() {
	local have
	have=$(clang-format --version | grep -oE '[0-9]+' | head -n 1)
	if [ "$have" = $format_version ]; then
		check 'clang-format' sh -c 'xargs clang-format --dry-run -Werror' < <(c_files)
	else
		skip 'clang-format' "the tree is formatted with version $format_version, this is $have"
	fi
}

tidy() {
	local status=0
	/usr/bin/python3 "$(command -v run-clang-tidy)" -quiet -p build/clang -j "$(nproc)" \
		"(?<!/tests)/(${sources// /|})/[a-z_/]*\.c$" >build/logs/tidy.full 2>&1 || status=$?
	sed 's/\x1b\[[0-9;]*m//g' build/logs/tidy.full | grep -E '(error|warning): ' | sort -u
	return $status
}

total() {
	echo
	printf '%d passed, %d failed' $passed $failed
	[ $skipped = 0 ] || printf ', %d skipped' $skipped
	printf '\n'
	[ $failed = 0 ]
	exit
}

needs="$build_needs $demo_needs $test_needs"
[ "$quick" ] || needs="$needs $ci_needs"
need $needs || exit 1

check 'build with gcc (dev)' build dev || total
suite_ctest 'unit tests' dev
if [ "$quick" ]; then
	suite_pytest 'Python tests' dev $(existing tests/floors tests/sim_test tests/e2e) \
		--ignore-glob='*/test_fault_matrix*' --ignore-glob='*/test_patience*'
	total
fi

check_format
suite_pytest 'simulator and floors' dev $(existing tests/floors tests/sim_test)
check 'build with clang' build clang && check 'clang-tidy' tidy
if check 'build with sanitizers (asan)' build asan; then
	suite_ctest 'unit tests, sanitizers' asan
	suite_pytest 'end-to-end stories, sanitizers' asan $(existing tests/e2e)
fi
check 'build fuzzers' build fuzz && suite_ctest 'fuzzers' fuzz
suite_pytest 'smoke under valgrind' dev $(existing tests/smoke)
check 'build with optimisation (release)' build release
echo '== longest functions'
find $sources -name '*.c' -exec awk -f tests/longest.awk {} + | sort -rn | head -n 10
echo '== not run here: tests/interop/run.sh, stories with real Home Assistant, PrusaLink, Node-RED and brokers'
total

# What must be installed, and the Debian package that brings it: THING:PACKAGE.
# A thing is a command, a header (h/), a pkg-config module (pc/), a module of
# Debian's Python (py/) or clang's libFuzzer. Sourced by demo.sh and test.sh.
build_needs='cc:gcc h/stdlib.h:libc6-dev cmake:cmake ninja:ninja-build
	pkg-config:pkg-config pc/libmosquitto:libmosquitto-dev
	pc/libcurl:libcurl4-openssl-dev pc/libcjson:libcjson-dev
	pc/yaml-0.1:libyaml-dev pc/libuv:libuv1-dev pc/libcrypto:libssl-dev
	pc/zlib:zlib1g-dev'
demo_needs='mosquitto:mosquitto mosquitto_pub:mosquitto-clients
	/usr/bin/python3:python3 py/paho.mqtt.client:python3-paho-mqtt'
test_needs='pc/cmocka:libcmocka-dev py/pytest:python3-pytest py/xdist:python3-pytest-xdist
	openssl:openssl curl:curl'
ci_needs='clang:clang libfuzzer:libclang-rt-dev clang-format:clang-format
	run-clang-tidy:clang-tidy valgrind:valgrind'

# Debian's own programs, whatever else stands in front.
PATH=/usr/bin:/bin:/usr/sbin:/sbin:$PATH

have() {
	case $1 in
	h/*) echo "#include <${1#h/}>" | cc -E - ;;
	pc/*) pkg-config --exists "${1#pc/}" ;;
	py/*) /usr/bin/python3 -c "import ${1#py/}" ;;
	libfuzzer) echo 'int LLVMFuzzerTestOneInput(const char *p, unsigned long n) { return p && n > 9; }' |
		clang -fsanitize=fuzzer,address -x c - -o /dev/null ;;
	*) command -v "$1" ;;
	esac >/dev/null 2>&1
}

missing() {
	local need
	for need; do
		have "${need%:*}" || echo "${need##*:}"
	done
}

# need THING:PACKAGE...: install what is missing, as root or with sudo. The
# things are looked for, not the packages, so that nothing is asked of apt-get
# when all is there.
need() {
	local packages sudo=
	packages=$(missing "$@" | paste -sd ' ')
	[ "$packages" ] || return 0
	if ! have apt-get; then
		echo "Please install what Debian calls: $packages" >&2
		return 1
	fi
	if [ "$(id -u)" != 0 ]; then
		sudo=sudo
		if ! have sudo; then
			echo "There is no sudo here. Please run as root: apt-get install $packages" >&2
			return 1
		fi
	fi
	echo "Installing Debian packages: $packages"
	$sudo apt-get update -qq &&
		$sudo env DEBIAN_FRONTEND=noninteractive \
			apt-get install -y -qq --no-install-recommends $packages >/dev/null || return 1
	packages=$(missing "$@" | paste -sd ' ')
	[ ! "$packages" ] || { echo "Installed, but still not found: $packages" >&2; return 1; }
}

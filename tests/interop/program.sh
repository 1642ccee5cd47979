# The program under test, built unless $P2M_BINARY or $P2M_PROGRAM names one. Sourced at the root by run.sh and picture.sh.
. tests/packages.sh
logs=build/logs
mkdir -p $logs

need_program() {
	need $build_needs $demo_needs py/pytest:python3-pytest || return 1
	[ -z "${P2M_BINARY:-}${P2M_PROGRAM:-}" ] || return 0
	echo 'Building printer2mqtt.' >&2
	{ cmake --preset dev && cmake --build --preset dev --target printer2mqtt; } >$logs/interop-build.log 2>&1 ||
		{ tail -n 20 $logs/interop-build.log >&2; return 1; }
}

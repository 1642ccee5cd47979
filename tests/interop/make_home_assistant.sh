#!/bin/bash
# Makes a Debian in a folder, with a Python that Home Assistant wants and Home Assistant from PyPI in it.
# usage: make_home_assistant.sh FOLDER SUITE [VERSION]      as root; about 2.5 GB and 4 minutes
#   SUITE: forky for the newest, trixie for the ones of 2024 and 2025.  VERSION: without it the newest that its Python runs.
# The last line is the version. A second call only looks whether all is there.
set -eu
root=${1:?folder} suite=${2:?suite} version=${3:-}
packages=ca-certificates,gcc,g++,make,python3,python3-dev,python3-venv,libffi-dev,libssl-dev,libturbojpeg0,tzdata
# Integrations that a home with MQTT has, beside the ones that are always there.
wanted='frontend history hassio logbook mqtt recorder isal'

mirror() {
	{
		sed -n 's/^URIs: *//p' /etc/apt/sources.list.d/*.sources
		sed -n 's/^deb \(\[[^]]*\] \)\?\(https\?:[^ ]*\).*/\2/p' /etc/apt/sources.list /etc/apt/sources.list.d/*.list
		echo http://deb.debian.org/debian
	} 2>/dev/null | grep -v security | head -n 1
}

inside() {
	env -i PATH=/venv/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 PIP_DISABLE_PIP_VERSION_CHECK=1 \
		PIP_DEFAULT_TIMEOUT=180 PIP_CERT=/etc/ssl/certs/ca-certificates.crt chroot "$root" "$@"
}

requirements() { # of these integrations and all that they build on
	inside python3 - $wanted <<-'P'
	import json, pathlib, sys
	from homeassistant import bootstrap, components

	home = pathlib.Path(components.__path__[0])
	waiting = sorted({*sys.argv[1:], *bootstrap.CORE_INTEGRATIONS, *bootstrap.DEFAULT_INTEGRATIONS})
	taken = set()
	while waiting:
	    name = waiting.pop()
	    manifest = home / name / "manifest.json"
	    if name not in taken and manifest.exists():
	        taken.add(name)
	        about = json.loads(manifest.read_text())
	        waiting += about.get("dependencies", [])
	        for requirement in about.get("requirements", []):
	            print(requirement)
	P
}

if [ -f "$root/complete" ]; then
	have=$(cat "$root/complete")
	[ -n "$version" ] && [ "$version" != "$have" ] || { echo "$have"; exit 0; }
fi
rm -f "$root/complete"
mkdir -p "$root"
if [ ! -f "$root/bootstrapped" ]; then
	# the script of sid fits every suite that this debootstrap does not know yet
	debootstrap --variant=minbase --include="$packages" "$suite" "$root" "$(mirror)" /usr/share/debootstrap/scripts/sid
	touch "$root/bootstrapped"
fi
cp /etc/resolv.conf "$root/etc/resolv.conf"
cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
[ -x "$root/venv/bin/pip" ] || inside /usr/bin/python3 -m venv /venv
# 2024.11 does not ask for the first and breaks with newer ones of the second
extra=
case $version in 2024.*) extra='numpy josepy<2' ;; esac
inside pip install -q "homeassistant${version:+==$version}" $extra
requirements >"$root/tmp/requirements.txt"
constraints=$(inside python3 -c 'import homeassistant; print(homeassistant.__path__[0] + "/package_constraints.txt")')
inside pip install -q -c "$constraints" -r /tmp/requirements.txt
inside hass --version >"$root/complete"
cat "$root/complete"

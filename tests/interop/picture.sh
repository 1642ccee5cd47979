#!/bin/bash
# Makes README.md's picture and prints the topics and answers beside it, all from one run with a real Home Assistant.
# usage: tests/interop/picture.sh [PICTURE.png]      as root; the first time it installs Home Assistant and a browser (4 GB)
set -u
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 1
. tests/interop/program.sh
need_program || exit 1
exec /usr/bin/python3 tests/interop/picture.py "${1:-homeassistant/pictures/printer.png}"

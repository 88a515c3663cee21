#!/bin/sh
# Brings what the tests need beside Go, make and a C compiler: Chromium and
# codespell from Debian, axe-core from npm. Says what to do where it may not.
set -eu
cd "$(dirname "$0")"

missing=
need() { command -v "$1" >/dev/null 2>&1 || missing="$missing $2"; }
need chromium chromium
need npm npm
need codespell codespell
need tar tar

if [ -n "$missing" ]; then
	if [ "$(id -u)" = 0 ]; then sudo=; elif sudo -n true 2>/dev/null; then sudo='sudo -n'; else sudo=no; fi
	if [ "$sudo" = no ] || ! command -v apt-get >/dev/null 2>&1; then
		echo "The tests need:$missing" >&2
		echo "Install them (on Debian: apt-get install$missing), then run this again." >&2
		exit 1
	fi
	echo "installing$missing" >&2
	$sudo apt-get update -qq
	$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi

if [ ! -f browser/node_modules/axe-core/axe.min.js ]; then
	echo "installing axe-core" >&2
	(cd browser && npm ci --silent --no-audit --no-fund)
fi

#!/bin/sh
# Every check: style, types, tests. `make test` calls this with the tools on PATH.
# Goes on after a failure and ends with the exit code of the first one.
set -u
cd "$(dirname "$0")/.." || exit 1
started=$(date +%s)

# All that is temporary in one folder that goes away; others must be able to pass through it,
# because PostgreSQL does not run as root.
scratch=$(mktemp -d "${TMPDIR:-/tmp}/rulebook-test.XXXXXX") || exit 1
chmod 711 "$scratch"
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
export TMPDIR="$scratch"
if [ ! -d "${HOME:-}" ] || [ ! -w "${HOME:-}" ]; then
  export HOME="$scratch"
fi

# Somebody's own settings must not lead the tests to somebody's own data.
for name in $(env | sed -n 's/^\(RULEBOOK_[A-Z0-9_]*\)=.*/\1/p'); do
  case $name in RULEBOOK_TEST_*) ;; *) unset "$name" ;; esac
done

has() { command -v "$1" >/dev/null 2>&1; }
has_chromium() { has chromium || has chromium-browser || has google-chrome; }
has_redis() { has redis-server; }
has_postgres() {
  [ -n "${RULEBOOK_TEST_POSTGRES_URL:-}" ] || has initdb ||
    [ -n "$(find /usr/lib/postgresql -path '*/bin/initdb' 2>/dev/null)" ]
}

apt() {
  DEBIAN_FRONTEND=noninteractive timeout 300 apt-get -qq -o Acquire::Retries=2 \
    -o Acquire::http::Timeout=30 -o DPkg::Lock::Timeout=120 "$@" >>"$scratch/apt.log" 2>&1
}

install_missing() {
  wanted=""
  has_chromium || wanted="$wanted chromium"
  has_redis || wanted="$wanted redis-server"
  has_postgres || wanted="$wanted postgresql"
  [ -n "$wanted" ] || return 0
  if ! has apt-get; then
    why="there is no apt-get here"
  elif [ "$(id -u)" != 0 ]; then
    why="only root may install it"
  else
    echo "Installing$wanted"
    apt update
    for package in $wanted; do
      apt install -y --no-install-recommends "$package"
    done
    why="apt-get said: $(grep '^E:' "$scratch/apt.log" | sort -u | tr '\n' ' ')"
  fi
}

tell() {
  "$1" || echo "NOT RUN: the $2, because $3 is missing and $why"
}

first_failure=0
check() {
  echo "== $*"
  "$@"
  code=$?
  if [ "$code" != 0 ] && [ "$first_failure" = 0 ]; then
    first_failure=$code
  fi
}

install_missing
tell has_chromium "browser tests" "Chromium (package chromium)"
tell has_redis "Redis tests" "Redis (package redis-server)"
tell has_postgres "PostgreSQL tests" "PostgreSQL (package postgresql)"

cores=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
[ "$cores" -ge 2 ] || cores=2
[ "$cores" -le 8 ] || cores=8

check ruff check .
check ruff format --check .
check mypy
# Many tests wait for a process or a socket: more of them than cores keep the cores busy.
check python -m pytest -n "$((cores * 2))" -q --durations=12

seconds=$(($(date +%s) - started))
if [ "$first_failure" = 0 ]; then
  echo "All checks passed in $seconds seconds."
else
  echo "Some checks FAILED (see above); $seconds seconds."
fi
exit "$first_failure"

# shellcheck shell=bash
# How the scripts of this folder read their arguments. Each has a function `usage`.

fail() {
  echo "$(basename "$0"): $1" >&2
  exit "${2:-2}"
}

# Usage: expect <number> "$@". Goes on when there are at least so many arguments.
expect() {
  local wanted=$1
  shift
  if [[ ${1:-} == -h || ${1:-} == --help ]]; then
    usage
    exit
  fi
  if (($# < wanted)); then
    usage >&2
    fail "$# of $wanted arguments were given"
  fi
}

check_app_name() {
  [[ $1 =~ ^[A-Za-z0-9][A-Za-z0-9-]{0,58}[A-Za-z0-9]$ ]] ||
    fail "the app name is \"$1\"; accepted: 2 to 60 letters, digits and hyphens, without a hyphen at an end"
}

check_resource_group() {
  [[ -n $1 && $1 != *[!A-Za-z0-9_.\(\)-]* && $1 != -* ]] ||
    fail "the resource group is \"$1\"; accepted: letters, digits and _ . ( ) -"
}

check_subscription() {
  [[ -n $1 && $1 != -* ]] || fail "the subscription is \"$1\"; accepted: its name or its id"
}

require_az() {
  command -v az >/dev/null || fail 'az is not installed; see https://aka.ms/azure-cli' 1
}

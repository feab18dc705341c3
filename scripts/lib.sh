# shellcheck shell=bash
# Sourced by every script here: where things are, and how a failure is said.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${FINTRACK_CACHE:-$root/.cache}
case $cache in
/*) ;;
*) cache=$PWD/$cache ;;
esac
[[ -z ${FINTRACK_CACHE:-} ]] || export FINTRACK_CACHE=$cache

# Terraform warns on every command when this names a file that is not there.
if [[ -n ${TF_CLI_CONFIG_FILE:-} && ! -e $TF_CLI_CONFIG_FILE ]]; then
  unset TF_CLI_CONFIG_FILE
fi
export CHECKPOINT_DISABLE=1

say() { printf '%s\n' "$*" >&2; }

# refuse ends the script with exit code 2: the run itself could not be made.
refuse() {
  say "fintrack: $*"
  exit 2
}

# kept KEY prints what scripts/bootstrap settled for KEY, or nothing.
kept() {
  [[ ! -r $cache/env ]] || sed -n "s|^$1=||p" "$cache/env"
}

# setting KEY prints the environment variable KEY, or else what was settled.
setting() {
  local value=${!1:-}
  printf '%s\n' "${value:-$(kept "$1")}"
}

# use_settled hands on what scripts/bootstrap settled and other programs read
# from the environment: that an older Go must fetch the toolchain that go.mod
# names, and where the provider's mirror is.
use_settled() {
  local key value
  for key in GOTOOLCHAIN FINTRACK_PROVIDER_MIRROR; do
    value=$(kept "$key")
    [[ -z $value ]] || export "$key=$value"
  done
}

# results_apart keeps the journals of programs that prove nothing of the platform, as the
# unit tests of the kit, out of those that become evidence.
results_apart() {
  export FINTRACK_RESULTS=${FINTRACK_RESULTS:-$cache/results/own}
}

# module_names lists the modules, one a line.
module_names() {
  local dir
  for dir in "$root"/modules/*/; do
    [[ -d $dir ]] || continue
    basename "$dir"
  done
}

# module_uses prints "USER USED" for every pair of modules of which the first, or
# one of its examples, has the second as its source.
module_uses() {
  local file source used
  while IFS=: read -r file source; do
    [[ $source == *'../'* ]] || continue
    source=${source#*\"}
    used=$(cd "$root/$(dirname "$file")" && cd "${source%%\"*}" 2>/dev/null && pwd -P) || continue
    [[ $used == "$(cd "$root/modules" && pwd -P)"/* ]] || continue
    used=${used#"$(cd "$root/modules" && pwd -P)"/}
    file=${file#modules/}
    [[ ${file%%/*} == "${used%%/*}" ]] || printf '%s %s\n' "${file%%/*}" "${used%%/*}"
  done < <(cd "$root" && grep -rE --include='*.tf' '^[[:space:]]*source[[:space:]]*=[[:space:]]*"\.' modules) | sort -u
}

# pinned_tool prints the path of a program that tools/lint pins, built once for
# each set of pins and Go version.
pinned_tool() {
  local name=$1 package pins path
  package=$(sed -nE "s|^[[:space:]]*(tool )?([^ ]+/$name)\$|\\2|p" "$root/tools/lint/go.mod")
  [[ -n $package ]] || refuse "tools/lint/go.mod pins no tool $name"
  pins=$(cd "$root" && { cat tools/lint/go.mod tools/lint/go.sum && go env GOVERSION; } | cksum | tr ' ' '-')
  path=$cache/tools/lint-$pins/$name
  if [[ ! -x $path ]]; then
    say "building $name (once)"
    go build -C "$root/tools/lint" -o "$path.$$" "$package" >&2 ||
      refuse "$name could not be built from tools/lint; what Go says is above"
    mv "$path.$$" "$path"
  fi
  printf '%s\n' "$path"
}

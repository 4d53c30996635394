#!/usr/bin/env bash
# Deletes a resource group of Azure, with the apps and plans that are in it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=deploy/azure/arguments.sh
. deploy/azure/arguments.sh

usage() {
  cat <<'EOF'
Usage: deploy/azure/clean-up.sh <resource-group> <subscription> [option of az group delete]...

Deletes everything in the resource group, after az has asked; with --yes it does not ask.
EOF
}

expect 2 "$@"
check_resource_group "$1"
check_subscription "$2"
require_az
group=$1 subscription=$2
shift 2

az group delete --name "$group" --subscription "$subscription" "$@"

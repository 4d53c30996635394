#!/usr/bin/env bash
# Deploys the server to Azure App Service on a Windows plan, behind IIS. docs/azure.md explains it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=deploy/azure/arguments.sh
. deploy/azure/arguments.sh

usage() {
  cat <<'EOF'
Usage: deploy/azure/windows-plan.sh <app-name> <resource-group> <subscription> [option of az webapp up]...

  <app-name>        the app will be at https://<app-name>.azurewebsites.net
  <resource-group>  is made if there is none of this name
  <subscription>    its name or its id

For example: deploy/azure/windows-plan.sh my-echo my-group my-subscription --location westeurope
EOF
}

expect 3 "$@"
check_app_name "$1"
check_resource_group "$2"
check_subscription "$3"
require_az
app=(--name "$1" --resource-group "$2" --subscription "$3")
shift 3

# On Windows App Service installs packages, but builds nothing.
node scripts/ready.mjs

# The type has to be said: of a Node.js project az thinks that it wants Linux.
az webapp up --sku B1 "${app[@]}" --os-type Windows "$@"
az webapp config set "${app[@]}" --web-sockets-enabled true

#!/usr/bin/env bash
# Deploys the server to Azure App Service on a Linux plan. docs/azure.md explains it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=deploy/azure/arguments.sh
. deploy/azure/arguments.sh

usage() {
  cat <<'EOF'
Usage: deploy/azure/linux-plan.sh <app-name> <resource-group> <subscription> [option of az webapp up]...

  <app-name>        the app will be at https://<app-name>.azurewebsites.net
  <resource-group>  is made if there is none of this name
  <subscription>    its name or its id

For example: deploy/azure/linux-plan.sh my-echo my-group my-subscription --location westeurope
EOF
}

expect 3 "$@"
check_app_name "$1"
check_resource_group "$2"
check_subscription "$3"
require_az
app=(--name "$1" --resource-group "$2" --subscription "$3")
shift 3

az webapp up --sku B1 "${app[@]}" --os-type Linux "$@"
# In place of "npm start", which would want to build, and would not pass SIGTERM on to the server.
az webapp config set "${app[@]}" --startup-file 'node dist/src/main.js'

# Installs this bundle without a network:
#   powershell -ExecutionPolicy Bypass -File install.ps1 C:\reportgen
param([Parameter(Mandatory = $$true)][string]$$Folder)
& py "-$python" -B (Join-Path $$PSScriptRoot "install.py") $$Folder
exit $$LASTEXITCODE

#!/bin/sh
# A ladder of eight runs through a real Slurm of one node, with one task requeued, one cancelled and the runner killed.
#
#     crates/ladder/tests/slurm.sh target/release/isoflop
#
# Needs root, and Debian's Slurm, which it installs with CI=true. Writes /etc/slurm/slurm.conf: meant for a container.
set -eu
program=$(realpath "${1:?the program isoflop}")
if ! command -v slurmctld >/dev/null || ! command -v munged >/dev/null; then
    [ "${CI:-}" = true ] || { echo "slurm: skipped, it is not installed here" >&2; exit 0; }
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -qq -y --no-install-recommends slurm-wlm slurm-wlm-basic-plugins munge procps >/dev/null
fi
folder=$(mktemp -d)
trap 'scontrol shutdown >/dev/null 2>&1 || true; rm -rf "$folder"' EXIT

cat > /etc/slurm/slurm.conf <<CONF
ClusterName=lab
SlurmctldHost=localhost
SlurmUser=root
AuthType=auth/munge
# A requeued task waits until its old credential has run out.
AuthInfo=cred_expire=10
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
StateSaveLocation=/var/spool/slurmctld
SlurmdSpoolDir=/var/spool/slurmd
SlurmctldLogFile=/var/log/slurmctld.log
SlurmdLogFile=/var/log/slurmd.log
SlurmdParameters=config_overrides
NodeName=localhost NodeHostname=$(hostname -s) NodeAddr=127.0.0.1 CPUs=2 RealMemory=2000
PartitionName=main Nodes=ALL Default=YES State=UP
CONF
mkdir -p /var/spool/slurmd /var/spool/slurmctld /run/munge
chown munge:munge /run/munge
pgrep -x munged >/dev/null || runuser -u munge -- /usr/sbin/munged
pgrep -x slurmctld >/dev/null || slurmctld -c
sleep 1
pgrep -x slurmd >/dev/null || slurmd -N localhost
sleep 1

cd "$folder"
cat > ladder.toml <<LADDER
[train]
sizes = ["10k", "20k"]
tokens-per-param = [10, 20, 40, 60]
[model]
layers = 2
[data]
kind = "synthetic"
alphabet = 16
order = 2
[run]
checkpoint-secs = 1
held-out-tokens = 4096
[fit]
law = "L = E + B / D^beta"
objective = "squared-log"
[slurm]
poll-secs = 1
memory = "300 MB"
minutes = 10
LADDER
"$program" ladder run -q & runner=$!
# Tasks of an array are shown as JOB_INDEX.
running() { squeue --noheader --array --states=RUNNING --format=%F_%K; }
waited=0
while [ "$(running | wc -l)" -lt 2 ]; do
    sleep 0.2
    waited=$((waited + 1))
    [ "$waited" -lt 600 ] || { sinfo; squeue; tail -n 20 /var/log/slurmctld.log /var/log/slurmd.log; exit 1; } >&2
done
scancel "$(running | tail -n 1)"
sleep 0.5
scontrol requeue "$(running | head -n 1)"
kill -9 "$runner"
"$program" ladder run -q
records=$(wc -l < ladder-runs/records.jsonl)
[ "$records" -eq 8 ] || { echo "$records records"; exit 1; }
echo "8 runs through Slurm, one cancelled, one requeued, the runner killed: 8 records"

"""docker-compose.yml and the files of docs/deploy.

No container engine is needed: the files are read, and what they would run is run where that is possible.
`scripts/check-deployment` checks them with the tools of others.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.settings import Settings
from scripts.chaos import nginx
from scripts.kit.waiting import wait_until

from .dockerfile import ROOT, health_code, instructions, last

DEPLOY = ROOT / "docs" / "deploy"
# After NOTICE_S and GRACE_S, a server ends within so many seconds: docs/survival.md.
ENDING_S = 20


# docker-compose.yml


def composition() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    return loaded


def services() -> dict[str, dict[str, Any]]:
    result: dict[str, dict[str, Any]] = composition()["services"]
    return result


SERVERS = ("parley", "parley-2", "parley-3")


def mounts(service: str) -> dict[str, str]:
    """Return the mounts of a service by path in the container, without their options."""
    return {mount.split(":")[1]: mount.split(":")[0] for mount in services()[service]["volumes"]}


def test_one_server_starts_without_a_profile_and_all_with_scale() -> None:
    without = {name for name, service in services().items() if "profiles" not in service}
    assert without == {"parley", "logs-owner"}
    assert all(service.get("profiles", ["scale"]) == ["scale"] for service in services().values())
    assert set(services()) >= {*SERVERS, "nginx", "postgres", "redis"}
    needed = {name for name, how in services()["parley"]["depends_on"].items() if how.get("required", True)}
    assert needed == {"logs-owner"}


def test_the_containers_settings_are_the_folders_env_file() -> None:
    links = [rest for name, rest in instructions() if name == "RUN" and "ln -s" in rest]
    target = re.search(r"ln -s (\S+)/\.env \.env", links[0])
    assert target
    assert last("WORKDIR") == "/app"
    settings = {field.metadata["name"] for field in fields(Settings)}
    for name in SERVERS:
        assert mounts(name)[target[1]] == "."
        assert f".:{target[1]}:ro,z" in services()[name]["volumes"]
        assert "env_file" not in services()[name]
        assert set(services()[name]["environment"]) & settings <= {"LOG_DIR"}


def test_data_outlives_the_containers() -> None:
    folders = [mounts(name)["/app/data"] for name in SERVERS]
    volumes = {*folders, mounts("postgres")["/var/lib/postgresql/data"]}
    assert len(set(folders)) == len(SERVERS)
    assert volumes <= set(composition()["volumes"])
    assert {mounts(name)["/app/logs"] for name in SERVERS} == {"./logs"}
    assert json.loads(last("VOLUME")) == ["/app/data", "/app/logs"]


def test_the_logs_owner_is_the_servers_user_on_the_servers_base() -> None:
    user = last("USER")
    assert services()["logs-owner"]["command"] == ["chown", "-R", user, "/app/logs"]
    assert services()["logs-owner"]["image"] == last("FROM")


def test_ports_are_open_to_this_machine_only() -> None:
    ports = {name: service["ports"] for name, service in services().items() if "ports" in service}
    assert ports == {"parley": ["127.0.0.1:${PORT:-5000}:5000"], "nginx": ["127.0.0.1:${NGINX_PORT:-8080}:80"]}
    assert re.search(r"\bHOST=0\.0\.0\.0\b.*\bPORT=5000\b", last("ENV"))


def test_databases_are_out_of_nginxs_reach() -> None:
    networks = {name: set(service.get("networks", [])) for name, service in services().items()}
    assert networks["postgres"] == networks["redis"] == {"back"}
    assert networks["nginx"] == {"front"}


@pytest.mark.parametrize("name", [*SERVERS, "nginx"])
def test_a_container_that_browsers_reach_can_do_little(name: str) -> None:
    service = services()[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert "/tmp" in service["tmpfs"]


def test_every_service_that_stays_has_a_health_check() -> None:
    for name, service in services().items():
        assert "restart" not in service or name in SERVERS or "healthcheck" in service, name


def run_settings(environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    service = services()["settings"]
    unset = dict.fromkeys(service["environment"], "")
    command = [sys.executable, *service["command"][1:]]
    return subprocess.run(command, env=unset | environ, capture_output=True, text=True, timeout=30, check=False)


COMPLETE = {
    "POSTGRES_PASSWORD": "p", "DATABASE_URL": "postgresql://parley:p@postgres:5432/parley",
    "REDIS_URL": "redis://redis:6379/0", "SECRET_KEY": "0123456789abcdef",
}  # fmt: skip


@pytest.mark.parametrize("missing", COMPLETE)
def test_nothing_starts_without_a_password(missing: str) -> None:
    assert all(value.endswith(":-}") for value in services()["settings"]["environment"].values())
    ended = run_settings(COMPLETE | {missing: ""})
    assert ended.returncode == 1
    assert re.fullmatch(rf"parley: the profile scale needs {missing} in \.env; .+\.\n", ended.stderr)
    for name in ("postgres", "redis"):
        assert services()[name]["depends_on"] == {"settings": {"condition": "service_completed_successfully"}}


def test_scale_takes_postgresql_only() -> None:
    assert run_settings(COMPLETE).returncode == 0
    assert run_settings(COMPLETE | {"DATABASE_URL": "postgres://parley:p@postgres/parley"}).returncode == 0
    ended = run_settings(COMPLETE | {"DATABASE_URL": "sqlite:///data/chat.db"})
    assert (ended.returncode, ended.stderr.count("\n")) == (1, 1)


def test_nginx_starts_as_its_container_does(tmp_path: Path) -> None:
    """Run its command with the files of this repository. Host names and the resolver are those of this machine."""
    program = nginx.program()
    if program is None:
        pytest.skip(nginx.missing())
    shell, option, script = services()["nginx"]["command"]
    assert mounts("nginx")["/parley"] == "./docs"
    main = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    assert set(re.findall(r"server (\S+):5000 ", main)) == set(SERVERS)
    # `resolve` is newer than the nginx of many distributions.
    main = re.sub(r"server \S+:5000 resolve", "server 127.0.0.1:5000", main).replace("user nginx;", "")
    main = re.sub(r"(?<= )/(run|tmp)/", f"{tmp_path}/", main)
    (tmp_path / "main.conf").write_text(main.replace("include /etc/nginx/mime.types;", ""))
    # First, because the repository may be in /tmp itself.
    script = script.replace("/tmp/", f"{tmp_path}/").replace("/parley/nginx.conf", str(ROOT / "docs/nginx.conf"))
    script = script.replace("/parley/deploy/nginx.conf", f"{tmp_path}/main.conf -t").replace("exec nginx", program)
    ended = subprocess.run([shell, option, script], capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 0, ended.stderr


# How long each of them waits for a server to end


def seconds(text: str) -> int:
    return int(text.removesuffix("s"))


def value(file: str, name: str) -> str:
    match = re.search(rf"^{name}=(.+)$", (DEPLOY / file).read_text(encoding="utf-8"), re.MULTILINE)
    assert match, name
    return match[1]


def test_nobody_kills_a_server_that_still_answers() -> None:
    longest = Settings().notice_s + Settings().grace_s + ENDING_S
    for name in SERVERS:
        assert seconds(services()[name]["stop_grace_period"]) >= longest
    assert seconds(value("parley@.service", "TimeoutStopSec")) >= longest
    assert value("parley@.service", "KillMode") == "mixed"
    podman = value("parley.container", "PodmanArgs").removeprefix("--stop-timeout=")
    assert seconds(value("parley.container", "TimeoutStopSec")) > seconds(podman) >= longest
    settings = kubernetes()["ConfigMap"]["data"]
    pod = kubernetes()["Deployment"]["spec"]["template"]["spec"]
    assert pod["terminationGracePeriodSeconds"] >= float(settings["NOTICE_S"]) + float(settings["GRACE_S"]) + ENDING_S


# systemd, Podman and Kubernetes


def test_podman_checks_health_as_docker_does() -> None:
    assert value("parley.container", "HealthCmd") == f'python -c "{health_code()}"'
    assert value("parley.container", "ReadOnly") == "true"


def kubernetes() -> dict[str, Any]:
    """Return the objects by their kind."""
    every = yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text(encoding="utf-8"))
    return {each["kind"]: each for each in every}


def test_kubernetes_replaces_pods_without_a_gap() -> None:
    deployment = kubernetes()["Deployment"]["spec"]
    container = deployment["template"]["spec"]["containers"][0]
    assert deployment["replicas"] == 3
    assert deployment["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    readiness = container["readinessProbe"]
    assert readiness["httpGet"]["path"] == "/readyz"
    assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"
    notice = float(kubernetes()["ConfigMap"]["data"]["NOTICE_S"])
    assert notice >= readiness["periodSeconds"] * readiness["failureThreshold"]
    assert kubernetes()["PodDisruptionBudget"]["spec"]["maxUnavailable"] == 1
    assert container["command"] == last("CMD").split("exec ")[1].rstrip('"]').split()


@pytest.mark.parametrize("kind", ["Deployment", "Job"])
def test_pods_can_do_little_and_get_their_secrets_from_outside(kind: str) -> None:
    pod = kubernetes()[kind]["spec"]["template"]["spec"]
    container = pod["containers"][0]
    assert f"{pod['securityContext']['runAsUser']}:{pod['securityContext']['runAsGroup']}" == last("USER")
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert {mount["mountPath"] for mount in container["volumeMounts"]} == {"/app/data", "/app/logs", "/tmp"}
    assert {"secretRef": {"name": "parley"}} in container["envFrom"]
    assert "Secret" not in kubernetes(), "a secret in the example would be everybody's"


def _append(log: Path, line: str) -> bool:
    with log.open("a") as file:
        return file.write(f"{line}\n") > 0


def test_kubernetes_shows_the_logs_and_keeps_them_small(tmp_path: Path) -> None:
    """The script beside the server, with a shorter pause and a smaller limit."""
    beside = kubernetes()["Deployment"]["spec"]["template"]["spec"]["initContainers"][0]
    assert beside["restartPolicy"] == "Always"
    shell, option, script = beside["command"]
    script = script.replace("sleep 60", "sleep 0.1").replace("+100M", "+20k")
    log, other, shown = (tmp_path / name for name in ("app.log", "access.log", "shown"))
    with (
        shown.open("w") as output,
        subprocess.Popen([shell, option, script], cwd=tmp_path, stdout=output, start_new_session=True) as running,
    ):
        try:
            wait_until(other.exists)
            for line in ("before", "after"):
                # Again and again: what is shown begins with what is written next.
                wait_until(lambda line=line: _append(log, line) and line in shown.read_text())
                log.write_text("x" * 30_000)
                wait_until(lambda: not log.exists(), "it was moved")
            assert {each.name for each in tmp_path.iterdir()} == {"access.log", "app.log.1", "shown"}
        finally:
            running.terminate()
        assert running.wait(30) == 0


def test_names_in_the_examples_are_settings() -> None:
    settings = {field.metadata["name"] for field in fields(Settings)}
    assert set(kubernetes()["ConfigMap"]["data"]) <= settings | {"FORWARDED_ALLOW_IPS"}

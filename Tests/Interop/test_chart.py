"""The Helm chart, rendered by helm itself: what its values do, and that the plain manifests are what it makes."""

import filecmp
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "deploy" / "helm" / "xet"
CACHED = {"cache.enabled": "true"}
WARM = {**CACHED, "warm.enabled": "true", "warm.repositories": "{a/b,datasets/c/d@v1}", "warm.exclude": "{*.bin}"}
STORE = {
    "cache.store.url": "s3://files/shared", "cache.store.endpoint": "http://s3.example.org", "cache.store.region": "eu-west-1",
    "cache.store.credentials.secret": "store-keys",
}
EVERYTHING = {
    **WARM, **STORE, "serviceAccount.create": "true", "serviceMonitor.enabled": "true", "prometheusRule.enabled": "true", "dashboard.enabled": "true",
    "ingress.enabled": "true", "ingress.host": "xet.example.org", "caCertificates.configMap": "authorities",
}


def helm():
    beside = Path(sys.prefix) / "bin" / "helm"
    return str(beside) if beside.exists() else shutil.which("helm") or pytest.skip("helm is not installed")


def run(*arguments):
    return subprocess.run([helm(), *arguments], capture_output=True, text=True)


def rendered(values=None, name="xet-proxy"):
    """The objects, by kind and name."""
    options = [part for key, value in (values or {}).items() for part in ("--set", f"{key}={value}")]
    finished = run("template", name, str(CHART), *options)
    assert finished.returncode == 0, finished.stderr
    documents = [document for document in yaml.safe_load_all(finished.stdout) if document]
    return {(document["kind"], document["metadata"]["name"]): document for document in documents}


def container(workload):
    (found,) = workload["spec"]["template"]["spec"]["containers"]
    return found


def test_lint():
    finished = run("lint", "--strict", str(CHART))
    assert finished.returncode == 0, finished.stdout


def test_the_manifests_are_made_from_it(tmp_path):
    """scripts/manifests.sh writes what is there."""
    helm()
    subprocess.run([ROOT / "scripts" / "manifests.sh", tmp_path], check=True)
    for name in ("kubernetes.yaml", "kubernetes-cache.yaml", "kubernetes-store.yaml"):
        assert filecmp.cmp(tmp_path / name, ROOT / "deploy" / name, shallow=False), f"run scripts/manifests.sh: {name}"


def test_without_a_cache():
    objects = rendered()
    assert {kind for kind, _ in objects} == {
        "ConfigMap", "Deployment", "Service", "HorizontalPodAutoscaler", "PodDisruptionBudget",
    }
    assert "replicas" not in objects["Deployment", "xet-proxy"]["spec"], "the autoscaler decides"
    fixed = rendered({"autoscaling.enabled": "false", "replicas": "3"})
    assert fixed["Deployment", "xet-proxy"]["spec"]["replicas"] == 3
    assert not [kind for kind, _ in fixed if kind == "HorizontalPodAutoscaler"]


def test_with_a_cache():
    objects = rendered({**CACHED, "cache.size": "2Ti", "cache.storageClass": "local"})
    workload = objects["StatefulSet", "xet-proxy"]
    (claim,) = workload["spec"]["volumeClaimTemplates"]
    assert claim["spec"]["resources"]["requests"]["storage"] == "2Ti"
    assert claim["spec"]["storageClassName"] == "local"
    (mount,) = container(workload)["volumeMounts"]
    assert mount["name"] == claim["metadata"]["name"]
    folder = objects["ConfigMap", "xet-proxy"]["data"]["XET_CACHE"]
    assert folder.startswith(mount["mountPath"] + "/"), "a folder that the proxy makes, and owns"
    assert objects["Service", workload["spec"]["serviceName"]]["spec"]["clusterIP"] == "None"
    assert not [kind for kind, _ in objects if kind in ("Deployment", "HorizontalPodAutoscaler")]


def test_with_a_store():
    """Replicas without volumes, as many as the autoscaler wants, that share a bucket."""
    objects = rendered(STORE)
    workload = objects["Deployment", "xet-proxy"]
    assert ("HorizontalPodAutoscaler", "xet-proxy") in objects
    assert "volumeMounts" not in container(workload)
    settings = objects["ConfigMap", "xet-proxy"]["data"]
    assert settings["XET_CACHE_STORE"] == "s3://files/shared"
    assert (settings["XET_S3_ENDPOINT"], settings["XET_S3_REGION"]) == ("http://s3.example.org", "eu-west-1")
    assert settings["XET_S3_ADDRESSING"] == "auto"
    variables = {each["name"]: each["valueFrom"]["secretKeyRef"] for each in container(workload)["env"]}
    for name, is_optional in (("AWS_ACCESS_KEY_ID", False), ("AWS_SECRET_ACCESS_KEY", False), ("AWS_SESSION_TOKEN", True)):
        assert (variables[name]["name"], variables[name]["key"]) == ("store-keys", name)
        assert variables[name].get("optional", False) == is_optional
    # They know each other's objects by it.
    assert not variables["XET_SIGNING_KEY"].get("optional")
    annotations = workload["spec"]["template"]["metadata"]["annotations"]
    other = rendered({**STORE, "cache.store.region": "us-east-1"})["Deployment", "xet-proxy"]
    assert other["spec"]["template"]["metadata"]["annotations"] != annotations


def test_a_store_and_a_volume_for_each():
    objects = rendered({**CACHED, **STORE})
    assert ("StatefulSet", "xet-proxy") in objects
    settings = objects["ConfigMap", "xet-proxy"]["data"]
    assert settings["XET_CACHE"] and settings["XET_CACHE_STORE"]


def test_a_role_in_place_of_keys():
    """By an annotation of the account, as clouds have it: no keys in the pods."""
    role = "arn:aws:iam::123456789012:role/xet"
    values = {"cache.store.url": "s3://files/shared", "cache.store.region": "eu-west-1", "serviceAccount.create": "true"}
    objects = rendered({**values, r"serviceAccount.annotations.eks\.amazonaws\.com/role-arn": role})
    account = objects["ServiceAccount", "xet-proxy"]
    assert account["metadata"]["annotations"] == {"eks.amazonaws.com/role-arn": role}
    workload = objects["Deployment", "xet-proxy"]
    assert workload["spec"]["template"]["spec"]["serviceAccountName"] == account["metadata"]["name"]
    assert not [each for each in container(workload)["env"] if each["name"].startswith("AWS_")]
    assert "XET_S3_ENDPOINT" not in objects["ConfigMap", "xet-proxy"]["data"]
    named = rendered({"serviceAccount.name": "theirs"})["Deployment", "xet-proxy"]
    assert named["spec"]["template"]["spec"]["serviceAccountName"] == "theirs"
    assert "serviceAccountName" not in rendered()["Deployment", "xet-proxy"]["spec"]["template"]["spec"]


def test_warm_goes_to_each_replica(xet):
    objects = rendered({**WARM, "replicas": "3"})
    jobs = [document for (kind, _), document in objects.items() if kind == "CronJob"]
    addresses = set()
    for job in jobs:
        arguments = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["args"]
        addresses.add(arguments[arguments.index("--through") + 1])
        # The program takes it, and finds nobody there.
        arguments[arguments.index("--through") + 1] = "http://127.0.0.1:1"
        assert xet(*arguments, XET_RETRY_FOR="1s").returncode == 5
    service = next(name for kind, name in objects if kind == "Service" and name.endswith("-pods"))
    assert addresses == {f"http://xet-proxy-{number}.{service}:8080" for number in range(3)}


def test_warm_fills_a_store_once():
    objects = rendered({**STORE, "warm.enabled": "true", "warm.repositories": "{a/b}", "replicas": "3", "service.port": "80"})
    (job,) = [document for (kind, _), document in objects.items() if kind == "CronJob"]
    arguments = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["args"]
    service = objects["Service", "xet-proxy"]
    assert arguments[arguments.index("--through") + 1] == f"http://xet-proxy:{service['spec']['ports'][0]['port']}"


def test_settings_are_options():
    """What is set is an option of the program; what the program calls by another name is refused."""
    known = set(re.findall(r"^\| `([\w-]+)` \|", (ROOT / "docs" / "configure.md").read_text(), re.MULTILINE))
    plain = {"HOST", "PORT", "HF_ENDPOINT"}
    for name in rendered(EVERYTHING)["ConfigMap", "xet-proxy"]["data"].keys() - plain:
        assert name.removeprefix("XET_").lower().replace("_", "-") in known, name


def test_new_settings_make_new_pods():
    def annotations(values):
        return rendered(values)["Deployment", "xet-proxy"]["spec"]["template"]["metadata"]["annotations"]

    assert annotations({}) != annotations({"settings.XET_HUB_LEASE": "60s"})


def test_names_follow_the_release():
    objects = rendered({**EVERYTHING, "fullnameOverride": "files"})
    assert all(name.startswith("files") for _, name in objects)
    assert 'up{job="files"}' in yaml.safe_dump(objects["PrometheusRule", "files"], width=1000)
    assert all(name.startswith("other") for _, name in rendered(EVERYTHING, name="other"))


def test_monitoring():
    objects = rendered(EVERYTHING)
    rules = yaml.safe_load((ROOT / "deploy" / "alerts.yaml").read_text())
    assert objects["PrometheusRule", "xet-proxy"]["spec"] == rules
    (dashboard,) = objects["ConfigMap", "xet-proxy-dashboard"]["data"].values()
    assert dashboard.strip() == (ROOT / "deploy" / "grafana.json").read_text().strip()
    monitor = objects["ServiceMonitor", "xet-proxy"]["spec"]
    selected = monitor["selector"]["matchLabels"].items()
    services = [d for (kind, _), d in objects.items() if kind == "Service" and selected <= d["metadata"]["labels"].items()]
    (service,) = services
    assert monitor["endpoints"][0]["port"] in [port["name"] for port in service["spec"]["ports"]]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"cahce.enabled": "true"}, "cahce"),
        ({"cache.size": "much"}, "size"),
        ({"replicas": "0"}, "replicas"),
        ({"settings.MAX_DOWNLOADS": "5"}, "settings"),
        ({"service.port": "http"}, "port"),
        ({"warm.enabled": "true", "warm.repositories": "{a/b}"}, "warm.enabled needs cache.enabled or cache.store.url"),
        ({**CACHED, "warm.enabled": "true"}, "warm.repositories says what is to be there"),
        ({"ingress.enabled": "true"}, "ingress.host is the name"),
        ({"cache.store.url": "file:///cache"}, "url"),
        ({"cache.store.url": "s3://Files"}, "url"),
        ({**STORE, "cache.store.addressing": "host"}, "addressing"),
        ({**STORE, "cache.store.endpoint": "s3.example.org"}, "endpoint"),
        ({**STORE, "cache.store.accessKey": "AKIA"}, "accessKey"),
        ({"cache.store.credentials.secret": "keys"}, "cache.store.url says which bucket"),
    ],
)
def test_what_cannot_be_meant(values, words):
    options = [part for key, value in values.items() for part in ("--set", f"{key}={value}")]
    finished = run("template", "xet-proxy", str(CHART), *options)
    assert finished.returncode != 0
    assert words in finished.stderr

"""deploy/kubernetes.yaml, kubernetes-cache.yaml and kubernetes-store.yaml: valid for each version that it is meant for, confined, and its probes are answered."""

from pathlib import Path

import pytest
import yaml

PATH = "deploy/kubernetes.yaml"
CACHED = "deploy/kubernetes-cache.yaml"
STORED = "deploy/kubernetes-store.yaml"
VERSIONS = ("1.30", "1.33", "1.37")


@pytest.fixture(scope="module")
def objects():
    documents = yaml.safe_load_all((Path(__file__).resolve().parents[2] / PATH).read_text())
    return {document["kind"]: document for document in documents}


@pytest.fixture(scope="module")
def pod(objects):
    return objects["Deployment"]["spec"]["template"]["spec"]


@pytest.mark.parametrize("path", [PATH, CACHED, STORED])
@pytest.mark.parametrize("version", VERSIONS)
def test_schema(check, tool, version, path):
    check(tool("kubernetes-validate"), "--kubernetes-version", version, "--strict", path)


def test_all_pods_are_confined_alike(pod):
    documents = yaml.safe_load_all((Path(__file__).resolve().parents[2] / CACHED).read_text())
    specs = [
        document["spec"]["template"]["spec"] if document["kind"] == "StatefulSet"
        else document["spec"]["jobTemplate"]["spec"]["template"]["spec"]
        for document in documents
        if document["kind"] in ("StatefulSet", "CronJob")
    ]
    assert len(specs) == 3
    for other in specs:
        assert {**other["securityContext"], **pod["securityContext"]} == other["securityContext"]
        assert other["containers"][0]["securityContext"] == pod["containers"][0]["securityContext"]
        assert other["containers"][0]["image"] == pod["containers"][0]["image"]


def test_the_parts_fit_together(objects, pod):
    labels = objects["Deployment"]["spec"]["template"]["metadata"]["labels"]
    assert objects["Deployment"]["spec"]["selector"]["matchLabels"] == labels
    assert objects["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == labels
    assert objects["Service"]["spec"]["selector"] == labels
    autoscaler = objects["HorizontalPodAutoscaler"]["spec"]
    assert autoscaler["scaleTargetRef"]["name"] == objects["Deployment"]["metadata"]["name"]
    assert autoscaler["minReplicas"] >= 2, "one may go at any time"
    (container,) = pod["containers"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert [port["targetPort"] for port in objects["Service"]["spec"]["ports"]] == ["http"]
    assert str(ports["http"]) == objects["ConfigMap"]["data"]["PORT"]
    assert "Secret" not in objects, "whoever reads this file would know it"


def test_the_user_is_that_of_the_image(image, pod):
    context = pod["securityContext"]
    assert f"{context['runAsUser']}:{context['runAsGroup']}" == image.settings["User"]
    assert context["runAsNonRoot"] is True


def test_the_container_is_confined(pod):
    (container,) = pod["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["resources"]["limits"].keys() == {"memory"}


def test_probes(objects, pod, start, network, origin):
    """The container, started as the file says, with an origin for its Hub, answers the probes that the file names."""
    (container,) = pod["containers"]
    environment = {**objects["ConfigMap"]["data"], "HF_ENDPOINT": "http://origin:9000", "XET_SIGNING_KEY": "k" * 44}
    start(container["args"], environment)
    for probe in ("livenessProbe", "readinessProbe"):
        network.get(f"http://127.0.0.1:8080{container[probe]['httpGet']['path']}")

#include "config/static/providers.h"

#include "config/schema.h"

namespace fl::config::statics {

void describe(Fields<FileProvider>& f) {
  f("directory", &FileProvider::directory, "read every .toml, .yaml and .yml file below this directory");
  f("filename", &FileProvider::filename, "read this one file");
  f("watch", &FileProvider::watch, "read again when a file changes");
  f("debugLogGeneratedTemplate", &FileProvider::debug_log_generated_template,
    "write the text a template gave to the log, at level DEBUG");
}

void describe(Fields<EcsProvider>& f) {
  f("autoDiscoverClusters", &EcsProvider::auto_discover_clusters,
    "read every cluster of the account; clusters is ignored");
  f("clusters", &EcsProvider::clusters, "names or ARNs of the clusters to read");
  f("constraints", &EcsProvider::constraints, "expression over labels; a container that does not match is left out");
  f("defaultRule", &EcsProvider::default_rule, "rule of routers that have none, a template over .Name and .Labels");
  f("ecsAnywhere", &EcsProvider::ecs_anywhere, "look up external instances in SSM");
  f("exposedByDefault", &EcsProvider::exposed_by_default, "expose containers that have no traefik.enable label");
  f("healthyTasksOnly", &EcsProvider::healthy_tasks_only, "leave out tasks that are not HEALTHY (UNKNOWN included)");
  f("refreshSeconds", &EcsProvider::refresh_seconds, "seconds between two readings");
  f("region", &EcsProvider::region, "AWS region; empty: AWS_REGION, the profile, or the instance's own");
  f("accessKeyID", &EcsProvider::access_key_id,
    "key id; used only together with secretAccessKey, else the usual AWS chain");
  f("secretAccessKey", &EcsProvider::secret_access_key, "secret key");
  f("stateFile", &EcsProvider::state_file,
    "keep the last good state in this file and start from it while AWS cannot be reached", kFairleadOnly);
}

void describe(Fields<Providers>& f) {
  f("providersThrottleDuration", &Providers::providers_throttle_duration,
    "shortest time between two configurations of one provider that are applied");
  f("precedence", &Providers::precedence, "which provider's router wins when rules have equal priority, first wins");
  f("file", &Providers::file, "configuration from files");
  f("ecs", &Providers::ecs, "configuration from the labels of Amazon ECS containers", kAllowEmpty);
  f.unsupported("docker", "configuration from Docker containers");
  f.unsupported("swarm", "configuration from Docker Swarm services");
  f.unsupported("kubernetesIngress", "configuration from Kubernetes Ingress objects");
  f.unsupported("kubernetesIngressNGINX",
                "configuration from Kubernetes Ingress objects with ingress-nginx annotations");
  f.unsupported("kubernetesCRD", "configuration from Traefik's Kubernetes objects");
  f.unsupported("kubernetesGateway", "configuration from Kubernetes Gateway objects");
  f.unsupported("knative", "configuration from Knative objects");
  f.unsupported("consulCatalog", "configuration from Consul services");
  f.unsupported("nomad", "configuration from Nomad services");
  f.unsupported("consul", "configuration from Consul's key-value store");
  f.unsupported("etcd", "configuration from etcd");
  f.unsupported("zooKeeper", "configuration from ZooKeeper");
  f.unsupported("redis", "configuration from Redis");
  f.unsupported("http", "configuration fetched from a URL");
  f.unsupported("rest", "configuration put through the API");
  f.unsupported("plugin", "configuration from a plugin");
  f.refused("marathon", "gone since Traefik v3: Marathon is not supported any more");
  f.refused("rancher", "gone since Traefik v3: Rancher 1 is not supported any more");
}

}  // namespace fl::config::statics

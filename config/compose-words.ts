/** Keys of Compose files, which people write who come from there, each with what Aptible has in its place. */

const procfile = "what a service runs is its line in the image's /.aptible/Procfile (docs/import.md#commands)";
const size = "a service's size is its containerMb, and its CPU comes with that by containerProfile";
const containers = "the number of a service's containers is its containers";
const variables = "an app's variables stand under its config";
const network =
	"a stage has one network, and what other apps call is an endpoint of their own (docs/configuration/endpoints.md)";
const image = "an image is an app's, and its services are the lines of its Procfile";

export const composeWords: Readonly<Record<string, string>> = {
	build:
		"Aptible runs an image that is in a registry (image of the app), or builds what was pushed to the app's git remote (git of the app)",
	command: procfile,
	container_name: network,
	cpus: size,
	depends_on:
		"apps start in no order: one waits until what it calls answers; a reference in its config makes the order of an update",
	deploy: "containers, containerMb and the like stand in the service itself",
	entrypoint: procfile,
	env_file: variables,
	environment: variables,
	expose: network,
	healthcheck:
		"an https endpoint asks for / or /healthcheck with each release (docs/configuration/endpoints.md), and a service without endpoint goes by the image's HEALTHCHECK (docs/configuration/apps.md#services)",
	image,
	labels: "there are no labels; a domain is an endpoint's",
	links: network,
	mem_limit: size,
	memory: size,
	networks: network,
	ports: "what is reached from outside is an endpoint of the app, with its port (docs/configuration/endpoints.md)",
	replicas: containers,
	resources: size,
	restart:
		"a container that ends is always started again; what runs once is before_deploy of the image's /.aptible/.aptible.yml",
	scale: containers,
	services: "services stand in an app: apps.NAME.services",
	stop_grace_period:
		"the time between SIGTERM and SIGKILL is one of a service's keys (docs/configuration/apps.md#services)",
	volumes:
		"containers keep no files: what has to stay goes to object storage (docs/configuration/storage.md) or a database",
};

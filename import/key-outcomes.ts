/** What becomes of the keys of a service that are no block of a stage file (compose-spec 05-services.md and deploy.md). */
import type { Outcome } from "./compose/source.ts";

/** What becomes of a key; of one that is mapped, what is in it says so itself. */
export type KeyRule = readonly [outcome: Outcome, says: string];

/** A key that nobody has heard of. */
export const unknownKey: KeyRule = [
	"decide",
	"is no key of Compose's that this import knows; look whether it is misspelt",
];

const host: KeyRule = ["dropped", "a setting of the host's Docker, which on Aptible is not yours"];
const cpu: KeyRule = [
	"dropped",
	"on Aptible the CPU comes with the memory, by containerProfile: 1/4 CPU for each GB of m, 1/2 of c, 1/8 of r",
];
const inImage = (instruction: string): KeyRule => [
	"decide",
	`the image decides it on Aptible: write ${instruction} into the Dockerfile`,
];
const network: KeyRule = [
	"dropped",
	"a stage has one network, that of its stack; whom an app calls is a reference in its config",
];
const logs: KeyRule = [
	"dropped",
	"Aptible takes what a container prints; where it goes is a log drain (docs/configuration/drains.md)",
];
const kernel: KeyRule = [
	"decide",
	"blocker: containers on Aptible get no rights over the host; find out whether the app runs without",
];
const windows: KeyRule = ["decide", "blocker: Aptible runs Linux containers alone"];
const hook: KeyRule = [
	"decide",
	"Compose's hooks are not run; put it into the image's entrypoint, or into before_deploy of /.aptible/.aptible.yml",
];
const names: KeyRule = [
	"dropped",
	"containers have no names on Aptible; where a value names the service, it is a reference",
];
const labels: KeyRule = ["dropped", "Aptible has no labels"];
const config: KeyRule = ["mapped", "config of the app"];
const services: KeyRule = ["mapped", "services of the app"];
const procfile: KeyRule = ["mapped", "a line of the image's Procfile"];
const developer: KeyRule = ["dropped", "it is for whoever develops on their own machine"];

/** Keys of a service. */
export const serviceKeys: Readonly<Record<string, KeyRule>> = {
	annotations: ["dropped", "Aptible has no annotations"],
	attach: developer,
	blkio_config: host,
	build: ["mapped", "image of the app"],
	cap_add: kernel,
	cap_drop: host,
	cgroup: host,
	cgroup_parent: host,
	command: procfile,
	configs: [
		"decide",
		"no file is mounted on Aptible: copy it into the image, or have the entrypoint write it from a variable",
	],
	container_name: names,
	cpu_count: cpu,
	cpu_percent: cpu,
	cpu_period: cpu,
	cpu_quota: cpu,
	cpu_rt_period: cpu,
	cpu_rt_runtime: cpu,
	cpu_shares: cpu,
	cpus: cpu,
	cpuset: cpu,
	credential_spec: windows,
	develop: developer,
	depends_on: ["dropped", "Aptible starts apps in no order"],
	deploy: services,
	device_cgroup_rules: kernel,
	devices: ["decide", "blocker: Aptible's containers have no devices"],
	dns: [
		"decide",
		"Aptible's containers ask the stack's own DNS; names that only another one knows need a VPN or a peering, by Aptible's support",
	],
	dns_opt: host,
	dns_search: ["decide", "names are not completed on Aptible: write them in full"],
	domainname: network,
	entrypoint: procfile,
	env_file: config,
	environment: config,
	expose: ["dropped", "where another app calls the port, an internal endpoint leads there"],
	external_links: ["decide", "it names a container of another project; give its address in a variable"],
	extra_hosts: [
		"decide",
		"there is no /etc/hosts of one's own on Aptible; give the app a name that DNS knows, or the address",
	],
	gpus: ["decide", "blocker: Aptible has no GPUs"],
	group_add: inImage("USER, with the group,"),
	healthcheck: [
		"dropped",
		"Aptible reads no check of Compose's: an https endpoint asks for / with each release (strictHealthChecks: /healthcheck), and the image's HEALTHCHECK counts for a service without endpoint",
	],
	hostname: names,
	image: ["mapped", "image of the app"],
	init: ["dropped", "signals reach what a Procfile line starts; where children are left, let the image start tini"],
	ipc: host,
	isolation: windows,
	label_file: labels,
	labels,
	links: names,
	logging: logs,
	mac_address: network,
	mem_limit: services,
	mem_reservation: ["dropped", "a container of Aptible's has its memory to itself"],
	mem_swappiness: host,
	memswap_limit: host,
	models: ["decide", "blocker: Aptible runs no models; take one by its URL"],
	network_mode: [
		"decide",
		"blocker: each service has a network address of its own on Aptible; what shared another's is reached by an endpoint",
	],
	networks: network,
	oom_kill_disable: host,
	oom_score_adj: host,
	pid: kernel,
	pids_limit: host,
	platform: ["decide", "Aptible runs linux/amd64 images; push the image for that"],
	ports: ["mapped", "endpoints of the app"],
	post_start: hook,
	pre_start: hook,
	pre_stop: hook,
	privileged: kernel,
	profiles: ["dropped", "it is active"],
	provider: ["decide", "blocker: Compose's providers are not run; make what it provides by hand"],
	pull_policy: ["dropped", "Aptible pulls the image with each deploy"],
	pull_refresh_after: ["dropped", "Aptible pulls the image with each deploy"],
	read_only: ["dropped", "the file system of a container is writable on Aptible, and is wiped with each restart"],
	restart: ["dropped", "Aptible starts a container again whenever it ends"],
	runtime: host,
	scale: services,
	secrets: config,
	security_opt: host,
	shm_size: [
		"decide",
		"the size of /dev/shm cannot be set on Aptible; find out whether the app runs with Docker's 64 MB",
	],
	stdin_open: developer,
	stop_grace_period: services,
	stop_signal: ["decide", "Aptible stops with SIGTERM; let the entrypoint turn it into the other signal"],
	storage_opt: host,
	sysctls: kernel,
	tmpfs: ["dropped", "the whole file system of a container is wiped with each restart"],
	tty: developer,
	ulimits: ["decide", "limits are Aptible's; find out whether the app runs with them"],
	use_api_socket: ["decide", "blocker: there is no Docker on Aptible that a container could reach"],
	user: inImage("USER"),
	userns_mode: host,
	uts: host,
	volumes: ["mapped", "see each of them"],
	volumes_from: ["decide", "no container sees another's files on Aptible; see the volumes of that one"],
	working_dir: inImage("WORKDIR"),
};

/** Values with which a key is no different from what Aptible does. */
export const harmless: Readonly<Record<string, RegExp>> = {
	privileged: /^false$/,
	network_mode: /^(bridge|default|none)$/,
	platform: /^linux(\/(amd64|x86_64))?$/,
	use_api_socket: /^false$/,
	stop_signal: /^(SIG)?TERM$/,
};

/** Keys under `deploy`, by their paths. */
export const deployKeys: Readonly<Record<string, KeyRule>> = {
	endpoint_mode: network,
	labels,
	mode: ["dropped", "so many containers as are wanted, which is Aptible's way too"],
	placement: [
		"decide",
		"Aptible places containers itself, two or more in different availability zones; what kept a container beside its volume has to keep nothing there",
	],
	"resources.limits.cpus": cpu,
	"resources.limits.pids": host,
	"resources.limits.devices": ["decide", "blocker: Aptible's containers have no devices"],
	"resources.reservations": [
		"dropped",
		"a container of Aptible's has its memory to itself; what it may take at most is the limit",
	],
	restart_policy: [
		"dropped",
		"Aptible starts a container again whenever it ends, at most once in 2 minutes where that goes on",
	],
	rollback_config: ["dropped", "a release that fails leaves the former one running on Aptible"],
	update_config: ["dropped", "Aptible replaces all containers of a service at once"],
};

/** Keys at the top of a Compose file. */
export const topKeys: Readonly<Record<string, KeyRule>> = {
	configs: ["dropped", "no file is mounted on Aptible; see the configs of each service"],
	models: ["dropped", "see the models of each service"],
	networks: network,
	secrets: ["mapped", "its value is entered by pulumi config set, where a service has it; no file is read"],
	version: ["dropped", "it says nothing any more (compose-spec 04-version-and-name.md)"],
	volumes: ["dropped", "see the volumes of each service"],
};

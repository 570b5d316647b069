/** What a name of an image says. */

/** `registry.example.com/acme/portal:1.2@sha256:...` in parts. */
export interface ImageName {
	/** Host of the registry; Docker Hub where the name has none. */
	registry: string;
	/** Without registry, tag and digest: `acme/portal`. */
	repository: string;
	/** Last part of the repository: `portal`. */
	program: string;
	tag: string | undefined;
	digest: string | undefined;
}

const dockerHub = "docker.io";
const dockerHubs: ReadonlySet<string> = new Set([dockerHub, "index.docker.io", "registry-1.docker.io"]);
/** Registries of which everybody may pull everything. */
const publicRegistries: ReadonlySet<string> = new Set([
	"mcr.microsoft.com",
	"public.ecr.aws",
	"registry.k8s.io",
	"docker.elastic.co",
	"registry.access.redhat.com",
]);

/** What a person has to know of the login that a pull may ask for; undefined where none does. */
export function loginOf({
	registry,
	repository,
}: ImageName): { outcome: "decide" | "mapped"; says: string } | undefined {
	const page = "docs/configuration/apps.md#private-registries";
	if (publicRegistries.has(registry)) return undefined;
	if (dockerHubs.has(registry)) {
		if (!repository.includes("/") || repository.startsWith("library/")) return undefined;
		return { outcome: "mapped", says: `where it is private on Docker Hub, the app needs registry (${page})` };
	}
	const says = `${registry} may ask for a login: where it does, give the app registry: { username: NAME, password: "\${secrets.registryPassword}" }, and set that secret (${page})`;
	return { outcome: "decide", says };
}

export function readImage(image: string): ImageName {
	const [name = "", digest] = image.split("@");
	const [, path = name, tag] = /^(.*?)(?::([^:/]*))?$/.exec(name) ?? [];
	const [first = "", ...rest] = path.split("/");
	const isRegistry = rest.length > 0 && /[.:]|^localhost$/.test(first);
	const repository = isRegistry ? rest.join("/") : path;
	// A variable without a value leaves a colon with nothing behind it.
	return {
		registry: isRegistry ? first : dockerHub,
		repository,
		program: repository.split("/").at(-1) ?? "",
		tag: tag || undefined,
		digest,
	};
}

/** Images whose work is done by Aptible, or by nothing there, with what to do instead. */
const others: readonly (readonly [programs: RegExp, outcome: "decide" | "dropped", says: string])[] = [
	[
		/^(traefik|nginx-proxy|nginx-proxy-manager|acme-companion|letsencrypt-nginx-proxy-companion|certbot|swag|caddy-docker-proxy|haproxy-ingress)$/,
		"decide",
		"Aptible's endpoints lead to the apps and have the certificates, so that it is left out; what else its configuration does (redirects, headers, paths to several apps) has to move into an app",
	],
	[
		/^(portainer|portainer-ce|portainer-ee|agent|watchtower|autoheal|visualizer|docker-socket-proxy|ouroboros|dozzle|cadvisor|node-exporter)$/,
		"dropped",
		"it looks after Docker and its hosts, which are Aptible's; it is left out",
	],
	[
		/^(adminer|phpmyadmin|pgadmin4|pgadmin|mongo-express|redis-commander|redisinsight)$/,
		"dropped",
		"it is a person's way into a database, which on Aptible is `aptible db:tunnel`; it is left out",
	],
	[
		/^(ofelia|chadburn|swarm-cronjob|docker-crontab)$/,
		"decide",
		"nothing starts containers by a schedule on Aptible: each job is a line of a crontab that supercronic runs (docs/configuration/apps.md#scheduled-jobs); it is left out",
	],
	[
		/^(minio|azurite|localstack|seaweedfs|rustfs|mc)$/,
		"decide",
		"blocker: Aptible has no object storage; declare containers in Azure Blob under storage: (docs/configuration/storage.md), or take another S3; it is left out",
	],
	[
		/^(server|mssql-server|azure-sql-edge|oracle-xe|oracle-free|cassandra|scylla|neo4j|clickhouse|clickhouse-server|cockroach|kafka|cp-kafka|cp-zookeeper|zookeeper|redpanda|nats|etcd|consul|arangodb|dgraph|solr|meilisearch|typesense|qdrant|weaviate|milvus|ldap|openldap|samba)$/,
		"decide",
		"blocker: Aptible has no managed database of this kind, and what a container writes is lost with it; take it as a service of somebody else's and enter its address as a secret; it is left out",
	],
];

/** Why a service of this image has no place on Aptible; undefined where it has one. */
export function replacedBy({
	program,
	repository,
}: ImageName): { outcome: "decide" | "dropped"; says: string } | undefined {
	if (program === "server" && !/mssql/.test(repository)) return undefined;
	if (program === "agent" && !/portainer/.test(repository)) return undefined;
	const [, outcome, says] = others.find(([programs]) => programs.test(program)) ?? [];
	return outcome === undefined || says === undefined ? undefined : { outcome, says };
}

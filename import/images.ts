/** What a name of an image says. */

/** `registry.example.com/acme/portal:1.2@sha256:...` in parts. */
export interface ImageName {
	/** Without registry, tag and digest: `acme/portal`. */
	repository: string;
	/** Last part of the repository: `portal`. */
	program: string;
	tag: string | undefined;
	digest: string | undefined;
}

export function readImage(image: string): ImageName {
	const [name = "", digest] = image.split("@");
	const [, path = name, tag] = /^(.*?)(?::([^:/]*))?$/.exec(name) ?? [];
	const [first = "", ...rest] = path.split("/");
	const isRegistry = rest.length > 0 && /[.:]|^localhost$/.test(first);
	const repository = isRegistry ? rest.join("/") : path;
	// A variable without a value leaves a colon with nothing behind it.
	return { repository, program: repository.split("/").at(-1) ?? "", tag: tag || undefined, digest };
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

/** A service as Compose and MedStack have it, before anybody has decided what it is on Aptible. */
import type { Mount } from "./compose/mounts.ts";
import type { Port } from "./compose/ports.ts";
import type { Field } from "./compose/source.ts";

/** A variable of a service. */
export interface Variable {
	name: string;
	field: Field;
	/** Undefined where whoever runs Compose gives it, and does not here. */
	value: string | undefined;
	/** As it stands in the file, before its variables are filled in. */
	written: string;
	/** Variables in it that have no value. */
	unset: readonly string[];
}

/** A file that is mounted into a service. */
export interface MountedFile {
	field: Field;
	/** Name of the secret or config. */
	name: string;
	/** Path in the container. */
	path: string;
}

export interface Service {
	name: string;
	field: Field;
	image: { field: Field; text: string } | undefined;
	build: Field | undefined;
	command: { field: Field; words: readonly string[] } | undefined;
	entrypoint: { field: Field; words: readonly string[] } | undefined;
	variables: readonly Variable[];
	ports: readonly { field: Field; ports: readonly Port[] }[];
	/** Ports that it names without publishing them. */
	exposed: readonly number[];
	mounts: readonly { field: Field; mount: Mount }[];
	secrets: readonly MountedFile[];
	/** Names of services that it waits for, each with whether it waits for their end. */
	dependsOn: readonly { name: string; field: Field; untilDone: boolean }[];
	/** Other names by which services find it. */
	aliases: readonly string[];
	/** Names that it has for other services. */
	links: readonly { service: string; alias: string }[];
	containers: { field: Field; count: number } | undefined;
	memory: { field: Field; megabytes: number } | undefined;
	/** Seconds between SIGTERM and SIGKILL. */
	grace: { field: Field; seconds: number } | undefined;
	/** Whether new containers start before the old ones go. */
	startsFirst: Field | undefined;
	/** Addresses that lead to it. */
	domains: readonly { field: Field; domain: string; port: number | undefined }[];
	/** Ports on which a check of its own asks by HTTP. */
	httpPorts: readonly number[];
	/** It ends by itself. */
	isOneShot: Field | undefined;
	/** Other keys by their names. */
	others: ReadonlyMap<string, Field>;
}

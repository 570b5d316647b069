/**
 * Sizes of containers and disks: which there are, and everything that is checked of one. What is changed in place and what is refused
 * (a disk never shrinks) is in `wire/database.ts`.
 */
import { isSharedStack } from "./catalogue.ts";
import { choice, whole } from "./fields.ts";
import { keyDocs } from "./key-docs.ts";
import { type Mistake, type Place, wrongValue } from "./mistakes.ts";
import { findNearestNumber, suggest } from "./near-miss.ts";

/** `m` general purpose, `c` compute, `r` memory. */
export const containerProfiles = ["m", "c", "r"] as const;
export type ContainerProfile = (typeof containerProfiles)[number];

/**
 * Memory sizes in MB that a container of each profile may have (Aptible docs: container profiles, with the size list of
 * the Terraform provider; facts/aptible.md §2.1). The dashboard also shows 368 GB and more for `c` and `r`: left out, as
 * the provider refuses them.
 */
export const containerSizesMb: Readonly<Record<ContainerProfile, readonly number[]>> = {
	m: [512, 1024, 2048, 4096, 7168, 15360, 30720, 61440, 153600, 245760],
	c: [2048, 4096, 7168, 15360, 30720, 61440, 153600, 245760],
	r: [4096, 7168, 15360, 30720, 61440, 153600, 245760],
};

/** Containers of a service at most: the dashboard's slider ends at 32, the API takes these (facts/aptible.md §2.1). */
export const mostContainers = 128;

/** What is judged here of a draft of a stage; a key that is there but `undefined` is wrong by itself, and not judged. */
interface ContainerDraft {
	containerMb?: number | undefined;
	containerProfile?: ContainerProfile | undefined;
}
interface DiskDraft {
	diskGb?: number | undefined;
	iops?: number | undefined;
}
type Named<T> = Readonly<Record<string, T | undefined>> | undefined;
interface SizesDraft {
	environment?: { stack?: string | undefined } | undefined;
	databases?: Named<ContainerDraft>;
	apps?: Named<{ services?: Named<ContainerDraft> }>;
}

const defaultContainerMb = 1024;
const defaultDiskGb = 10;
const defaultProfile = "m";
const defaultIops = 3000;

/** What applies where a database says nothing of its size. */
export const databaseDefaults = {
	containerMb: defaultContainerMb,
	containerProfile: defaultProfile,
	diskGb: defaultDiskGb,
	iops: defaultIops,
} as const;

/** CPUs for each GB of memory, by profile (facts/aptible.md §2.1). */
const cpusPerGb: Readonly<Record<ContainerProfile, number>> = { m: 1 / 4, c: 1 / 2, r: 1 / 8 };

/** CPUs of a container; undefined where its size or profile is. */
export function countCpus(mb: number | undefined, profile: ContainerProfile | undefined): number | undefined {
	return mb === undefined || profile === undefined ? undefined : (mb / 1024) * cpusPerGb[profile];
}

/** GB of disk that a database needs for each 500 provisioned IOPS (Aptible docs: database scaling; facts/aptible.md §3.2). */
const iopsPerDiskGb = 500;

/** MB of memory of a container; `checkContainer` judges it, as which sizes there are depends on the profile. */
export const containerMb = () =>
	whole("MB of memory of a container", 1).default(defaultContainerMb).register(keyDocs, {
		description: "memory of each container, in MB",
		inPlace: "restart",
		allowed: "a container size of its profile",
	});

/** The kind of machine that a container runs on. */
export const containerProfile = () =>
	choice("a container profile", containerProfiles).default(defaultProfile).register(keyDocs, {
		description: "container profile: `m` is general purpose, `c` compute, `r` memory",
		inPlace: "restart",
	});

/** A bound of vertical autoscaling, in MB (facts/aptible.md §2.4). */
export const autoscaledMb = () => whole("MB of memory of a container", 512, 784384);

/** GB of disk of a database. */
export const diskGb = () =>
	whole("GB of disk", 10, 16000)
		.default(defaultDiskGb)
		.register(keyDocs, { description: "disk, in GB", inPlace: "restart; it only grows" });

/** Provisioned IOPS of a database's disk; `checkDisk` judges how many its size allows. */
export const iops = () =>
	whole("provisioned IOPS of the disk", 3000, 16000)
		.default(defaultIops)
		.register(keyDocs, {
			description: "provisioned IOPS of the disk",
			inPlace: "yes",
			allowed: `3000 to 16000, at most ${iopsPerDiskGb} for each GB of disk`,
		});

/** Judges the containers of every database, and of every service of an app. */
export function checkContainers(noun: "databases" | "apps", draft: SizesDraft): Mistake[] {
	const stack = draft.environment?.stack;
	const containers: [Place, ContainerDraft | undefined][] =
		noun === "databases"
			? Object.entries(draft.databases ?? {}).map(([handle, database]) => [["databases", handle], database])
			: Object.entries(draft.apps ?? {}).flatMap(([handle, app]) =>
					Object.entries(app?.services ?? {}).map(([name, service]): [Place, ContainerDraft | undefined] => [
						["apps", handle, "services", name],
						service,
					]),
				);
	return containers.flatMap(([at, container]) => (container === undefined ? [] : checkContainer(at, container, stack)));
}

/** Sizes by profile; `c` and `r` are on dedicated stacks only (Aptible docs: container profiles; facts/aptible.md §2.1). */
function checkContainer(at: Place, container: ContainerDraft, stack: string | undefined): Mistake[] {
	const { containerMb, containerProfile } = container;
	const mistakes: Mistake[] = [];
	if (containerProfile !== undefined && containerProfile !== "m" && stack !== undefined && isSharedStack(stack)) {
		const says = `is not available on the shared stack "${stack}"; allowed: "m" (compute and memory profiles need a dedicated stack)`;
		mistakes.push(wrongValue([...at, "containerProfile"], says));
	}
	if ("containerProfile" in container && containerProfile === undefined) return mistakes;
	const sizes = containerSizesMb[containerProfile ?? "m"];
	// The default is too small for c and r, so that a size has to be given there.
	const size = containerMb ?? ("containerMb" in container ? undefined : defaultContainerMb);
	if (size === undefined || sizes.includes(size)) return mistakes;
	const allowed = `allowed for profile ${containerProfile ?? "m"}: ${sizes.join(", ")}`;
	const near = `; did you mean ${findNearestNumber(size, sizes)}?`;
	return [
		...mistakes,
		containerMb === undefined
			? {
					place: [...at, "containerMb"],
					says: `is missing, and its default of ${defaultContainerMb} is not a container size of this profile; ${allowed}${near}`,
					about: "nothing",
				}
			: wrongValue([...at, "containerMb"], `is not a container size; ${allowed}${near}`),
	];
}

/** Judges the least size of a vertically autoscaled service: a new one starts with it, in profile `m`. */
export function checkStartingSize(place: Place, minMb: number | undefined): Mistake[] {
	const sizes = containerSizesMb.m;
	if (minMb === undefined || sizes.includes(minMb)) return [];
	const says = `is not a container size, and a new service starts with it; allowed: ${sizes.join(", ")}`;
	return [wrongValue(place, says + suggest(findNearestNumber(minMb, sizes)))];
}

/** Judges whether the disk of a database is large enough for its IOPS. */
export function checkDisk(at: Place, database: DiskDraft): Mistake[] {
	const { iops, diskGb = "diskGb" in database ? undefined : defaultDiskGb } = database;
	if (iops === undefined || diskGb === undefined || iops <= diskGb * iopsPerDiskGb) return [];
	const needed = Math.ceil(iops / iopsPerDiskGb);
	const says = `needs a disk of ${needed} GB (1 GB for each ${iopsPerDiskGb} IOPS), and diskGb is ${diskGb}; raise diskGb or allow at most ${diskGb * iopsPerDiskGb}`;
	return [wrongValue([...at, "iops"], says)];
}

/** What a stage costs a month on Aptible, by object, as far as a stage file says it. Pure, and loaded by each preview. */
import { type ContainerProfile, containerProfiles, containerSizesMb } from "../config/sizes.ts";
import type { Stage } from "../config/stage.ts";
import { freeIops, prices } from "./prices.ts";

/** Cents a month. Both are the same but for what autoscaling decides; no `to`: nothing in the stage file bounds it. */
export interface Band {
	readonly from: number;
	readonly to: number | undefined;
}

/** One object of a stage. */
export interface CostLine {
	/** `service portal.web`, `endpoint portal.public`, `database main`. */
	readonly object: string;
	/** What is paid for. */
	readonly what: string;
	readonly cents: Band;
}

type Priced = Pick<Stage, "apps" | "databases">;

/** Each object of a stage that Aptible charges for, apps first, in the order of the file. */
export function estimate({ apps, databases }: Priced): CostLine[] {
	const ofApps = Object.entries(apps).flatMap(([app, { services, endpoints }]) => [
		...Object.entries(services).map(([name, service]) => ({
			object: `service ${app}.${name}`,
			...priceService(service),
		})),
		...Object.entries(endpoints).map(([name, { kind, shared }]) => ({
			object: `endpoint ${app}.${name}`,
			what: shared ? `${kind}, shared load balancer` : kind,
			cents: fixed(shared ? prices.sharedEndpoint : prices.endpoint),
		})),
	]);
	const ofDatabases = Object.entries(databases).flatMap(([handle, database]) => [
		{ object: `database ${handle}`, ...priceDatabase(database) },
		...Object.keys(database.endpoints).map((name) => ({
			object: `endpoint ${handle}.${name}`,
			what: "database",
			cents: fixed(prices.endpoint),
		})),
	]);
	return [...ofApps, ...ofDatabases];
}

/** All of the lines together. */
export function sum(lines: readonly Pick<CostLine, "cents">[]): Band {
	return {
		from: lines.reduce((all, { cents }) => all + cents.from, 0),
		to: lines.reduce<number | undefined>(
			(all, { cents }) => (all === undefined || cents.to === undefined ? undefined : all + cents.to),
			0,
		),
	};
}

/** `279.40 USD`, `279.40 to 513.00 USD`, `from 279.40 USD, no upper bound`. */
export function describeBand({ from, to }: Band): string {
	if (to === undefined) return `from ${usd(from)}, no upper bound`;
	return from === to ? usd(from) : `${dollars(from)} to ${usd(to)}`;
}

/** `58.40 USD`, with a minus in front of what is less than nothing. */
export function usd(cents: number): string {
	return `${dollars(cents)} USD`;
}

const dollars = (cents: number) => (cents / 100).toFixed(2);
const fixed = (cents: number): Band => ({ from: cents, to: cents });

const containers = (count: number, mb: number, rate: number) => Math.round((count * mb * rate) / 1024);

/** Stopped by a phase of the move it costs nothing, and its policy is gone. */
function priceService({
	containers: count,
	containerMb,
	containerProfile,
	autoscale,
}: Stage["apps"][string]["services"][string]): Omit<CostLine, "object"> {
	if (autoscale === undefined) {
		const cents = containers(count, containerMb, prices.containerGb[containerProfile]);
		return { what: `${count} x ${containerMb} MB ${containerProfile}`, cents: fixed(cents) };
	}
	if (autoscale.kind === "horizontal") {
		const { min, max } = autoscale;
		const priceOf = (number: number) => containers(number, containerMb, prices.containerGb[containerProfile]);
		return {
			what: `${min} to ${max} x ${containerMb} MB ${containerProfile}, autoscaled`,
			cents: { from: priceOf(min), to: priceOf(max) },
		};
	}
	// Aptible changes the profile too (facts/aptible.md §2.4).
	const { minMb, maxMb } = autoscale;
	const to = maxMb === undefined ? undefined : containers(count, maxMb, Math.max(...ratesOf(maxMb)));
	return {
		what: `${count} x ${minMb} ${maxMb === undefined ? "MB or more" : `to ${maxMb} MB`}, autoscaled`,
		cents: { from: containers(count, minMb, Math.min(...ratesOf(minMb))), to },
	};
}

/** Prices of the profiles that have containers as large as that. */
function ratesOf(mb: number): number[] {
	const isLarge = (profile: ContainerProfile) => mb >= Math.min(...containerSizesMb[profile]);
	return containerProfiles.filter(isLarge).map((profile) => prices.containerGb[profile]);
}

function priceDatabase({
	containerMb,
	containerProfile,
	diskGb,
	iops,
}: Stage["databases"][string]): Omit<CostLine, "object"> {
	const cents =
		containers(1, containerMb, prices.containerGb[containerProfile]) +
		diskGb * prices.diskGb +
		Math.max(0, iops - freeIops) * prices.iops;
	return { what: `${containerMb} MB ${containerProfile}, ${diskGb} GB of disk, ${iops} IOPS`, cents: fixed(cents) };
}

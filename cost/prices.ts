/** The one table of prices, in US cents. Nobody here has seen an invoice: they are those of Aptible's price page (facts/aptible.md §6). */
import type { ContainerProfile } from "../config/sizes.ts";

/** Where the prices are from, for whoever reads an estimate. */
export const priceSource = {
	source: "Aptible's price page (aptible.com/docs/reference/pricing), list prices in USD",
	/** Day of the public copy that was read. */
	date: "2026-09-20",
	/** Hours that the dashboard reckons a month with. */
	hoursPerMonth: 730,
} as const;

const { hoursPerMonth } = priceSource;

/** Cents a month. */
export const prices = {
	/** A GB of memory of a container, of an app or a database alike, by its profile: 8, 10 and 5 cents an hour. */
	containerGb: {
		m: 8 * hoursPerMonth,
		c: 10 * hoursPerMonth,
		r: 5 * hoursPerMonth,
	} satisfies Record<ContainerProfile, number>,
	/** An endpoint of an app or a database: 6 cents an hour. */
	endpoint: 6 * hoursPerMonth,
	/** One that shares its load balancer: 4 cents an hour. */
	sharedEndpoint: 4 * hoursPerMonth,
	/** A GB of a database's disk. */
	diskGb: 20,
	/** Each of the provisioned IOPS above those that are free. */
	iops: 1,
	/** A GB of backups that are kept, and of their copies. */
	backupGb: 2,
	/** A dedicated stack beyond the one that the Production plan includes. */
	dedicatedStack: 499_00,
} as const;

/** Provisioned IOPS that cost nothing. */
export const freeIops = 3000;

/** Base fee of a plan, cents a month; that of Enterprise is by contract. */
export const planFees = { development: 0, production: 499_00 } as const;
export type Plan = keyof typeof planFees;

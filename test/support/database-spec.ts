/** Specs that the tests of databases begin with. */
import type { z } from "zod";
import type { DatabaseSpec } from "../../wire/database.ts";

/** A spec as a Command hands it over. */
export type Spec = z.input<typeof DatabaseSpec>;

/** The spec of a small Redis database. */
export const redis: Spec = {
	environment: "acme-test",
	handle: "cache",
	type: "redis",
	version: "8.2",
	containerMb: 512,
	containerProfile: "m",
	diskGb: 10,
	iops: 3000,
};

/** The spec of a small PostgreSQL database. */
export const postgresql: Spec = { ...redis, handle: "main", type: "postgresql", version: "16", containerMb: 1024 };

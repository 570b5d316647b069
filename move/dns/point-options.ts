/** What it takes to lead domains to a side, and to find out before whether that can be done. */
import type { DnsWay } from "../../config/move.ts";
import type { StageDomain } from "../plan/domains.ts";
import type { MoveStage } from "../stage.ts";
import type { PointNote } from "./point-notes.ts";
import type { Side } from "./pointing.ts";
import type { DnsProvider } from "./provider.ts";
import type { DnsReader } from "./reader.ts";

/** All in ms. */
export interface PointTiming {
	/** For how long the servers are waited for. @default 15 minutes */
	deadlineMs?: number;
	/** Between two looks. @default 5 s */
	pollMs?: number;
	/** After which a wait that has not changed is said again. @default 30 s */
	sayMs?: number;
}

export interface PointOptions {
	to: Side;
	moved: MoveStage;
	/** Of `listDomains`, those under `move.domains`; `new` needs what Aptible has of them. */
	domains: readonly StageDomain[];
	dns: Pick<DnsReader, "read" | "addressesOf">;
	providerOf(via: DnsWay): Promise<DnsProvider>;
	/**
	 * Whether the domains are prepared, days before the night: both stable names are made, an address becomes a CNAME, and the TTL is
	 * waited for. @default false
	 */
	isPreparing?: boolean;
	tell(line: string): void;
	/** Keeps elsewhere too what a domain was and is led to, meanwhile; the notes in the folder `.move` have it. It rejects never. */
	note?(note: PointNote): Promise<void>;
	timing?: PointTiming;
	/** Ends the wait, and changes nothing. */
	signal?: AbortSignal;
	/** @default the machine's clock */
	now?(): Date;
}

/** What is asked before anything of a switch is done, the phase included. */
export type RefusePointingOptions = Pick<
	PointOptions,
	"to" | "moved" | "domains" | "dns" | "providerOf" | "isPreparing" | "now"
>;

import { windowsOfSas } from "../../config/azure/storage-catalogue.ts";

/** The dates of the SAS tokens of one window. */
export interface SasWindow {
	/** From when they are valid. */
	start: string;
	/** From when `pulumi up` makes the next ones. */
	renews: string;
	/** Until when they are valid: an `up` must have run between `renews` and here. */
	expires: string;
}

const dayMs = 24 * 60 * 60 * 1000;

/** A Monday, so that windows of whole weeks begin on Mondays. It is part of every date, so it never changes. */
const firstWindow = Date.UTC(2024, 0, 1);

/** Clocks differ: a token is valid a little earlier (Azure docs: best practices for SAS; facts/azure.md §1b). */
const skewMs = 15 * 60 * 1000;

/**
 * The window that a moment lies in. Its tokens live for it and the one after it, so that within a window every run makes the
 * very same tokens, and each has a whole window to be replaced in.
 *
 * @param windowDays days of a window; windows are counted from 2024-01-01, midnight UTC
 */
export function sasWindow(now: Date, windowDays: number): SasWindow {
	const length = windowDays * dayMs;
	const start = firstWindow + Math.floor((now.getTime() - firstWindow) / length) * length;
	return {
		start: isoSeconds(start - skewMs),
		renews: isoSeconds(start + length),
		expires: isoSeconds(start + windowsOfSas * length),
	};
}

/** How long tokens of a window live, as an account's SAS policy has it: `DD.HH:MM:SS` (facts/azure.md §1a). */
export function sasPeriod(windowDays: number): string {
	const minutes = skewMs / 60_000;
	return `${windowsOfSas * windowDays}.00:${minutes}:00`;
}

function isoSeconds(ms: number): string {
	return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}

/** What is in the secrets that a certificate refers to. Nothing of it is ever shown. */
import { type OwnCertificate, readCertificate } from "../wire/certificate.ts";
import { lookUp } from "../wire/own.ts";
import type { Draft } from "./draft.ts";
import { type Mistake, type Place, wrongValue } from "./mistakes.ts";

/** Days before its end from which a certificate is warned about. */
export const warnedDays = 30;
const dayMs = 86_400_000;

/** A certificate of the stage whose secrets are both there. */
interface Filled {
	at: Place;
	domain: string | undefined;
	chain: string;
	key: string;
}

/** Judges every certificate of a stage: against its key, its domain, the clock, and what Aptible takes. */
export function checkCertificates(draft: Draft, now: Date): Mistake[] {
	return certificatesOf(draft).flatMap(({ at, domain, chain, key }) =>
		readCertificate(chain, key, { domain, now }).problems.map(({ part, says }) =>
			wrongValue(part === "domain" ? [...at.slice(0, -1), "domain"] : [...at, part], says),
		),
	);
}

/** One line for each certificate of a right stage that ends soon. */
export function warnOfCertificates(draft: Draft, now: Date): { at: Place; says: string }[] {
	return certificatesOf(draft).flatMap(({ at, domain, chain, key }) => {
		const { certificate } = readCertificate(chain, key, { domain, now });
		const days = certificate === undefined ? warnedDays : daysLeft(certificate, now);
		if (certificate === undefined || days >= warnedDays) return [];
		const day = certificate.expires.toISOString().slice(0, 10);
		const left = days === 1 ? "1 day" : `${days} days`;
		const says = `${at.join(".")} ends in ${left}, on ${day}; put the renewed one into its secrets and run pulumi up`;
		return [{ at, says }];
	});
}

function daysLeft({ expires }: OwnCertificate, now: Date): number {
	return Math.floor((expires.getTime() - now.getTime()) / dayMs);
}

function certificatesOf(draft: Draft): Filled[] {
	const secret = (template: string | undefined) => {
		const name = /^\$\{\s*secrets\.([^${}\s]+)\s*\}$/.exec(template ?? "")?.[1];
		return name === undefined ? undefined : lookUp(draft.secrets ?? {}, name);
	};
	return Object.entries(draft.apps ?? {}).flatMap(([handle, app]) =>
		Object.entries(app?.endpoints ?? {}).flatMap(([name, endpoint]): Filled[] => {
			const { certificate, domain } = endpoint ?? {};
			const [chain, key] = [secret(certificate?.chain), secret(certificate?.key)];
			if (chain === undefined || key === undefined) return [];
			return [{ at: ["apps", handle, "endpoints", name, "certificate"], domain, chain, key }];
		}),
	);
}

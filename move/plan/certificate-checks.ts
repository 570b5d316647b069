/** Judges the certificate of a domain: who may issue it, and whether it is there before traffic comes. */
import { describeCaa, isForeign, judgeCaa, listCaa } from "../dns/caa.ts";
import { findDifferences } from "../dns/differences.ts";
import { challengeName, type DomainFacts, type StageDomain } from "./domains.ts";
import { findings, type PlanFinding } from "./finding.ts";
import type { LiveStage } from "./live.ts";

/** Aptible's managed certificates are Let's Encrypt's (facts/aptible.md §4.3). */
const ISSUER = "letsencrypt.org";
const SOON_MS = 30 * 86_400_000;

/** The record by which a managed certificate is issued before traffic moves. */
export function writeChallenge({ domain, live }: StageDomain): string {
	return `${challengeName(domain)} CNAME ${live?.managedTlsDnsChallengeHostname ?? `acme.${live?.hostname ?? "HOST"}`}`;
}

/** Whether Let's Encrypt may issue, by the records that decide once the night is over. */
export function checkCaa({ domain, managedTls }: StageDomain, { caa }: DomainFacts): PlanFinding[] {
	if (!managedTls || caa === undefined) return [];
	const found = findings(
		"blocker",
		findDifferences(caa).flatMap(({ what, line }) =>
			what === "CAA records" ? [`${line}; wait until all have the same, or ask who runs the one that is behind`] : [],
		),
	);
	const records = listCaa(caa);
	const said = `the CAA records of ${caa.name} (${records.map(describeCaa).join(", ")})`;
	const foreign = records.filter(isForeign);
	if (foreign.length > 0) {
		const named = foreign.map((record) => `${caa.name} CAA ${describeCaa(record)}`).join(", ");
		return [
			...found,
			...findings("blocker", [
				`${said} forbid everybody who does not know a critical tag, Let's Encrypt too; remove: ${named}`,
			]),
		];
	}
	const isWildcard = domain.startsWith("*.");
	const verdicts = caa.servers.map((server) => judgeCaa(server.caa, ISSUER, isWildcard));
	const isWild = isWildcard && records.some(({ tag }) => tag.toLowerCase() === "issuewild");
	const record = `${caa.name} CAA 0 ${isWild ? "issuewild" : "issue"} "${ISSUER}"`;
	if (verdicts.includes("forbidden")) {
		return [
			...found,
			...findings("blocker", [
				`${said} forbid Let's Encrypt, of which Aptible's managed certificates are; add the record: ${record}`,
			]),
		];
	}
	if (!verdicts.includes("restricted")) return found;
	return [
		...found,
		...findings("warning", [
			`${said} let Let's Encrypt issue for one account or by one method alone, and whether that is Aptible's cannot be seen from here; add the record without parameters: ${record}`,
		]),
	];
}

/** Whether a certificate is there before traffic comes. @param live undefined where Aptible was not looked at */
export function checkCertificate(
	subject: StageDomain,
	facts: DomainFacts | string,
	live: LiveStage | undefined,
	now: Date,
): PlanFinding[] {
	const { domain, app, endpoint, environment, managedTls, live: own } = subject;
	const where = `${domain} (endpoint ${app}.${endpoint})`;
	if (live === undefined) return [];
	if (own === undefined) {
		return managedTls
			? findings("blocker", [
					`${where} is not on Aptible yet, and its certificate is to be there before the night; make it: pulumi up --stack STACK`,
				])
			: findings("unseen", [
					`${where}: which endpoint on Aptible it is cannot be told, and so the state of its certificate; look: aptible endpoints:list --app ${app} --environment ${environment}`,
				]);
	}
	if (managedTls && own.managedTlsStatus !== "ready") {
		const hasChallenge = typeof facts !== "string" && facts.hasChallenge === true;
		const record = writeChallenge(subject);
		return findings("blocker", [
			`${where}: its managed certificate is ${own.managedTlsStatus ?? "unknown"}, not ready; ${hasChallenge ? `the record ${record} is there` : `make the record ${record}`}, then: aptible endpoints:renew ${own.hostname ?? "HOST"} --app ${app} --environment ${environment}`,
		]);
	}
	if (managedTls) return [];
	const until = live.validUntil.get(own.certificateId ?? 0);
	if (until === undefined) {
		const name = domain.replace(/^\*\./, "any.");
		return findings("unseen", [
			`${where}: this token may not see its certificate, so its end is unknown; look: openssl s_client -connect ${own.hostname ?? "HOST"}:443 -servername ${name} </dev/null | openssl x509 -noout -enddate`,
		]);
	}
	const day = until.toISOString().slice(0, 10);
	if (until <= now) {
		return findings("blocker", [
			`${where}: its certificate has expired on ${day}; put a new one into the stage file's secrets, then: pulumi up --stack STACK`,
		]);
	}
	if (until.getTime() - now.getTime() > SOON_MS) return [];
	return findings("warning", [
		`${where}: its certificate expires on ${day}; where that is before the move is over, renew it first`,
	]);
}

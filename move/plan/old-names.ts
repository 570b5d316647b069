/** Values of config that lead back to MedStack or to its storage. A value may be a secret: its key alone is told, with the kind of what it names. */

import type { Stage } from "../../config/stage.ts";
import { parseTemplate } from "../../wire/template.ts";
import type { MoveStage } from "../stage.ts";
import { findings, type PlanFinding } from "./finding.ts";

/** What belongs to the old side, and what to the new one. */
export interface Sides {
	/** Addresses and host names of the MedStack cluster, as the `move` block names them. */
	old: readonly string[];
	/** The stage's own storage account. */
	account: string | undefined;
}

/** Config of one app on Aptible; `hidden` where the token's role may not see it. */
export type LiveConfig = ReadonlyMap<string, ReadonlyMap<string, string> | "hidden">;

const STORAGE_HOST = /([a-z0-9]{3,24})\.(?:blob|file|queue|table|dfs)\.core\.windows\.net/gi;
const STORAGE_NAME = /AccountName=([a-z0-9]{3,24})/gi;
const AZURE_DATABASE = /\.(?:postgres|mysql|mariadb)\.database\.azure\.com|\.redis\.cache\.windows\.net/i;
const MEDSTACK_HOST = /(?:^|[^\w.-])(?:[\w-]+\.)*[\w-]*medstack[\w-]*\.[a-z]{2,}/i;
const URL_HOST = /:\/\/(?:[^\s/@]*@)?([a-z0-9_-]+)(?=[:/?#\s"']|$)(?![^\s/?#]*@)/gi;

function sidesOf({ move, storage }: Stage): Sides {
	const domains = Object.values(move?.domains ?? {}).map(({ from }) => from);
	return { old: [...new Set([...(move?.from.addresses ?? []), ...domains])], account: storage?.account };
}

/** Kinds of what a value names of the old side, in words; none of the value is in them. */
export function findOldNames(value: string, { old, account }: Sides): string[] {
	const accounts = [...value.matchAll(STORAGE_HOST), ...value.matchAll(STORAGE_NAME)].map(([, name = ""]) => name);
	const hosts = [...value.matchAll(URL_HOST)].map(([, host = ""]) => host.toLowerCase());
	const isNamed = (name: string) =>
		new RegExp(`(?<![\\w.-])${name.replaceAll(".", "\\.")}(?![\\w-]|\\.\\w)`, "i").test(value);
	const kinds: [string, boolean][] = [
		["a storage account in Azure that is not this stage's", accounts.some((name) => name.toLowerCase() !== account)],
		["a database server in Azure", AZURE_DATABASE.test(value)],
		["an address of the MedStack cluster", old.some(isNamed)],
		["a host name of MedStack's", MEDSTACK_HOST.test(value)],
		[
			"a host name without a dot, which the network of MedStack's cluster alone resolves",
			hosts.some((host) => host !== "localhost" && !/^\d+$/.test(host)),
		],
	];
	return kinds.flatMap(([kind, isThere]) => (isThere ? [kind] : []));
}

/** Judges the config of every app, as the file has it and as Aptible does. */
export function checkConfig(
	{ stage, declared }: Pick<MoveStage, "stage" | "declared">,
	live: LiveConfig | undefined,
): PlanFinding[] {
	const sides = sidesOf(stage);
	const found = new Map<string, string>();
	const look = (app: string, key: string, value: string, where: string) => {
		for (const kind of findOldNames(value, sides)) {
			const subject = `app ${app}: config ${key} names ${kind}`;
			if (!found.has(subject)) found.set(subject, where);
		}
	};
	for (const [app, { config }] of Object.entries(declared.apps)) {
		for (const [key, text] of Object.entries(config)) {
			// What a reference stands for is of this stage, or a secret that is not read here.
			const plain = parseTemplate(text).map((part) => (typeof part === "string" ? part : "x.x"));
			look(app, key, plain.join(""), "in the stage file");
		}
	}
	for (const [app, config] of live ?? []) {
		if (config === "hidden") continue;
		for (const [key, value] of config) look(app, key, value, "on Aptible");
	}
	const hidden = [...(live ?? [])].flatMap(([app, config]) => (config === "hidden" ? [app] : [])).sort();
	return [
		...findings(
			"warning",
			[...found]
				.sort(([one], [other]) => (one < other ? -1 : 1))
				.map(([subject, where]) => `${subject} (${where}); give it what it is on the new side`),
		),
		...findings("unseen", [
			...hidden.map(
				(app) =>
					`app ${app}: this token may not see its config on Aptible, so whether a secret names the old side is unknown; give the token's role the permission \`sensitive\``,
			),
			...(live === undefined && Object.keys(declared.apps).length > 0
				? ["values of secrets were not looked at for names of the old side: that takes the config on Aptible"]
				: []),
		]),
		...findings("unknown", [
			"addresses of the old storage account in rows of the databases are not looked for; search text and jsonb columns for blob.core.windows.net before the night",
		]),
	];
}

/** Who gets in, and who may delete. */

import { isOwner } from "../aptible/environment/permissions.ts";
import type { Stage } from "../config/stage.ts";
import { checkWidth } from "../config/width-rules.ts";
import {
	type Control,
	judge,
	liveOf,
	namesOf,
	notDeclared,
	type Reading,
	type Row,
	readLive,
	type Seen,
	shown,
	unknown,
} from "./control.ts";
import { pairEndpoints } from "./endpoints.ts";
import { mistakesOf } from "./phi-rules.ts";
import { hipaa, hitrust, pipeda } from "./references.ts";

const references = [...hipaa("312(a)(1)"), ...pipeda("4.7.1"), ...hitrust("01.n")];

/** Who may connect, in the same words for both sides. */
function describeDoor(internal: boolean, addresses: readonly string[]): string {
	if (internal) return addresses.length === 0 ? "same stack only" : `same stack only, ${sorted(addresses)}`;
	return addresses.length === 0 ? "everyone" : sorted(addresses);
}

const sorted = (addresses: readonly string[]) => [...addresses].sort().join(", ");

function doorRows(
	seen: Seen,
	ofDatabases: boolean,
	read: (internal: boolean, addresses: readonly string[]) => Reading,
): Row[] {
	return pairEndpoints(seen)
		.filter(({ isDatabase }) => isDatabase === ofDatabases)
		.map(({ name, declared, live }) => ({
			object: `endpoint ${name}`,
			declared: declared === undefined ? notDeclared : read(declared.internal, declared.ipFilter),
			live: readLive(
				seen,
				() => live,
				({ listed: { internal, ip_whitelist: filter } }) =>
					read(internal, filter === "all traffic" ? [] : filter.split(" ")),
			),
			isCompared: true,
		}));
}

export const access: readonly Control[] = [
	{
		id: "database-endpoints",
		title: "Databases are not open to everyone",
		requires:
			"an endpoint of a database is internal, or its IP filter excludes somebody; a database without one is reached from its stack alone",
		references,
		on: "both",
		phiKeys: ["databases.NAME.endpoints.NAME"],
		rows: (seen) =>
			doorRows(seen, true, (internal, addresses) => {
				const isNarrow = addresses.length > 0 && checkWidth([], addresses, "").length === 0;
				return judge(internal || isNarrow, describeDoor(internal, addresses));
			}),
	},
	{
		id: "app-endpoints",
		title: "Who reaches the apps",
		requires: "nothing: an app may be for everyone, which is for the reader to judge",
		references,
		on: "both",
		phiKeys: [],
		rows: (seen) => doorRows(seen, false, (internal, addresses) => shown(describeDoor(internal, addresses))),
	},
	{
		id: "who-may-delete",
		title: "Who may delete",
		requires:
			"the roles with `destroy` or `admin` are those that the file names; owners of the account may do everything (docs/facts/aptible.md §7)",
		references: [...hipaa("308(a)(3)", "308(a)(4)"), ...pipeda("4.7.3"), ...hitrust("01.c")],
		on: "both",
		phiKeys: [],
		rows: (seen) => {
			const { handle, permissions } = seen.stage.environment;
			return [
				{
					object: `environment ${handle}`,
					declared:
						permissions === undefined ? shown("left to Aptible") : shown(describeRoles(declaredRoles(permissions))),
					live: readLive(
						seen,
						({ snapshot }) => snapshot.permissions,
						(live) => {
							if (live === "hidden") return unknown("hidden from this token");
							const roles = live.permissions.flatMap(({ roleId, scope }) => {
								const role = live.roles.find(({ id }) => id === roleId);
								return role !== undefined && isOwner(role) ? [] : [[role?.name ?? `role ${roleId}`, scope] as const];
							});
							return shown(describeRoles(roles));
						},
					),
					isCompared: permissions !== undefined,
				},
			];
		},
	},
	{
		id: "releases",
		title: "What runs can be named",
		requires: "each app is of one release: no tag `latest`, and a commit rather than a branch",
		references: hipaa("312(c)(1)"),
		on: "both",
		phiKeys: ["apps.NAME.image", "apps.NAME.git.commitish"],
		rows: (seen) => {
			const wrong = new Set(
				["apps.NAME.image", "apps.NAME.git.commitish"]
					.flatMap((key) => mistakesOf(seen.draft, key))
					.map(({ place }) => String(place[1])),
			);
			const live = liveOf(seen)?.snapshot.apps.map(({ app }) => app.handle);
			return namesOf(Object.keys(seen.stage.apps), live).map((handle) => ({
				object: `app ${handle}`,
				declared: readRelease(seen.stage.apps, handle, wrong.has(handle)),
				live: readLive(
					seen,
					({ snapshot }) => snapshot.apps.find(({ app }) => app.handle === handle),
					({ settings: { image } }) =>
						image === undefined ? shown("from git") : judge(!/^[^:@]*$|:latest(?:@|$)/.test(withoutPort(image)), image),
				),
				isCompared: declaresImage(seen.stage.apps, handle),
			}));
		},
	},
];

/** A registry's port is no tag. */
function withoutPort(image: string): string {
	return image.replace(/^([^/]*):\d+\//, "$1/");
}

/** CI deploys another one than that of the file. */
function declaresImage(apps: Stage["apps"], handle: string): boolean {
	const app = Object.hasOwn(apps, handle) ? apps[handle] : undefined;
	return app === undefined || (app.image !== undefined && app.releasedBy !== "ci");
}

function readRelease(apps: Stage["apps"], handle: string, isWrong: boolean): Reading {
	const app = Object.hasOwn(apps, handle) ? apps[handle] : undefined;
	if (app === undefined) return notDeclared;
	if (app.image !== undefined) return judge(!isWrong, app.image);
	return judge(!isWrong, `commit ${app.git?.commitish ?? "unknown"}`);
}

function declaredRoles(permissions: NonNullable<Stage["environment"]["permissions"]>): (readonly [string, string])[] {
	return Object.entries(permissions).flatMap(([name, scopes]) => scopes.map((scope) => [name, scope] as const));
}

/** Those of them that may delete, in the same words for both sides. */
function describeRoles(roles: readonly (readonly [string, string])[]): string {
	const deleting = roles.filter(([, scope]) => scope === "destroy" || scope === "admin");
	const names = namesOf(deleting.map(([name]) => name)).sort();
	if (names.length === 0) return "no role";
	return names
		.map((name) => {
			const scopes = namesOf(deleting.filter(([one]) => one === name).map(([, scope]) => scope)).sort();
			return `${name} (${scopes.join(", ")})`;
		})
		.join("; ");
}

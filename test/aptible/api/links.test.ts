/** Links from which ids are read: one of a form that says no id is not the same as none. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { portalSpec } from "../../support/app-spec.ts";
import { redis } from "../../support/database-spec.ts";
import { openReconciler } from "../../support/reconcile.ts";

const root = "https://api.aptible.example";
const arrayed = [{ href: `${root}/configurations/11` }];
const odd = {
	"no links": { without: ["_links"] },
	"no link to its environment": { without: ["_links.account"] },
	"a list of links": { with: { "_links.current_configuration": arrayed, "_links.service": arrayed } },
	"a link without an address": { with: { "_links.current_setting": {}, "_links.database_image": {} } },
	"a link with a query": {
		with: {
			"_links.current_configuration": { href: `${root}/configurations/11?x=1` },
			"_links.service": { href: `${root}/services/11?x=1` },
		},
	},
};

for (const [name, change] of Object.entries(odd)) {
	for (const [kind, command, spec] of [
		["app", "GET /apps/ID$", portalSpec()],
		["database", "GET /databases/ID$", redis],
	] as const) {
		test(`${kind} with ${name} is refused, and nothing is sent`, async (t) => {
			const aptible = await openReconciler(t);
			const previous = await aptible.applied(kind, spec);
			aptible.newWrites();
			aptible.fault({ name: "answer-changed", command, times: 1000, ...change });
			for (const { code, stderr } of [
				await aptible.apply(kind, spec, { previous }),
				await aptible.remove(kind, spec, { previous }),
			]) {
				assert.equal(code, 1);
				assert.match(stderr, /GET \/(apps|databases)\/\d+ .* unexpected form of answer:.*_links/s);
			}
			assert.deepEqual(aptible.newWrites(), []);
		});
	}
}

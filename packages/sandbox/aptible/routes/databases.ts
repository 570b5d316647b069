/** Routes of databases, their images and backups. */
import { backupHal, databaseHal, databaseImageHal } from "../hal/database.ts";
import { listOf } from "../hal/resource.ts";
import * as accounts from "../server/accounts.ts";
import { replicasOf } from "../server/resources.ts";
import { find, ok, page, type Route } from "./route.ts";

export const databaseRoutes: readonly Route[] = [
	["GET", /^\/databases\/(\d+)$/, (request) => ok(databaseHal(request.view, find(request, "database")))],
	[
		"PATCH",
		/^\/databases\/(\d+)$/,
		(request) => {
			accounts.updateHandle(request.session, "database", request.id, request.body);
			return ok(databaseHal(request.view, find(request, "database")));
		},
	],
	[
		"GET",
		/^\/databases\/(\d+)\/dependents$/,
		(request) => {
			const { id, view, url } = request;
			find(request, "database");
			const items = replicasOf(view.store, id).map((each) => databaseHal(view, each));
			return ok(listOf(view, "databases", items, url));
		},
	],
	[
		"GET",
		/^\/databases\/(\d+)\/backups$/,
		(request) => {
			const { id, view } = request;
			find(request, "database");
			const backups = view.store.list("backup").filter((backup) => backup.database_id === id);
			// Newest first, as the CLI takes for granted (aptible-cli 0.26.6, subcommands/backup.rb).
			return page(request, "backups", backups.reverse(), (each) => backupHal(view, view.store.get("backup", each)));
		},
	],
	[
		"POST",
		/^\/databases\/(\d+)\/unlink$/,
		(request) => {
			accounts.unlinkDatabase(request.session, request.id);
			return ok(databaseHal(request.view, find(request, "database")));
		},
	],
	[
		"GET",
		/^\/database_images\/(\d+)$/,
		(request) => ok(databaseImageHal(request.view, find(request, "database_image"))),
	],
	["GET", /^\/backups\/(\d+)$/, (request) => ok(backupHal(request.view, find(request, "backup")))],
];

/** What a freeze and a thaw may change on a source, as its catalogs have it: read by none of the code under test. */
import { type Login, withSession } from "../../postgresql/connection.ts";

export interface SourceState {
	/** The database's rights, as aclitems. */
	rights: string[];
	/** Settings of the database and of roles. */
	settings: string[];
	/** Each role with its limit of connections and whether it may log in. */
	roles: string[];
}

/** @param superuser who may see all of it */
export async function readSourceState(superuser: Login): Promise<SourceState> {
	return withSession(superuser, {}, async (client) => {
		const { rows } = await client.query(`SELECT
			(SELECT array_agg(acl::text ORDER BY acl::text) FROM pg_database, unnest(coalesce(datacl, acldefault('d', datdba))) AS acl
				WHERE datname = current_database()) AS rights,
			(SELECT coalesce(array_agg(concat_ws(' ', setdatabase, setrole, setconfig::text) ORDER BY setdatabase, setrole), '{}')
				FROM pg_db_role_setting) AS settings,
			(SELECT array_agg(concat_ws(' ', rolname, rolconnlimit, rolcanlogin) ORDER BY rolname) FROM pg_roles) AS roles`);
		return rows[0];
	});
}

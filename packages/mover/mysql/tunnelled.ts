import { connectMysql, type Session } from "./connection.ts";

/**
 * A session through `aptible db:tunnel`, as `root`, who has the same password as the database's own user and may do what that one may
 * not (facts/move.md §1.5). As with PostgreSQL's, the authority must have signed the server's certificate, and its name is not compared.
 */
export async function connectThrough(url: string, ca: string): Promise<Session> {
	const here = new URL(url);
	here.hostname = "127.0.0.1";
	here.username = "root";
	return connectMysql({ url: here.href, ca }, { comparesName: false });
}

/** The engine of each type of database that this mover copies. */
import type { Engines } from "./engine.ts";
import { mysql } from "./mysql/engine.ts";
import { postgresql } from "./postgresql/engine.ts";
import { redis } from "./redis/engine.ts";

export const engines: Engines = { postgresql, mysql, redis };

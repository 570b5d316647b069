/** The engine of each type of database that this mover copies. */
import type { Engines } from "./engine.ts";

export const engines: Engines = {};

-- A price that was charged by stays as it was; what follows it is a row of its own.
CREATE TRIGGER `prices_update` BEFORE UPDATE ON `prices` BEGIN SELECT RAISE(ABORT, 'prices are append-only'); END;
--> statement-breakpoint
CREATE TRIGGER `prices_delete` BEFORE DELETE ON `prices` BEGIN SELECT RAISE(ABORT, 'prices are append-only'); END;
--> statement-breakpoint
INSERT INTO `usage_cursor` (`id`, `ledger_sequence`) VALUES (1, 0);

-- Nobody rewrites the ledger by way of the application, whatever its code says.
CREATE TRIGGER `ledger_update` BEFORE UPDATE ON `ledger` BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
--> statement-breakpoint
CREATE TRIGGER `ledger_delete` BEFORE DELETE ON `ledger` BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
--> statement-breakpoint
-- Every organization has an account, however it was made.
CREATE TRIGGER `organizations_inserted` AFTER INSERT ON `organizations` BEGIN INSERT INTO `accounts` (`organization_id`) VALUES (NEW.`id`); END;
--> statement-breakpoint
INSERT INTO `accounts` (`organization_id`) SELECT `id` FROM `organizations`;

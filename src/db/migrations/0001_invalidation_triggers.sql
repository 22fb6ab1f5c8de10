-- A change of what a decision depends on leaves a row in `invalidations`, whoever makes it.
-- Counters and last-used times are written behind by the server itself and leave none.
CREATE TRIGGER `keys_updated` AFTER UPDATE ON `keys` BEGIN INSERT INTO `invalidations` (`key_id`) VALUES (NEW.`id`); END;
--> statement-breakpoint
CREATE TRIGGER `keys_deleted` AFTER DELETE ON `keys` BEGIN INSERT INTO `invalidations` (`key_id`) VALUES (OLD.`id`); END;
--> statement-breakpoint
CREATE TRIGGER `secrets_updated` AFTER UPDATE OF `hash`, `key_id`, `expires_at_ms` ON `secrets` BEGIN INSERT INTO `invalidations` (`key_id`) VALUES (OLD.`key_id`); END;
--> statement-breakpoint
CREATE TRIGGER `secrets_deleted` AFTER DELETE ON `secrets` BEGIN INSERT INTO `invalidations` (`key_id`) VALUES (OLD.`key_id`); END;
--> statement-breakpoint
CREATE TRIGGER `plans_updated` AFTER UPDATE ON `plans` BEGIN INSERT INTO `invalidations` (`key_id`) VALUES (NULL); END;
--> statement-breakpoint
CREATE TRIGGER `organizations_updated` AFTER UPDATE ON `organizations` BEGIN INSERT INTO `invalidations` (`key_id`) VALUES (NULL); END;
--> statement-breakpoint
CREATE TRIGGER `workspaces_updated` AFTER UPDATE ON `workspaces` BEGIN INSERT INTO `invalidations` (`key_id`) VALUES (NULL); END;
